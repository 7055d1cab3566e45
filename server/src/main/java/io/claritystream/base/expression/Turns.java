package io.claritystream.base.expression;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Whoever evaluates for longer, or builds more, than most needs one of few turns, so that no
/// number of them takes processors and memory from everybody else: requests and executions share
/// the threads that carry them, and an evaluation does not let go of its own.
///
/// Turns go round between those on whose behalf is evaluated, however many one has waiting; of one
/// they go in the order in which they came.
public final class Turns {
  private static final ScopedValue<Object> OWNER = ScopedValue.newInstance();
  private static final Object NOBODY = new Object();

  private final ReentrantLock lock = new ReentrantLock();
  private final LinkedHashMap<Object, Deque<Waiter>> waiting = new LinkedHashMap<>();
  private int free;

  private static final class Waiter {
    private final Thread thread = Thread.currentThread();
    private volatile boolean granted;
  }

  Turns(int count) {
    this.free = count;
  }

  /// One processor is left to everybody else, if there is another.
  static Turns ofMachine() {
    return new Turns(Math.max(1, Runtime.getRuntime().availableProcessors() - 1));
  }

  /// Does something that evaluates on behalf of a tenant, say.
  public static void onBehalfOf(Object owner, Runnable work) {
    ScopedValue.where(OWNER, owner).run(work);
  }

  /// As [#onBehalfOf(Object, Runnable)], with an answer.
  public static <R extends @Nullable Object, X extends Throwable> R onBehalfOf(
      Object owner, ScopedValue.CallableOp<? extends R, X> work) throws X {
    return ScopedValue.where(OWNER, owner).call(work);
  }

  /// Waits for a turn, which is to be given back.
  void take() throws InterruptedException {
    var owner = OWNER.orElse(NOBODY);
    Waiter waiter;
    lock.lock();
    try {
      if (free > 0) {
        free--;
        return;
      }
      waiter = new Waiter();
      waiting.computeIfAbsent(owner, first -> new ArrayDeque<>()).add(waiter);
    } finally {
      lock.unlock();
    }
    while (!waiter.granted) {
      LockSupport.park(this);
      if (Thread.interrupted()) {
        leave(owner, waiter);
        throw new InterruptedException();
      }
    }
  }

  void giveBack() {
    lock.lock();
    try {
      var next = waiting.pollFirstEntry();
      if (next == null) {
        free++;
        return;
      }
      var waiter = next.getValue().remove();
      if (!next.getValue().isEmpty()) {
        // Behind all others.
        waiting.put(next.getKey(), next.getValue());
      }
      waiter.granted = true;
      LockSupport.unpark(waiter.thread);
    } finally {
      lock.unlock();
    }
  }

  private void leave(Object owner, Waiter waiter) {
    lock.lock();
    try {
      if (!waiter.granted) {
        waiting.computeIfPresent(
            owner,
            (same, line) -> {
              line.remove(waiter);
              return line.isEmpty() ? null : line;
            });
        return;
      }
    } finally {
      lock.unlock();
    }
    giveBack();
  }
}
