package io.claritystream.base.outbound;

import java.util.concurrent.atomic.AtomicLong;

/// How many bytes of answers are held by calls that are under way, in all.
final class Buffers {
  private final long max;
  private final AtomicLong held = new AtomicLong();

  Buffers(long max) {
    this.max = max;
  }

  boolean take(long bytes) {
    if (held.addAndGet(bytes) <= max) {
      return true;
    }
    held.addAndGet(-bytes);
    return false;
  }

  void giveBack(long bytes) {
    held.addAndGet(-bytes);
  }

  long held() {
    return held.get();
  }
}
