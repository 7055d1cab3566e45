package io.claritystream.stream.ingest;

import java.time.Duration;

/// How long a batch may wait for company. A read model's row is written once a batch, however many
/// events fall on it, so under load longer batches save most of the work; with few events nobody
/// should wait. Between 5 ms up to 500 events/s, 20 ms at 1,000, and 500 ms from 5,000/s on; and
/// never less than three times what a transaction takes, so that commits alone do not fill the
/// machine.
final class Pace {
  static final Duration WAIT_MIN = Duration.ofMillis(5);
  static final Duration WAIT_MAX = Duration.ofMillis(500);

  private static final double WAIT_AT_1000_NS = 20e6;

  /// How much one second of the past weighs against the newest.
  private static final double MEMORY_NS = 1e9;

  private double eventsPerSecond;
  private double commitNs;
  private long observedAtNs;

  Pace(long nowNs) {
    observedAtNs = nowNs;
  }

  /// A batch of `events` was taken, all that came since the last call.
  void taken(int events, long nowNs) {
    var elapsedNs = Math.max(1, nowNs - observedAtNs);
    var weight = 1 - Math.exp(-elapsedNs / MEMORY_NS);
    eventsPerSecond += weight * (events * 1e9 / elapsedNs - eventsPerSecond);
    observedAtNs = nowNs;
  }

  void committed(long tookNs) {
    commitNs += 0.2 * (tookNs - commitNs);
  }

  long waitNs() {
    var thousands = eventsPerSecond / 1_000;
    var wanted = Math.max(WAIT_AT_1000_NS * thousands * thousands, 3 * commitNs);
    return (long) Math.clamp(wanted, WAIT_MIN.toNanos(), WAIT_MAX.toNanos());
  }
}
