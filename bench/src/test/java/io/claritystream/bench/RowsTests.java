package io.claritystream.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class RowsTests {
  @Test
  void a_newer_value_shows_all_earlier_ones_of_its_device_and_none_of_others() {
    Rows rows = new Rows(12, 3);
    for (int n = 0; n < 12; n++) {
      rows.due(n, 1_000);
    }
    rows.seen(1, 7, 5_000);
    assertThat(rows.missing(0, 12)).isEqualTo(9);
    assertThat(rows.total(0, 12).getTotalCount()).isEqualTo(3);
    rows.seen(1, 10, 9_000);
    Histogram total = rows.total(0, 12);
    assertThat(total.getTotalCount()).isEqualTo(4);
    assertThat(total.getMinValue()).isBetween(3_990L, 4_000L);
    assertThat(total.getMaxValue()).isBetween(8_000L, 8_010L);
  }

  @Test
  void a_row_is_durable_when_its_number_is() {
    Rows rows = new Rows(4, 2);
    rows.carried(0, 100, 1_000, 2_000, 3_000);
    rows.carried(1, 101, 1_000, 2_000, 3_000);
    rows.durable(100, 4_000, 0, 4);
    rows.durable(101, 6_000, 0, 4);
    Histogram hop = rows.hop(Rows.Hop.DURABLE, 0, 4);
    assertThat(hop.getTotalCount()).isEqualTo(2);
    assertThat(hop.getMinValue()).isEqualTo(1_000);
    assertThat(hop.getMaxValue()).isBetween(3_000L, 3_002L);
  }

  @Test
  void a_value_that_nobody_wrote_is_an_error() {
    Rows rows = new Rows(4, 2);
    assertThatThrownBy(() -> rows.seen(0, 3, 1)).isInstanceOf(BenchFailedException.class);
    assertThatThrownBy(() -> rows.seen(0, 44, 1)).isInstanceOf(BenchFailedException.class);
  }
}
