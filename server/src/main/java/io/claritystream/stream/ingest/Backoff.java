package io.claritystream.stream.ingest;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/// Growing pauses between attempts, scattered so that partitions do not all try at once.
final class Backoff {
  private static final Duration FIRST = Duration.ofMillis(50);
  private static final Duration LAST = Duration.ofSeconds(5);

  private long nextMs = FIRST.toMillis();

  Duration next() {
    var ms = nextMs;
    nextMs = Math.min(LAST.toMillis(), nextMs * 2);
    return Duration.ofMillis(ms / 2 + ThreadLocalRandom.current().nextLong(ms / 2 + 1));
  }

  void reset() {
    nextMs = FIRST.toMillis();
  }
}
