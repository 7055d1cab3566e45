package io.claritystream.stream.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class RateTests {
  private static final Instant BEGAN = Instant.parse("2026-11-20T12:00:00Z");

  private final Rate rate = new Rate(BEGAN);

  @Test
  void what_has_just_begun_is_measured_over_the_time_it_has_run() {
    rate.add(BEGAN.plusSeconds(10), 20_000);

    assertThat(rate.perSecond(BEGAN.plusSeconds(20))).isEqualTo(1_000);
  }

  @Test
  void a_first_batch_is_no_flood() {
    rate.add(BEGAN, 500);

    assertThat(rate.perSecond(BEGAN)).isEqualTo(100);
  }

  @Test
  void what_runs_for_long_is_measured_over_the_last_minute() {
    rate.add(BEGAN.plusSeconds(10), 20_000);
    rate.add(BEGAN.plusSeconds(100), 600);

    assertThat(rate.perSecond(BEGAN.plusSeconds(120))).isEqualTo(10);
  }
}
