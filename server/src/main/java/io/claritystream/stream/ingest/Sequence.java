package io.claritystream.stream.ingest;

import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.BatchKind;

/// Whether a batch is the one that comes next. Nothing but its header and the mark counts.
final class Sequence {
  private Sequence() {}

  sealed interface Verdict {
    /// It continues the mark; its first `known` events were taken before.
    record Follows(int known) implements Verdict {}

    /// A barrier that opens a session, or an epoch.
    record Opens() implements Verdict {}

    /// All of it was taken before.
    record Repeats() implements Verdict {}

    /// It is of an epoch, or of a stream of the agent, that a newer one has replaced.
    record Stale() implements Verdict {}

    /// Numbers before it are missing, from `firstMissing` on.
    record Skips(long firstMissing) implements Verdict {}

    /// Its epoch was never opened: the barrier is missing.
    record Unopened() implements Verdict {}
  }

  static Verdict judge(Mark mark, BatchHeader header) {
    if (header.getEpoch() < mark.epoch() || header.getSession() < mark.session()) {
      return new Verdict.Stale();
    }
    if (header.getKind() == BatchKind.BARRIER) {
      return header.getEpoch() > mark.epoch() || header.getSession() > mark.session()
          ? new Verdict.Opens()
          : new Verdict.Repeats();
    }
    if (header.getEpoch() > mark.epoch()) {
      return new Verdict.Unopened();
    }
    var next = mark.seq() + 1;
    var first = header.getFirstSeq();
    if (first > next) {
      return new Verdict.Skips(next);
    }
    var known = next - first;
    // A batch without events still says how far the source's log is done with.
    if (known == 0 || known < header.getCount()) {
      return new Verdict.Follows((int) known);
    }
    return new Verdict.Repeats();
  }
}
