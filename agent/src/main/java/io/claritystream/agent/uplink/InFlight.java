package io.claritystream.agent.uplink;

import io.claritystream.agent.spool.SpoolEntry;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// What was sent over a stream and is not known to be durable yet. Used by the thread that sends.
final class InFlight {
  /// However small the batches are: a bound on what is remembered of them.
  private static final int BATCHES_MAX = 20_000;

  /// @param endPosition where the source's log stands behind it
  record Sent(long lastSeq, int bytes, long endPosition, byte[] digest) {}

  private final Deque<Sent> batches = new ArrayDeque<>();
  private long bytes;

  /// Whether this one may follow before anything else is durable.
  ///
  /// @param window how many bytes may be under way, if it is more than one batch
  boolean hasRoom(SpoolEntry next, long window) {
    return batches.size() < BATCHES_MAX
        && (batches.isEmpty() || bytes + next.payload().size() <= window);
  }

  void sent(SpoolEntry entry) {
    batches.add(
        new Sent(
            entry.lastSeq(),
            entry.payload().size(),
            entry.mark().endPosition(),
            entry.header().getDigest().toByteArray()));
    bytes += entry.payload().size();
  }

  /// Takes out the first one, if it ends at or before this number.
  @Nullable Sent takeUpTo(long seq) {
    var first = batches.peekFirst();
    if (first == null || first.lastSeq() > seq) {
      return null;
    }
    batches.removeFirst();
    bytes -= first.bytes();
    return first;
  }

  /// What ends behind this number is to be sent again.
  void forgetBehind(long seq) {
    while (!batches.isEmpty() && batches.getLast().lastSeq() > seq) {
      bytes -= batches.removeLast().bytes();
    }
  }

  void clear() {
    batches.clear();
    bytes = 0;
  }
}
