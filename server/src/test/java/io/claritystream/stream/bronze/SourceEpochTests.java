package io.claritystream.stream.bronze;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class SourceEpochTests {
  private static final TenantId TENANT = new TenantId(new UUID(1, 2));
  private static final UUID SOURCE = new UUID(3, 4);
  private final SourceEpoch source = new SourceEpoch(TENANT, SOURCE, 1);

  @Property
  void an_id_is_a_version_8_uuid_with_its_time_in_front(
      @ForAll @LongRange(min = 0, max = (1L << 48) - 1) long ms,
      @ForAll @LongRange(min = 1) long seq) {
    var id = source.eventId(ms, seq);
    assertThat(id.version()).isEqualTo(8);
    assertThat(id.variant()).isEqualTo(2);
    assertThat(id.getMostSignificantBits() >>> 16).isEqualTo(ms);
    assertThat(source.eventId(ms, seq)).isEqualTo(id);
  }

  @Test
  void no_two_events_of_a_source_share_an_id_even_in_one_millisecond() {
    var ids = new HashSet<UUID>();
    for (var seq = 1L; seq <= 300_000; seq++) {
      assertThat(ids.add(source.eventId(7, seq))).isTrue();
      assertThat(ids.add(source.eventId(7, Long.MAX_VALUE - seq))).isTrue();
    }
  }

  @Test
  void within_a_millisecond_ids_follow_the_numbers() {
    for (var seq = 1L; seq < 4_095; seq++) {
      assertThat(source.eventId(7, seq).toString())
          .isLessThan(source.eventId(7, seq + 1).toString());
    }
  }

  @Test
  void tenant_source_and_epoch_each_make_another_id() {
    assertThat(
            java.util.List.of(
                source.eventId(7, 1),
                new SourceEpoch(TENANT, SOURCE, 2).eventId(7, 1),
                new SourceEpoch(TENANT, new UUID(3, 5), 1).eventId(7, 1),
                new SourceEpoch(new TenantId(new UUID(1, 3)), SOURCE, 1).eventId(7, 1)))
        .doesNotHaveDuplicates();
  }

  @Property
  void held_times_keep_their_order_and_stay_within_the_window(@ForAll long one, @ForAll long two) {
    var now = Instant.parse("2026-11-21T00:00:00Z");
    var first = CaptureWindow.heldMs(Math.min(one, two), now);
    var second = CaptureWindow.heldMs(Math.max(one, two), now);
    assertThat(first).isLessThanOrEqualTo(second);
    assertThat(Duration.between(now, Instant.ofEpochMilli(first)).abs())
        .isLessThanOrEqualTo(CaptureWindow.AGE_MAX);
    assertThat(Instant.ofEpochMilli(second)).isBeforeOrEqualTo(now.plus(CaptureWindow.AHEAD_MAX));
  }
}
