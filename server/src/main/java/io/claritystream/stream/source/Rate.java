package io.claritystream.stream.source;

import java.time.Instant;
import java.util.Arrays;

/// Events a second over the last minute, counted by the second.
final class Rate {
  private static final int SECONDS = 60;

  private final long[] counts = new long[SECONDS];
  private long newestSecond;

  void add(Instant at, long events) {
    advance(at.getEpochSecond());
    counts[slot(newestSecond)] += events;
  }

  float perSecond(Instant at) {
    advance(at.getEpochSecond());
    return Arrays.stream(counts).sum() / (float) SECONDS;
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
