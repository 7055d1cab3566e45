package io.claritystream.embedded.demo;

/// A fault of a machine, from its first sign to its end. All times in seconds since 1970, at whole
/// minutes.
///
/// @param id unique and the same whenever it is computed
/// @param begins when it starts to show
/// @param stops when the machine stops
/// @param repaired when the machine starts again
record Fault(long id, Machine machine, FaultKind kind, long begins, long stops, long repaired) {
  private static final double COASTING_S = 20;
  private static final double STARTING_S = 60;
  private static final double CALMING_S = 300;
  private static final double COOLING_S = 900;
  private static final double WARMING_S = 1_200;

  boolean standing(double second) {
    return second >= stops && second < repaired;
  }

  /// How far it has come: 0 before its beginning, 1 when the machine stops and until it is
  /// repaired, then soon 0 again.
  double severity(double second) {
    if (second <= begins) {
      return 0;
    }
    if (second < stops) {
      return Math.pow((second - begins) / (stops - begins), 1.5);
    }
    return second < repaired ? 1 : Math.exp(-(second - repaired) / CALMING_S);
  }

  /// The same for what it heats: that cools while the machine stands.
  double heat(double second) {
    return second < stops ? severity(second) : Math.exp(-(second - stops) / COOLING_S);
  }

  /// The share of its speed that the machine has: it coasts to a stop, and starts slowly.
  double motion(double second) {
    if (second < stops) {
      return 1;
    }
    return second < repaired
        ? Math.max(0, 1 - (second - stops) / COASTING_S)
        : Math.min(1, (second - repaired) / STARTING_S);
  }

  /// What is left of the machine's own warmth: it cools while it stands, and warms again.
  double warmth(double second) {
    if (second < stops) {
      return 1;
    }
    if (second < repaired) {
      return Math.exp(-(second - stops) / COOLING_S);
    }
    double left = Math.exp(-(repaired - stops) / COOLING_S);
    return 1 - (1 - left) * Math.exp(-(second - repaired) / WARMING_S);
  }
}
