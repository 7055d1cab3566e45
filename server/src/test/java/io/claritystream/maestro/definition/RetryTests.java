package io.claritystream.maestro.definition;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/// How long a failed step waits, and for which failures.
class RetryTests {
  private static final Retry RETRY =
      new Retry(
          5,
          Duration.ofSeconds(1),
          3,
          Duration.ofSeconds(10),
          0.5,
          List.of("timeout", "http_429", "http_5xx"));

  @Test
  void a_wait_grows_up_to_its_limit_and_chance_moves_it_both_ways() {
    assertThat(RETRY.delay(1, 0.5)).hasMillis(1_000);
    assertThat(RETRY.delay(2, 0.5)).hasMillis(3_000);
    assertThat(RETRY.delay(4, 0.5)).hasMillis(10_000);
    assertThat(RETRY.delay(20, 0)).hasMillis(7_500);
    assertThat(RETRY.delay(20, 1)).hasMillis(12_500);
  }

  @Test
  void only_failures_that_are_named_or_of_a_named_class_are_tried_again() {
    assertThat(RETRY.covers("timeout")).isTrue();
    assertThat(RETRY.covers("http_429")).isTrue();
    assertThat(RETRY.covers("http_503")).isTrue();
    assertThat(RETRY.covers("http_404")).isFalse();
    assertThat(RETRY.covers("connect")).isFalse();
  }
}
