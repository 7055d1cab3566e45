package io.claritystream.stream.source;

import java.time.Instant;
import java.util.Arrays;

/// Events a second over the last minute, counted by the second. What has run for less than that is
/// measured over the time it has run.
final class Rate {
  private static final int SECONDS = 60;

  /// Over less than this a single batch would look like a flood.
  private static final int SECONDS_MIN = 5;

  private final long[] counts = new long[SECONDS];
  private final long beganSecond;
  private long newestSecond;

  Rate(Instant began) {
    beganSecond = began.getEpochSecond();
  }

  void add(Instant at, long events) {
    advance(at.getEpochSecond());
    counts[slot(newestSecond)] += events;
  }

  float perSecond(Instant at) {
    advance(at.getEpochSecond());
    long over = Math.clamp(newestSecond - beganSecond, SECONDS_MIN, SECONDS);
    return Arrays.stream(counts).sum() / (float) over;
  }

  private void advance(long second) {
    if (second - newestSecond >= SECONDS) {
      Arrays.fill(counts, 0);
      newestSecond = second;
    }
    while (newestSecond < second) {
      newestSecond++;
      counts[slot(newestSecond)] = 0;
    }
  }

  private static int slot(long second) {
    return Math.floorMod(second, SECONDS);
  }
}
