package io.claritystream.stream.materializer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnitsTests {

  @ParameterizedTest(name = "{0} is {1} in {2}")
  @CsvSource({
    "bowl_pressure_bar, Bowl pressure, bar",
    "temp_c, Temperature, °C",
    "motor_temp_degc, Motor temperature, °C",
    "energy_kwh, Energy, kWh",
    "speed_rpm, Speed, rpm",
    "vibration_mm_s, Vibration, mm/s",
    "load_pct, Load, %",
    "power_kw, Power, kW",
    "flow_l_min, Flow, L/min",
    "flowM3H, Flow, m³/h",
    "BowlPressureBar, Bowl pressure, bar",
    "rpm, RPM, rpm",
    "kwh, kWh, kWh",
    "bottles_per_min, Bottles, /min",
    "co2_ppm, CO2, ppm",
    "ph, pH, ''",
    "bottles, Bottles, ''",
    "line_speed, Line speed, ''",
    "current_a, Current, A",
    "minutes, Minutes, ''",
    "min, Min, ''",
    "hours, Hours, ''",
    "runtime_minutes, Runtime, min",
  })
  void a_name_gives_its_unit(String column, String name, String unit) {
    assertThat(Units.of(column, "", List.of(column))).isEqualTo(new Units.Named(name, unit));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "Pressure in the bowl [bar], bar",
    "Outlet temperature (°C), °C",
    "power in kW, kW",
    "unit: rpm, rpm",
    "in use since 2019, ''",
  })
  void a_comment_gives_the_unit_that_the_name_does_not(String comment, String unit) {
    assertThat(Units.of("reading", comment, List.of("reading")).unit()).isEqualTo(unit);
  }

  @Test
  void letters_that_count_columns_are_no_units() {
    var columns = List.of("phase_a", "phase_b", "phase_c");

    assertThat(Units.of("phase_a", "", columns)).isEqualTo(new Units.Named("Phase a", ""));
    assertThat(Units.of("phase_c", "", columns)).isEqualTo(new Units.Named("Phase c", ""));
  }
}
