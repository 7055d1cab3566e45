package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WeightTests {
  @Test
  void many_small_values_weigh_more_than_their_text_and_a_text_about_its_length() {
    assertThat(Weight.of("[" + "{},".repeat(9_999) + "{}]")).isGreaterThan(1_000_000);
    assertThat(Weight.of("\"" + "a,{[".repeat(10_000) + "\"")).isLessThan(41_000);
    assertThat(Weight.of("\"" + "\\\",".repeat(10_000) + "\"")).as("escaped").isLessThan(31_000);
    assertThat(Weight.of("[\"\\\\\",1,2]")).as("three parts").isGreaterThan(3 * 56);
  }
}
