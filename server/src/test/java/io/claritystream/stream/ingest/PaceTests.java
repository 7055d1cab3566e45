package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PaceTests {
  private final Pace pace = new Pace(0);
  private long nowNs;

  private Duration waitAt(int eventsPerSecond) {
    for (var i = 0; i < 100; i++) {
      nowNs += 100_000_000;
      pace.taken(eventsPerSecond / 10, nowNs);
    }
    return Duration.ofNanos(pace.waitNs());
  }

  @Test
  void with_few_events_nobody_waits_long() {
    assertThat(waitAt(10)).isEqualTo(Pace.WAIT_MIN);
    assertThat(waitAt(1_000)).isBetween(Duration.ofMillis(18), Duration.ofMillis(22));
  }

  @Test
  void under_load_batches_lengthen_to_their_limit() {
    assertThat(waitAt(3_000)).isBetween(Duration.ofMillis(150), Duration.ofMillis(200));
    assertThat(waitAt(50_000)).isEqualTo(Pace.WAIT_MAX);
  }

  @Test
  void after_a_rest_they_are_short_again() {
    waitAt(50_000);
    nowNs += Duration.ofSeconds(10).toNanos();
    pace.taken(1, nowNs);
    assertThat(Duration.ofNanos(pace.waitNs())).isEqualTo(Pace.WAIT_MIN);
  }

  @Test
  void slow_commits_lengthen_them_too() {
    for (var i = 0; i < 100; i++) {
      pace.committed(Duration.ofMillis(30).toNanos());
    }
    assertThat(Duration.ofNanos(pace.waitNs())).isGreaterThan(Duration.ofMillis(85));
  }
}
