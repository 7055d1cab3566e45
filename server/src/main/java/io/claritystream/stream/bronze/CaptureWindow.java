package io.claritystream.stream.bronze;

import java.time.Duration;
import java.time.Instant;

/// The moments of capture that are believed: an agent's clock may be wrong, and each day it names
/// becomes a partition. A spool may be weeks old; nothing can be from tomorrow.
///
/// Holding a sequence that never decreases within these bounds leaves one that never decreases, as
/// long as `now` does not run backwards.
public final class CaptureWindow {
  static final Duration AGE_MAX = Duration.ofDays(35);
  static final Duration AHEAD_MAX = Duration.ofMinutes(10);

  private CaptureWindow() {}

  /// The moment under which an event is stored, in milliseconds since 1970.
  public static long heldMs(long capturedAtUs, Instant now) {
    var nowMs = now.toEpochMilli();
    return Math.clamp(
        Math.floorDiv(capturedAtUs, 1_000L),
        nowMs - AGE_MAX.toMillis(),
        nowMs + AHEAD_MAX.toMillis());
  }
}
