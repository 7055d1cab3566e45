package io.claritystream.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StandstillTests {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final Standstill standstill = new Standstill();

  @Test
  void aFailureIsGivenUpWhenItLastedForAWhileHoweverOftenItCameAtFirst() {
    for (var second = 0; second < 20; second++) {
      assertThat(standstill.lasts("at 1", second * SECOND)).as("second " + second).isFalse();
    }
    assertThat(standstill.lasts("at 1", 20 * SECOND)).isTrue();
  }

  @Test
  void aFailureThatCameAFewTimesOnlyIsNotGivenUpHoweverLongAgoTheFirstWas() {
    for (var hour = 0; hour < 4; hour++) {
      assertThat(standstill.lasts("at 1", hour * 3_600 * SECOND)).isFalse();
    }
  }

  @Test
  void aFailureAtAnotherPlaceBeginsAnew() {
    for (var second = 0; second < 100; second++) {
      assertThat(standstill.lasts("at " + second / 10, second * SECOND)).isFalse();
    }
  }
}
