package io.claritystream.agent.postgres;

import io.claritystream.agent.spool.Spool;
import io.claritystream.protocol.block.Lsn;
import java.io.IOException;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;

/// Tells the source, while it is streamed, how far it may forget its log: never beyond what is safe
/// elsewhere, by what is on disk.
final class Confirmer {
  /// How often the server hears from us at least. It gives up after a minute of silence; we find
  /// out by this, at the second try, that a connection is none any more.
  private static final long STATUS_NS = TimeUnit.SECONDS.toNanos(2);

  /// How often it hears that something became safe.
  private static final long RELEASE_NS = TimeUnit.MILLISECONDS.toNanos(500);

  /// How often a position is written down that only the database's own doings moved.
  private static final long KEEP_NS = TimeUnit.SECONDS.toNanos(1);

  /// How often it is written down what the server was told ([SameLog]).
  private static final long TOLD_NS = TimeUnit.SECONDS.toNanos(5);

  private final StateFile state;
  private final CapturedTables tables;
  private final Spool spool;
  private final Released released;
  private final Progress progress;
  private final BlockAssembler events;
  private long statusAtNs = System.nanoTime();
  private long flushedPosition;

  private volatile long told;

  private long toldAtNs = System.nanoTime() - TOLD_NS;
  private long keptAtNs = System.nanoTime() - KEEP_NS;

  /// @param from where the stream begins
  Confirmer(
      SourceFiles files,
      Spool spool,
      Released released,
      Progress progress,
      BlockAssembler events,
      long from) {
    state = files.state();
    tables = files.tables();
    this.spool = spool;
    this.released = released;
    this.progress = progress;
    this.events = events;
    told = from;
  }

  /// The most that the source was ever told, or knew when the stream began.
  long told() {
    return told;
  }

  /// Whether there may be something to say that became safe by what was read up to then.
  boolean isDue(long ns) {
    return ns - statusAtNs > RELEASE_NS;
  }

  /// Tells the server how far it may forget its log: to the last whole transaction that is safe;
  /// to wherever it has come if all is safe that it ever sent. That is written down first: what the
  /// server forgot, a restart must not ask for.
  void report(PGReplicationStream stream) throws SQLException, IOException {
    var nowNs = System.nanoTime();
    var sinceNs = nowNs - statusAtNs;
    if (sinceNs < RELEASE_NS) {
      return;
    }
    progress.captured(
        events.lastSeq(), events.lastCommitAtUs(), stream.getLastReceiveLSN().asLong());
    var position = released.position();
    if (!events.inTransaction() && events.isEmpty() && released.seq() >= events.lastSeq()) {
      position =
          Lsn.max(position, Lsn.max(events.endPosition(), stream.getLastReceiveLSN().asLong()));
    }
    position = toldAtMost(kept(position, nowNs), nowNs);
    if (Long.compareUnsigned(position, flushedPosition) <= 0 && sinceNs < STATUS_NS) {
      return;
    }
    if (position != 0) {
      flushedPosition = Lsn.max(position, flushedPosition);
      told = Lsn.max(told, flushedPosition);
      var lsn = LogSequenceNumber.valueOf(flushedPosition);
      stream.setFlushedLSN(lsn);
      stream.setAppliedLSN(lsn);
    }
    stream.forceUpdateStatus();
    statusAtNs = nowNs;
    if (nowNs - toldAtNs > TOLD_NS
        && Long.compareUnsigned(flushedPosition, state.now().place().told()) > 0) {
      toldAtNs = nowNs;
      state.becomes(state.now().told(flushedPosition));
    }
  }

  /// What only the spool holds the source is told to forget when that is written down: should the
  /// spool be lost, it says whether the source forgot because of us.
  private long toldAtMost(long position, long nowNs) throws IOException {
    var before = state.now().place().told();
    if (released.durable() || Long.compareUnsigned(position, before) <= 0) {
      return position;
    }
    if (nowNs - toldAtNs < KEEP_NS) {
      return before;
    }
    state.becomes(state.now().told(position));
    toldAtNs = nowNs;
    return position;
  }

  /// @return the position, or the last one that is on disk if this one is not
  private long kept(long position, long nowNs) throws IOException {
    var known = state.now().place().known(spool.tailMark());
    if (Long.compareUnsigned(position, known) <= 0) {
      return position;
    }
    if (nowNs - keptAtNs < KEEP_NS) {
      return known;
    }
    tables.settled(released.durableSeq(), released.durablePosition());
    state.becomes(state.now().confirming(position, released.durable()));
    keptAtNs = nowNs;
    return position;
  }
}
