package io.claritystream.stream.bus;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// One partition while it is this process's: a bounded queue between the thread that polls and the
/// one that works.
///
/// | state | entered by | delivers |
/// |---|---|---|
/// | opened | the group's assignment | nothing |
/// | positioned | [#seek] | records from there, in order, without holes |
/// | lost | reassignment, another topic, the end of the process | nothing, for ever |
///
/// A lane that is lost may be open elsewhere already: only the fence of the work's own transaction
/// says who owns the partition.
public final class Lane {
  private final int partition;
  private final UUID topicId;
  private final long bytesMax;
  private final Runnable wakePoll;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Delivery> queue = new ArrayDeque<>();
  private long queuedBytes;
  private boolean full;
  private boolean positioned;
  private boolean lost;
  private @Nullable Seek wanted;
  private volatile long recordsBehind;

  Lane(int partition, UUID topicId, long bytesMax, Runnable wakePoll) {
    this.partition = partition;
    this.topicId = topicId;
    this.bytesMax = bytesMax;
    this.wakePoll = wakePoll;
  }

  /// A request of the worker for the thread that polls.
  record Seek(long offset, CompletableFuture<Long> answer) {}

  public int partition() {
    return partition;
  }

  /// The topic that this lane's offsets mean something in.
  public UUID topicId() {
    return topicId;
  }

  /// Delivers from `offset` on, or from the beginning where the partition does not have that
  /// offset; what was queued is forgotten. Completes with the offset that it will begin with, and
  /// never if the lane is lost first: then it is cancelled.
  public CompletableFuture<Long> seek(long offset) {
    var answer = new CompletableFuture<Long>();
    lock.lock();
    try {
      if (lost) {
        answer.cancel(false);
        return answer;
      }
      if (wanted != null) {
        wanted.answer().cancel(false);
      }
      wanted = new Seek(offset, answer);
      forget();
    } finally {
      lock.unlock();
    }
    wakePoll.run();
    return answer;
  }

  /// The next record, or null when none came within `waitNs` or the lane is lost.
  public @Nullable Delivery poll(long waitNs) throws InterruptedException {
    var wake = false;
    Delivery next;
    lock.lockInterruptibly();
    try {
      var leftNs = waitNs;
      while (queue.isEmpty() && !lost && leftNs > 0) {
        leftNs = changed.awaitNanos(leftNs);
      }
      next = lost ? null : queue.poll();
      if (next != null) {
        queuedBytes -= next.bytes();
        wake = full && queuedBytes <= bytesMax / 2;
        full = full && !wake;
      }
    } finally {
      lock.unlock();
    }
    if (wake) {
      wakePoll.run();
    }
    return next;
  }

  public boolean lost() {
    lock.lock();
    try {
      return lost;
    } finally {
      lock.unlock();
    }
  }

  /// Records of the partition that were not taken yet, as far as is known.
  public long recordsBehind() {
    lock.lock();
    try {
      return recordsBehind + queue.size();
    } finally {
      lock.unlock();
    }
  }

  /// Takes what was polled, unless a seek that came meanwhile made it obsolete.
  void offer(Collection<Delivery> records, long behind) {
    lock.lock();
    try {
      recordsBehind = behind;
      if (lost || wanted != null) {
        return;
      }
      for (var delivery : records) {
        queue.add(delivery);
        queuedBytes += delivery.bytes();
      }
      full = queuedBytes >= bytesMax;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Whether more should be fetched now.
  boolean flows() {
    lock.lock();
    try {
      return positioned && wanted == null && !full;
    } finally {
      lock.unlock();
    }
  }

  @Nullable Seek wanted() {
    lock.lock();
    try {
      return wanted;
    } finally {
      lock.unlock();
    }
  }

  /// The thread that polls has carried `seek` out.
  void sought(Seek seek, long offset) {
    lock.lock();
    try {
      if (wanted == seek) {
        wanted = null;
        positioned = true;
      }
    } finally {
      lock.unlock();
    }
    seek.answer().complete(offset);
  }

  void lose() {
    Seek pending;
    lock.lock();
    try {
      lost = true;
      pending = wanted;
      wanted = null;
      forget();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (pending != null) {
      pending.answer().cancel(false);
    }
  }

  private void forget() {
    queue.clear();
    queuedBytes = 0;
    full = false;
  }

  @Override
  public String toString() {
    return "Lane[partition=" + partition + ", topicId=" + topicId + "]";
  }
}
