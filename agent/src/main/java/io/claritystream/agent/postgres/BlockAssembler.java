package io.claritystream.agent.postgres;

import io.claritystream.agent.spool.Appender;
import io.claritystream.agent.spool.Draft;
import io.claritystream.agent.spool.SourceMark;
import io.claritystream.agent.spool.Spool;
import io.claritystream.protocol.block.BlockWriter;
import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.TableSchema;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Clock;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Gathers events into blocks and knows at each moment where the source's log stands behind the
/// last of them. Used by the one thread that captures.
///
/// A restarted stream brings transactions that the spool holds already: those up to its last whole
/// one are dropped, then as many events of the next as were spooled ([#begin]). Where the stream
/// begins behind that next one, it was whole, and nothing of it is missing.
final class BlockAssembler {
  /// At most this many events a block, however small they are: a bound on what one record costs
  /// whoever reads it.
  private static final int BLOCK_EVENTS = 50_000;

  /// At most this many cells and one event's a block: the platform takes no block of many more.
  private static final int BLOCK_CELLS = 100_000;

  /// An event is not made larger than this: longer values are left out and marked so.
  static final int EVENT_BYTES = 8 * 1024 * 1024;

  /// Blocks of a busy source are at least this far apart, so that each carries its share.
  private static final long LINGER_NS = TimeUnit.MILLISECONDS.toNanos(8);

  /// Told while a draft is awaited, so that the connection to the source stays alive.
  interface Waiting {
    void tick() throws SQLException, IOException, InterruptedException;
  }

  private final Appender appender;
  private final Clock clock;
  private final Waiting waiting;
  private final int blockBytes;
  private final long skipCommit;
  private final long skipEvents;
  private final boolean skipOpen;
  private final long skipWholeBefore;
  private @Nullable Draft draft;
  private @Nullable BlockWriter block;
  private long nextSeq;
  private long capturedAtUs;
  private boolean inTransaction;
  private long xid;
  private long commitPosition;
  private long committedAtUs;
  private long eventsOfTransaction;
  private boolean transactionAnnounced;
  private long dropLeft;
  private boolean dropAll;
  private boolean skipFound;
  private long endSeq;
  private long endPosition;
  private boolean endUntold;
  private boolean spooledElsewhere;
  private long snapshotBegins = -1;
  private long snapshotEnds = -1;
  private long sealedAtNs = System.nanoTime() - LINGER_NS;

  /// @param from where the stream begins: behind whatever is safe or in the spool; 0 if it begins
  ///     with a snapshot
  BlockAssembler(Spool spool, Appender appender, Clock clock, Waiting waiting, long from) {
    this.appender = appender;
    this.clock = clock;
    this.waiting = waiting;
    blockBytes = spool.limits().blockBytes();
    var tail = spool.tailMark();
    nextSeq = spool.tailSeq() + 1;
    capturedAtUs = spool.tailCapturedAtUs();
    // Rows that were read beside the stream and cut short are not continued: they are read again.
    var copying = tail.open() && tail.xid() == 0;
    var ended = tail.open() && !copying && Long.compareUnsigned(from, tail.commitPosition()) > 0;
    endSeq = ended || copying ? spool.tailSeq() : tail.endSeq();
    endPosition = Long.compareUnsigned(from, tail.endPosition()) > 0 ? from : tail.endPosition();
    endUntold = ended || copying;
    skipOpen = tail.open() && !ended && !copying;
    skipCommit = tail.commitPosition();
    skipEvents = tail.eventsOfTransaction();
    skipWholeBefore = endPosition;
    committedAtUs = tail.committedAtUs();
  }

  /// The last number given, whether or not it reached the spool yet.
  long lastSeq() {
    return nextSeq - 1;
  }

  /// The last number up to which all transactions are whole, whether or not it reached the spool.
  long endSeq() {
    return endSeq;
  }

  long endPosition() {
    return endPosition;
  }

  long lastCommitAtUs() {
    return committedAtUs;
  }

  boolean inTransaction() {
    return inTransaction;
  }

  /// Whether other rows may come in between: no transaction is open, neither in the stream nor at
  /// the spool's end. One that the spool holds a part of must come to its end first, or its part
  /// would be counted by other rules than those it was captured by, and its rest told apart no
  /// more.
  boolean betweenTransactions() {
    return !inTransaction && (!skipOpen || skipFound);
  }

  boolean isEmpty() {
    return block == null || block.events() == 0;
  }

  /// A transaction begins, whose commit stands at `commit`.
  ///
  /// @throws LogBrokenException if the spool holds a part of a transaction and another one comes
  void begin(long transaction, long commit, long committedAt) throws LogBrokenException {
    inTransaction = true;
    xid = transaction;
    commitPosition = commit;
    eventsOfTransaction = 0;
    transactionAnnounced = false;
    dropLeft = 0;
    dropAll = Long.compareUnsigned(commit, skipWholeBefore) < 0;
    spooledElsewhere = false;
    if (!dropAll && skipOpen && !skipFound) {
      var order = Long.compareUnsigned(commit, skipCommit);
      if (order == 0) {
        skipFound = true;
        dropLeft = skipEvents;
      } else if (order < 0) {
        // Fine as long as nothing of ours is in it: servers before 15 send empty transactions.
        spooledElsewhere = true;
      } else {
        throw broken();
      }
    }
    if (!dropAll) {
      committedAtUs = committedAt;
    }
  }

  /// The transaction is whole; the log goes on at `end`.
  void end(long end) throws LogBrokenException {
    if (dropLeft > 0) {
      throw new LogBrokenException(
          "the spool holds " + dropLeft + " events more of a transaction than the database has");
    }
    inTransaction = false;
    if (!dropAll && !spooledElsewhere) {
      whole(end);
    }
  }

  private LogBrokenException broken() {
    return new LogBrokenException(
        "the spool ends inside the transaction that commits at "
            + Lsn.text(skipCommit)
            + ", and the database goes on with the one at "
            + Lsn.text(commitPosition));
  }

  /// Rows of a snapshot follow, as the database was at this position.
  void snapshotBegin(long position, long takenAtUs) {
    inTransaction = true;
    xid = 0;
    commitPosition = position;
    committedAtUs = takenAtUs;
    eventsOfTransaction = 0;
    transactionAnnounced = false;
    snapshotBegins = position;
  }

  /// The snapshot is whole, and the stream goes on at its position.
  void snapshotEnd() throws SQLException, IOException, InterruptedException {
    inTransaction = false;
    if (isEmpty()) {
      snapshotEnds = commitPosition;
    } else {
      block().snapshotEnd(commitPosition);
    }
    // Told even if no row was there: it is where an empty database's events begin.
    eventsOfTransaction = Math.max(eventsOfTransaction, 1);
    whole(commitPosition);
  }

  /// Rows of one table follow, between two transactions of the stream.
  ///
  /// @param position where the log ended when they were read
  void copyBegin(long position, long takenAtUs) {
    inTransaction = true;
    xid = 0;
    commitPosition = position;
    committedAtUs = Math.max(committedAtUs, takenAtUs);
    eventsOfTransaction = 0;
    transactionAnnounced = false;
    dropAll = false;
    dropLeft = 0;
    spooledElsewhere = false;
  }

  /// The stream goes on where it was.
  void copyEnd() {
    inTransaction = false;
    whole(endPosition);
  }

  /// @throws IOException if the spool cannot be written any more
  void check() throws IOException {
    appender.check();
  }

  /// A snapshot was whole and had no row, and nothing came since: nobody was told of it yet.
  void snapshotWasEmpty(long position) {
    snapshotBegins = position;
    snapshotEnds = position;
    endUntold = true;
  }

  /// The end is written into the block at hand, or before the first event of the next one: there
  /// are no blocks without events. An empty transaction's end is only remembered.
  private void whole(long end) {
    endSeq = nextSeq - 1;
    endPosition = end;
    if (eventsOfTransaction == 0) {
      return;
    }
    if (block != null && block.events() > 0) {
      block.transactionEnd(end);
      endUntold = false;
    } else {
      endUntold = true;
    }
  }

  /// @return whether the event is to be written; false if the spool holds it already
  boolean beginEvent(Op op, TableSchema schema, long position)
      throws SQLException, IOException, InterruptedException, LogBrokenException {
    eventsOfTransaction++;
    if (spooledElsewhere) {
      throw broken();
    }
    if (dropAll) {
      return false;
    }
    if (dropLeft > 0) {
      dropLeft--;
      return false;
    }
    if (block != null
        && (block.size() >= blockBytes
            || block.events() >= BLOCK_EVENTS
            || block.cells() >= BLOCK_CELLS)) {
      // The event belongs to the next block, which says so by what was written before it.
      eventsOfTransaction--;
      seal();
      eventsOfTransaction++;
    }
    var out = block();
    if (!transactionAnnounced) {
      out.transaction(xid, commitPosition, committedAtUs, eventsOfTransaction - 1);
      transactionAnnounced = true;
    }
    var now = clock.instant();
    capturedAtUs = Math.max(capturedAtUs, now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000);
    out.beginEvent(op, schema, position, capturedAtUs);
    return true;
  }

  BlockWriter out() {
    var out = block;
    if (out == null) {
      throw new IllegalStateException("no event is begun");
    }
    return out;
  }

  void endEvent() {
    out().endEvent();
    nextSeq++;
  }

  /// Hands over what has gathered, if there is nothing to gain from waiting.
  ///
  /// @param quiet whether the source has nothing more to say at this moment
  void pause(boolean quiet) throws IOException, InterruptedException {
    appender.check();
    if (isEmpty() || !appender.idle()) {
      return;
    }
    if ((quiet || !inTransaction) && System.nanoTime() - sealedAtNs >= LINGER_NS) {
      seal();
    }
  }

  /// Hands over what has gathered.
  void seal() throws IOException, InterruptedException {
    var full = draft;
    if (full == null || isEmpty()) {
      return;
    }
    full.mark(
        new SourceMark(
            xid,
            commitPosition,
            eventsOfTransaction,
            inTransaction,
            endSeq,
            endPosition,
            committedAtUs));
    draft = null;
    block = null;
    transactionAnnounced = false;
    sealedAtNs = System.nanoTime();
    appender.append(full);
  }

  private BlockWriter block() throws SQLException, IOException, InterruptedException {
    if (block != null) {
      return block;
    }
    Draft taken = null;
    while (taken == null) {
      taken = appender.take(200, TimeUnit.MILLISECONDS);
      if (taken == null) {
        waiting.tick();
      }
    }
    taken.begin(nextSeq);
    draft = taken;
    block = taken.block();
    if (snapshotBegins >= 0) {
      block.snapshotBegin(snapshotBegins);
      snapshotBegins = -1;
    }
    if (snapshotEnds >= 0) {
      block.snapshotEnd(snapshotEnds);
      snapshotEnds = -1;
    }
    if (endUntold) {
      block.transactionEnd(endPosition);
      endUntold = false;
    }
    return block;
  }
}
