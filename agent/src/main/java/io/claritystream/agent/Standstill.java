package io.claritystream.agent;

import java.util.concurrent.TimeUnit;

/// Whether the database fails to decode its log at one place again and again. What passes by itself
/// has passed by then; what does not would be tried for ever, while the database keeps its log.
final class Standstill {
  private static final int TIMES = 5;
  private static final long LASTS_NS = TimeUnit.SECONDS.toNanos(20);

  private String failure = "";
  private int times;
  private long sinceNs;

  /// It failed once more.
  ///
  /// @param what the same for the same failure at the same place
  /// @return whether it is given up
  boolean lasts(String what, long nowNs) {
    if (!what.equals(failure)) {
      failure = what;
      times = 0;
      sinceNs = nowNs;
    }
    times++;
    return times >= TIMES && nowNs - sinceNs >= LASTS_NS;
  }
}
