package io.claritystream.embedded.demo;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;

/// A machine's readings one after another: it keeps when the last was, and what its counters say.
final class Meter {
  private static final double MILLIS_AN_HOUR = 3_600_000;

  private final Machine machine;
  private final double[] counters;
  private long lastMillis;

  /// @param lastMillis when its newest reading was, or when its counters began
  /// @param counters by place among the class's metrics; what is no counter is not looked at
  Meter(Machine machine, long lastMillis, double[] counters) {
    this.machine = machine;
    this.lastMillis = lastMillis;
    this.counters = counters.clone();
  }

  /// What a machine of some years shows.
  static Meter worn(Machine machine, long millis, Noise noise) {
    List<Metric> metrics = machine.kind().metrics();
    double[] counters = new double[metrics.size()];
    for (int i = 0; i < counters.length; i++) {
      double years = noise.between(2, 9, machine.stream(900), 0);
      counters[i] =
          years
              * switch (metrics.get(i)) {
                case BOTTLES -> 88e6;
                case PACKS -> 14e6;
                case REJECTS -> 140e3;
                case ENERGY -> 2_900 * machine.kind().ratedKw();
                default -> 0;
              };
    }
    return new Meter(machine, millis, counters);
  }

  Machine machine() {
    return machine;
  }

  long lastMillis() {
    return lastMillis;
  }

  /// The reading of a later moment, in the order of the class's metrics.
  BigDecimal[] read(Physics physics, long millis) {
    if (millis <= lastMillis) {
      throw new IllegalArgumentException(
          "%s was read at %d already, not %d".formatted(machine.tag(), lastMillis, millis));
    }
    double[] values = physics.read(machine, millis);
    double hours = (millis - lastMillis) / MILLIS_AN_HOUR;
    lastMillis = millis;
    List<Metric> metrics = machine.kind().metrics();
    BigDecimal[] reading = new BigDecimal[values.length];
    for (int i = 0; i < values.length; i++) {
      Metric metric = metrics.get(i);
      if (metric.counter()) {
        counters[i] += values[i] * hours;
        reading[i] = BigDecimal.valueOf(counters[i]).setScale(metric.decimals(), RoundingMode.DOWN);
      } else {
        reading[i] =
            BigDecimal.valueOf(values[i]).setScale(metric.decimals(), RoundingMode.HALF_UP);
      }
    }
    return reading;
  }
}
