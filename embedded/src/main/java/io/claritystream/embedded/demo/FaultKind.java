package io.claritystream.embedded.demo;

import java.util.List;
import java.util.Set;

/// What breaks, and how it shows before the machine stops: at least two metrics leave their usual
/// range. The effects themselves are in [Physics].
enum FaultKind {
  BEARING_WEAR(
      "M-101",
      "Drive bearing worn",
      "Rough noise from the drive end, getting warmer. Keeping an eye on it.",
      "Replaced drive end bearing, greased, checked alignment.",
      Set.of(
          MachineClass.FILLER,
          MachineClass.CAPPER,
          MachineClass.CONVEYOR,
          MachineClass.PUMP,
          MachineClass.COMPRESSOR),
      List.of(Metric.VIBRATION, Metric.MOTOR_TEMPERATURE),
      List.of()),
  BOWL_LEAK(
      "P-204",
      "Bowl pressure lost",
      "Underfilled bottles at the checker, bowl pressure will not hold.",
      "Replaced bowl seal and two filling valve gaskets.",
      Set.of(MachineClass.FILLER),
      List.of(),
      List.of(Metric.BOWL_PRESSURE, Metric.FILL_VOLUME)),
  CLUTCH_WEAR(
      "M-117",
      "Capping head clutch slipping",
      "Loose caps every few hundred bottles.",
      "Exchanged magnetic clutches on four heads, torque set again.",
      Set.of(MachineClass.CAPPER),
      List.of(Metric.VIBRATION),
      List.of(Metric.CAP_TORQUE)),
  GLUE_HEATER(
      "E-310",
      "Glue too cold",
      "Labels creep; glue looks stringy.",
      "Heater cartridge and its relay replaced.",
      Set.of(MachineClass.LABELLER),
      List.of(Metric.LABEL_OFFSET),
      List.of(Metric.GLUE_TEMPERATURE)),
  AIR_LEAK(
      "P-221",
      "Air pressure low at packer",
      "Hissing behind the gripper head.",
      "Replaced burst hose at gripper head.",
      Set.of(MachineClass.PACKER),
      List.of(Metric.LOAD),
      List.of(Metric.AIR_PRESSURE)),
  CLOGGED_FILTER(
      "P-230",
      "Inlet filter clogged",
      "Flow is falling off, filter gauge in the yellow.",
      "Changed inlet filter cartridge, flushed housing.",
      Set.of(MachineClass.PUMP),
      List.of(Metric.FILTER_DP),
      List.of(Metric.FLOW)),
  OIL_COOLER(
      "T-401",
      "Oil temperature high",
      "Oil cooler matted with dust again, oil running hot.",
      "Cleaned oil cooler, topped up 3 l of oil.",
      Set.of(MachineClass.COMPRESSOR),
      List.of(Metric.OIL_TEMPERATURE, Metric.MOTOR_TEMPERATURE),
      List.of()),
  GLYCOL_LOSS(
      "T-412",
      "Glycol level low",
      "Puddle under the header, glycol level dropping.",
      "Tightened flange, refilled 60 l glycol, bled circuit.",
      Set.of(MachineClass.CHILLER),
      List.of(Metric.RETURN_TEMPERATURE, Metric.POWER),
      List.of(Metric.GLYCOL_LEVEL)),
  BURNER_FOULING(
      "T-420",
      "Burner fouled",
      "Flue temperature up, steam pressure sagging under load.",
      "Cleaned burner head and ignition electrode.",
      Set.of(MachineClass.BOILER),
      List.of(Metric.FLUE_TEMPERATURE, Metric.GAS_FLOW),
      List.of(Metric.STEAM_PRESSURE));

  private final String code;
  private final String reason;
  private final String note;
  private final String repair;
  private final Set<MachineClass> classes;
  private final List<Metric> climbing;
  private final List<Metric> falling;

  FaultKind(
      String code,
      String reason,
      String note,
      String repair,
      Set<MachineClass> classes,
      List<Metric> climbing,
      List<Metric> falling) {
    this.code = code;
    this.reason = reason;
    this.note = note;
    this.repair = repair;
    this.classes = classes;
    this.climbing = climbing;
    this.falling = falling;
  }

  static List<FaultKind> of(MachineClass machines) {
    return List.of(values()).stream().filter(kind -> kind.classes.contains(machines)).toList();
  }

  String code() {
    return code;
  }

  String reason() {
    return reason;
  }

  String note() {
    return note;
  }

  String repair() {
    return repair;
  }

  /// What rises before the stop.
  List<Metric> climbing() {
    return climbing;
  }

  /// What falls before the stop.
  List<Metric> falling() {
    return falling;
  }
}
