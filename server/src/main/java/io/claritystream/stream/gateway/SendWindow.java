package io.claritystream.stream.gateway;

import java.util.ArrayDeque;
import java.util.Deque;

/// The numbers of a live stream: which batch comes next, what was sent and is not durable, and what
/// the agent was asked to send again. Not safe for threads by itself.
///
/// While the agent is asked to go back, what it had sent before it heard so is dropped, until the
/// batch with the number that was asked for comes.
final class SendWindow {

  /// What to do with a batch.
  sealed interface Placement {
    /// It comes next, and counts as sent.
    record Next() implements Placement {}

    /// It was under way when the agent was asked to go back.
    record Dropped() implements Placement {}

    /// The agent has lost the order.
    record Refused(String why) implements Placement {}
  }

  private record Sent(long endSeq, int bytes) {}

  /// A window full of the smallest batches is kept in memory as well.
  private static final int BATCHES_MAX = 65_536;

  private final long windowBytes;
  private final Deque<Sent> outstanding = new ArrayDeque<>();
  private long outstandingBytes;
  private long nextSeq;
  private long durableSeq;
  private long askedFor;
  private long lastAskedFor;
  private long droppedBytes;

  /// Begins behind what is durable. The first batch may begin before that: batches are not cut.
  SendWindow(long durableSeq, long windowBytes) {
    this.durableSeq = durableSeq;
    this.windowBytes = windowBytes;
    this.nextSeq = durableSeq + 1;
    this.askedFor = durableSeq + 1;
  }

  /// A batch with the numbers from `from` up to, not including, `to`.
  Placement place(long from, long to, int bytes) {
    if (askedFor > 0) {
      if (from > askedFor || askedFor >= to) {
        droppedBytes += bytes;
        return droppedBytes > 2 * windowBytes + BatchLimits.PAYLOAD_BYTES_MAX
            ? new Placement.Refused("The agent was asked for " + askedFor + " and went on.")
            : new Placement.Dropped();
      }
      askedFor = 0;
      droppedBytes = 0;
    } else if (from != nextSeq && !(from <= durableSeq + 1 && durableSeq + 1 < to)) {
      // An agent that was told of more that is durable goes on behind that.
      return new Placement.Refused(
          "The batch begins at " + from + ", expected was " + nextSeq + ".");
    }
    nextSeq = to;
    outstanding.add(new Sent(to - 1, bytes));
    outstandingBytes += bytes;
    return new Placement.Next();
  }

  /// All up to this number is durable. The answer is how many events that is more than before.
  long durable(long seq) {
    if (seq <= durableSeq) {
      return 0;
    }
    long events = seq - durableSeq;
    durableSeq = seq;
    while (!outstanding.isEmpty() && outstanding.getFirst().endSeq() <= seq) {
      outstandingBytes -= outstanding.removeFirst().bytes();
    }
    if (askedFor > 0 && askedFor <= seq) {
      // What was to be sent again has become durable after all.
      askedFor = seq + 1;
    }
    return events;
  }

  /// Whether to ask the agent to go back because the consumer misses this number. It says so of
  /// each batch behind the gap, and is heard once.
  boolean isWorthAsking(long missingSeq) {
    return missingSeq == durableSeq + 1
        && missingSeq != lastAskedFor
        && askedFor == 0
        && !outstanding.isEmpty();
  }

  /// Forgets what was sent; the answer is the number that the agent has to go on from.
  long goBack() {
    outstanding.clear();
    outstandingBytes = 0;
    droppedBytes = 0;
    askedFor = durableSeq + 1;
    lastAskedFor = askedFor;
    return askedFor;
  }

  long durableSeq() {
    return durableSeq;
  }

  long outstandingBytes() {
    return outstandingBytes;
  }

  /// Whether nothing was ever sent beyond what is durable, not even before the agent went back.
  boolean isAllDurable() {
    return nextSeq <= durableSeq + 1;
  }

  boolean isEmpty() {
    return outstanding.isEmpty();
  }

  /// Full is a window with room for nothing; a batch larger than what is left may still be taken.
  boolean isFull() {
    return outstandingBytes >= windowBytes || outstanding.size() >= BATCHES_MAX;
  }
}
