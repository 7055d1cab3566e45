package io.claritystream.embedded.demo;

import java.util.ArrayList;
import java.util.List;

/// A kind of machine: what it is called, what it draws at full load, and what is read of it. All
/// have the first four metrics in common.
enum MachineClass {
  FILLER(
      "filler",
      "FIL",
      55,
      true,
      Metric.SPEED,
      Metric.BOWL_PRESSURE,
      Metric.PRODUCT_TEMPERATURE,
      Metric.FILL_VOLUME,
      Metric.BOTTLES),
  CAPPER("capper", "CAP", 11, true, Metric.SPEED, Metric.CAP_TORQUE, Metric.REJECTS),
  LABELLER("labeller", "LAB", 9, true, Metric.SPEED, Metric.GLUE_TEMPERATURE, Metric.LABEL_OFFSET),
  PACKER("packer", "PAC", 22, true, Metric.PACK_RATE, Metric.AIR_PRESSURE, Metric.PACKS),
  CONVEYOR("conveyor", "CON", 15, true, Metric.BELT_SPEED, Metric.BEARING_TEMPERATURE),
  PUMP(
      "pump",
      "PMP",
      18.5,
      true,
      Metric.FLOW,
      Metric.DISCHARGE_PRESSURE,
      Metric.FILTER_DP,
      Metric.ENERGY),
  COMPRESSOR(
      "compressor",
      "CMP",
      160,
      false,
      Metric.DISCHARGE_PRESSURE,
      Metric.OIL_TEMPERATURE,
      Metric.AMBIENT_TEMPERATURE,
      Metric.ENERGY),
  CHILLER(
      "chiller",
      "CHL",
      210,
      false,
      Metric.SUPPLY_TEMPERATURE,
      Metric.RETURN_TEMPERATURE,
      Metric.GLYCOL_LEVEL,
      Metric.AMBIENT_TEMPERATURE,
      Metric.ENERGY),
  BOILER(
      "boiler",
      "BLR",
      30,
      false,
      Metric.STEAM_PRESSURE,
      Metric.FLUE_TEMPERATURE,
      Metric.GAS_FLOW,
      Metric.ENERGY);

  private final String word;
  private final String tag;
  private final double ratedKw;
  private final boolean onLines;
  private final List<Metric> metrics;

  MachineClass(String word, String tag, double ratedKw, boolean onLines, Metric... own) {
    this.word = word;
    this.tag = tag;
    this.ratedKw = ratedKw;
    this.onLines = onLines;
    List<Metric> all = new ArrayList<>();
    all.addAll(List.of(Metric.POWER, Metric.LOAD, Metric.VIBRATION, Metric.MOTOR_TEMPERATURE));
    all.addAll(List.of(own));
    this.metrics = List.copyOf(all);
  }

  /// In lower case, as the database has it.
  String word() {
    return word;
  }

  String tag() {
    return tag;
  }

  double ratedKw() {
    return ratedKw;
  }

  /// Whether a bottling line stands still when one of these does.
  boolean onLines() {
    return onLines;
  }

  /// In the order of the table's columns.
  List<Metric> metrics() {
    return metrics;
  }

  String table() {
    return "plant." + word + "_reading";
  }
}
