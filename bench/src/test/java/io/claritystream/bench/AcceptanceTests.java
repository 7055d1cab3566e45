package io.claritystream.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class AcceptanceTests {
  private static String page(int belowOne, int belowTwo, int all) {
    return """
        # TYPE clarity_gateway_acceptance_seconds histogram
        clarity_gateway_acceptance_seconds_bucket{le="0.001"} %d
        clarity_gateway_acceptance_seconds_bucket{le="0.002"} %d
        clarity_gateway_acceptance_seconds_bucket{le="+Inf"} %d
        clarity_gateway_acceptance_seconds_count 100
        other_seconds_bucket{le="0.001"} 7
        """
        .formatted(belowOne, belowTwo, all);
  }

  @Test
  void percentiles_are_of_what_came_since_the_earlier_look() {
    Acceptance measured =
        Acceptance.read(page(1_050, 1_100, 1_100))
            .since(Acceptance.read(page(1_000, 1_000, 1_000)));
    assertThat(measured.batches()).isEqualTo(100);
    assertThat(measured.percentileMs(25)).isCloseTo(0.5, within(0.001));
    assertThat(measured.percentileMs(75)).isCloseTo(1.5, within(0.001));
  }

  @Test
  void a_batch_beyond_the_last_bucket_is_not_made_small() {
    assertThat(Acceptance.read(page(10, 10, 100)).percentileMs(99)).isInfinite();
  }

  @Test
  void a_page_without_the_figures_is_an_error() {
    assertThatThrownBy(() -> Acceptance.read("up 1\n")).isInstanceOf(BenchFailedException.class);
  }
}
