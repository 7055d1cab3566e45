package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.protocol.link.BatchHeader;
import org.junit.jupiter.api.Test;

class ChargeTests {
  @Test
  void a_batch_costs_the_bytes_it_becomes_however_small_it_travels() {
    var header = BatchHeader.newBuilder().setCount(3).setUncompressedBytes(1_000_000).build();
    assertThat(Charge.of(header, 2_000)).isEqualTo(new Charge(1_000_000, 3));
  }

  @Test
  void a_header_that_names_no_size_does_not_make_a_batch_cheaper() {
    var header = BatchHeader.newBuilder().setCount(3).build();
    assertThat(Charge.of(header, 2_000)).isEqualTo(new Charge(2_000, 3));
  }

  @Test
  void wide_events_cost_as_many_as_their_cells_would_make() {
    var header = BatchHeader.newBuilder().setCount(300).setCells(480_001).build();
    assertThat(Charge.of(header, 1).events()).isEqualTo(15_001);
  }
}
