package io.claritystream.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class OptionsTests {
  @Test
  void each_measurement_has_defaults_of_its_own() {
    Options options = Options.parse("freshness", "--seconds", "40", "--json");
    assertThat(options.json()).isTrue();
    assertThat(options.number("seconds")).isEqualTo(40);
    assertThat(options.number("rate")).isEqualTo(1_000);
  }

  @Test
  void what_has_no_number_is_a_flag() {
    Options options = Options.parse("cdc", "--peer", "--rows", "1000");
    assertThat(options.flag("peer")).isTrue();
    assertThat(options.number("rows")).isEqualTo(1_000);
    assertThat(Options.parse("cdc").flag("peer")).isFalse();
    assertThatThrownBy(() -> Options.parse("ingest", "--peer"))
        .hasMessage("bench ingest does not know --peer");
  }

  @Test
  void what_is_not_understood_is_named() {
    assertThatThrownBy(() -> Options.parse())
        .hasMessage(
            "bench needs a name: startup, freshness, ingest, cdc, read, maestro, chaos or"
                + " maestro-chaos");
    assertThatThrownBy(() -> Options.parse("startup", "--rate", "5"))
        .hasMessage("bench startup does not know --rate");
    assertThatThrownBy(() -> Options.parse("ingest", "--seconds", "many"))
        .hasMessage("--seconds needs a number from 1 to 100000000");
    assertThatThrownBy(() -> Options.parse("ingest", "--seconds"))
        .hasMessage("--seconds needs a number");
  }
}
