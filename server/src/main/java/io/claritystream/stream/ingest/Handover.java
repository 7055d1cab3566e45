package io.claritystream.stream.ingest;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Where a draft passes from the thread that builds to the one that commits: one at a time, and the
/// next is taken only when the last is committed. Either side may end it; then neither waits.
final class Handover {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private @Nullable Draft waiting;
  private boolean busy;
  private boolean ended;

  /// Whether a draft given now would be committed at once.
  boolean idle() {
    lock.lock();
    try {
      return !busy;
    } finally {
      lock.unlock();
    }
  }

  boolean ended() {
    lock.lock();
    try {
      return ended;
    } finally {
      lock.unlock();
    }
  }

  /// Gives the draft away as soon as the one before it is committed. False if this has ended: then
  /// it is the caller's still.
  boolean give(Draft draft) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (busy && !ended) {
        changed.await();
      }
      if (ended) {
        return false;
      }
      waiting = draft;
      busy = true;
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// The next draft to commit; null when this has ended.
  @Nullable Draft take() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (waiting == null && !ended) {
        changed.await();
      }
      var draft = ended ? null : waiting;
      waiting = null;
      return draft;
    } finally {
      lock.unlock();
    }
  }

  /// The draft that was taken is committed.
  void committed() {
    lock.lock();
    try {
      busy = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
