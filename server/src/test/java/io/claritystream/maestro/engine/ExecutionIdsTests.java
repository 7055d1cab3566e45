package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.HashSet;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

/// Ids of executions, and the keys of what they do.
class ExecutionIdsTests {
  private static final long YEAR_2200_MS = 7_258_118_400_000L;

  @Property
  void an_id_is_a_uuid_of_version_7_and_tells_its_time(
      @ForAll @LongRange(min = 0, max = YEAR_2200_MS) long ms,
      @ForAll long high,
      @ForAll long low,
      @ForAll @IntRange(min = 0, max = 1_000) int number) {
    var at = Instant.ofEpochMilli(ms);
    for (var id :
        new UUID[] {ExecutionIds.next(at), ExecutionIds.of(new UUID(high, low), at, number)}) {
      assertThat(id.version()).isEqualTo(7);
      assertThat(id.variant()).isEqualTo(2);
      assertThat(ExecutionIds.time(id)).isEqualTo(at);
    }
  }

  @Property
  void the_same_claim_and_number_give_the_same_id_and_others_another(
      @ForAll long high, @ForAll long low) {
    var claim = new UUID(high, low);
    var at = Instant.parse("2026-11-22T09:00:00Z");
    var ids = new HashSet<UUID>();
    for (var number = 0; number < 1_000; number++) {
      var id = ExecutionIds.of(claim, at, number);
      assertThat(id).isEqualTo(ExecutionIds.of(claim, at, number));
      ids.add(id);
      ids.add(ExecutionIds.of(new UUID(high ^ 1, low), at, number));
      ids.add(ExecutionIds.of(new UUID(high, low ^ 1), at, number));
    }
    assertThat(ids).hasSize(3_000);
  }

  @Property
  void a_key_is_the_same_for_the_same_step_of_the_same_execution_only(
      @ForAll long high,
      @ForAll long low,
      @ForAll @StringLength(min = 1, max = 63) String step,
      @ForAll @StringLength(min = 1, max = 63) String other) {
    var execution = new UUID(high, low);
    var key = EffectKey.of(execution, step);
    assertThat(key).isEqualTo(EffectKey.of(execution, step));
    assertThat(key).isNotEqualTo(EffectKey.of(new UUID(high, low + 1), step));
    if (!step.equals(other)) {
      assertThat(key).isNotEqualTo(EffectKey.of(execution, other));
    }
    assertThat(EffectKey.chance(execution, step, 1))
        .isBetween(0.0, 1.0)
        .isEqualTo(EffectKey.chance(execution, step, 1));
  }

  @Test
  void chance_is_spread() {
    var sum = 0.0;
    for (var i = 0; i < 10_000; i++) {
      sum += EffectKey.chance(UUID.randomUUID(), "step", 1 + i % 5);
    }
    assertThat(sum / 10_000).isBetween(0.47, 0.53);
  }
}
