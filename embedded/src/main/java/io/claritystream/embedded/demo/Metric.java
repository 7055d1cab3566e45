package io.claritystream.embedded.demo;

/// What machines measure: the column, its decimals, and between what a healthy or failing machine
/// can read.
enum Metric {
  POWER("power_kw", 2, 0, 320),
  LOAD("load_pct", 1, 0, 135),
  VIBRATION("vibration_mm_s", 2, 0, 14),
  MOTOR_TEMPERATURE("motor_temperature_c", 1, 5, 130),
  SPEED("speed_bph", 0, 0, 48_000),
  BOWL_PRESSURE("bowl_pressure_bar", 2, 0.5, 6),
  PRODUCT_TEMPERATURE("product_temperature_c", 1, 2, 30),
  FILL_VOLUME("fill_volume_ml", 1, 300, 1_600),
  BOTTLES("bottles_total", 0, 0, 1e12),
  CAP_TORQUE("cap_torque_nm", 2, 0.5, 3.5),
  REJECTS("rejects_total", 0, 0, 1e12),
  GLUE_TEMPERATURE("glue_temperature_c", 1, 60, 175),
  LABEL_OFFSET("label_offset_mm", 2, 0, 6),
  PACK_RATE("packs_per_min", 1, 0, 140),
  AIR_PRESSURE("air_pressure_bar", 2, 3, 8),
  PACKS("packs_total", 0, 0, 1e12),
  BELT_SPEED("belt_speed_m_s", 2, 0, 2),
  BEARING_TEMPERATURE("bearing_temperature_c", 1, 5, 120),
  FLOW("flow_m3_h", 2, 0, 60),
  DISCHARGE_PRESSURE("discharge_pressure_bar", 2, 0, 9),
  FILTER_DP("filter_dp_bar", 2, 0, 3),
  OIL_TEMPERATURE("oil_temperature_c", 1, 5, 125),
  AMBIENT_TEMPERATURE("ambient_temperature_c", 1, -20, 45),
  SUPPLY_TEMPERATURE("supply_temperature_c", 1, -6, 20),
  RETURN_TEMPERATURE("return_temperature_c", 1, -4, 26),
  GLYCOL_LEVEL("glycol_level_pct", 1, 30, 100),
  STEAM_PRESSURE("steam_pressure_bar", 2, 3, 10),
  FLUE_TEMPERATURE("flue_temperature_c", 1, 40, 320),
  GAS_FLOW("gas_flow_m3_h", 1, 0, 300),
  ENERGY("energy_kwh", 3, 0, 1e12);

  private final String column;
  private final int decimals;
  private final double low;
  private final double high;

  Metric(String column, int decimals, double low, double high) {
    this.column = column;
    this.decimals = decimals;
    this.low = low;
    this.high = high;
  }

  String column() {
    return column;
  }

  int decimals() {
    return decimals;
  }

  double low() {
    return low;
  }

  double high() {
    return high;
  }

  /// Whether it only ever grows: it is folded from reading to reading.
  boolean counter() {
    return switch (this) {
      case BOTTLES, REJECTS, PACKS, ENERGY -> true;
      default -> false;
    };
  }
}
