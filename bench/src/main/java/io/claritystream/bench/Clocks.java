package io.claritystream.bench;

import java.time.Instant;
import java.util.concurrent.TimeUnit;

/// The machine's one clock, in microseconds since 1970: that of PostgreSQL, the agent and the
/// server too, as all run here.
final class Clocks {
  private static final long END_PATIENCE_MS = 2_000;

  private Clocks() {}

  static long nowUs() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
  }

  /// Waits for a moment; does not wait if it has passed.
  static void sleepUntilUs(long momentUs) throws InterruptedException {
    for (long left = momentUs - nowUs(); left > 0; left = momentUs - nowUs()) {
      TimeUnit.MICROSECONDS.sleep(left);
    }
  }

  /// Waits for a thread that was told to end.
  static void awaitEnd(Thread thread) {
    try {
      thread.join(END_PATIENCE_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
