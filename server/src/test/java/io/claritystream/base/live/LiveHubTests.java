package io.claritystream.base.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TenantId;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class LiveHubTests {
  private static final TenantId TENANT = new TenantId(new UUID(0, 1));
  private static final Duration LONG = Duration.ofSeconds(10);

  private final LiveHub hub = new LiveHub();

  private static LiveMessage.Reading reading(int device, long value, long atS) {
    return new LiveMessage.Reading(
        new UUID(0, device),
        null,
        "k",
        BigDecimal.valueOf(value),
        Instant.ofEpochSecond(atS),
        value);
  }

  private void publish(LiveMessage.Reading... readings) {
    hub.publish(TENANT, new LiveMessage.Readings(List.of(readings)));
  }

  @Test
  void a_reader_that_lags_is_told_the_newest_of_each_series_once() throws InterruptedException {
    try (var stream = hub.open(TENANT)) {
      publish(reading(1, 1, 10), reading(2, 1, 10));
      publish(reading(1, 2, 12));
      publish(reading(1, 3, 11));

      assertThat(stream.next(LONG).readings())
          .containsExactlyInAnyOrder(reading(1, 2, 12), reading(2, 1, 10));
    }
  }

  @Test
  void the_first_message_is_told_at_once_and_the_next_after_fifty_milliseconds()
      throws InterruptedException {
    try (var stream = hub.open(TENANT)) {
      publish(reading(1, 1, 10));
      var begun = System.nanoTime();
      stream.next(LONG);
      var first = System.nanoTime();
      publish(reading(1, 2, 11));
      assertThat(stream.next(LONG).readings()).hasSize(1);
      var second = System.nanoTime();

      assertThat(Duration.ofNanos(first - begun)).isLessThan(LiveHub.SPACING);
      assertThat(Duration.ofNanos(second - first)).isGreaterThanOrEqualTo(Duration.ofMillis(49));
    }
  }

  @Test
  void nothing_to_tell_gives_an_empty_delivery_in_time() throws InterruptedException {
    try (var stream = hub.open(TENANT)) {
      var delivery = stream.next(Duration.ofMillis(5));
      assertThat(delivery.isEmpty()).isTrue();
      assertThat(delivery.ended()).isFalse();
    }
  }

  @Test
  void what_a_reader_never_takes_stays_bounded_and_is_counted() throws InterruptedException {
    try (var stream = hub.open(TENANT)) {
      for (var device = 0; device < LiveStream.SERIES_MAX + 7; device++) {
        publish(reading(device, 1, 10));
      }
      var delivery = stream.next(LONG);
      assertThat(delivery.readings()).hasSize(LiveStream.SERIES_MAX);
      assertThat(delivery.leftOut()).isEqualTo(7);
    }
  }

  @Test
  void a_hub_that_closes_ends_its_streams() throws InterruptedException {
    var stream = hub.open(TENANT);
    assertThat(hub.isWatched(TENANT)).isTrue();
    hub.close();
    assertThat(stream.next(LONG).ended()).isTrue();
    assertThat(hub.isWatched(TENANT)).isFalse();
    assertThat(hub.open(TENANT).next(LONG).ended()).isTrue();
  }
}
