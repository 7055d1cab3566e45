package io.claritystream.agent.postgres;

import io.claritystream.agent.spool.SourceMark;
import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.link.GapCause;
import io.claritystream.protocol.link.SourceState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.PGReplicationStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Whether a log still holds what was captured of it, where positions and the timeline do not tell:
/// a copy of the data directory that was put back writes on at the same positions, and other
/// things.
///
/// Such a copy's slot stands where it stood when the copy was made, before what the server was told
/// since. So it does after a crash of the server, which writes that down now and then only. The log
/// from there on tells the one from the other: it is read again as far as the last transaction that
/// was captured, which a log that went another way does not have at that place.
final class SameLog {
  private static final Logger LOG = LoggerFactory.getLogger(SameLog.class);
  private static final long STATUS_NS = TimeUnit.SECONDS.toNanos(5);

  private final Database database;
  private final String slot;
  private static final long STEP_NS = TimeUnit.MILLISECONDS.toNanos(500);

  private final Publications publications;
  private final Progress progress;
  private final Step step;

  /// Asked often; ends the reading by throwing.
  interface Step {
    void check() throws CaptureStoppedException, IOException;
  }

  SameLog(Database database, String slot, Publications publications, Progress progress, Step step) {
    this.database = database;
    this.slot = slot;
    this.publications = publications;
    this.progress = progress;
    this.step = step;
  }

  /// Called while nobody uses the slot.
  ///
  /// @param told the most that the server is known to have been told
  /// @param last what was captured last
  /// @return what is missing, or null if nothing is or that cannot be known
  CaptureEnd.@Nullable Missing missing(Slot now, long told, SourceMark last)
      throws SQLException, IOException, InterruptedException {
    if (Long.compareUnsigned(now.confirmed(), told) >= 0
        || last.xid() == 0
        || Long.compareUnsigned(last.commitPosition(), now.confirmed()) < 0) {
      return null;
    }
    LOG.info(
        "slot {} stands at {} and was told {}: looks whether the log is the one that was captured",
        slot,
        Lsn.text(now.confirmed()),
        Lsn.text(told));
    say(now.confirmed(), last);
    if (holds(now.confirmed(), last)) {
      return null;
    }
    return new CaptureEnd.Missing(
        GapCause.LOG_DIVERGED,
        "the database's log does not hold what was captured of it behind "
            + Lsn.text(now.confirmed())
            + ": it was restored from a copy and went another way since",
        now.confirmed(),
        0);
  }

  private void say(long at, SourceMark last) {
    progress.state(
        SourceState.WAITING,
        "looks whether the database's log is the one that was captured: it is read again, and has"
            + " come to "
            + Lsn.text(at)
            + " of "
            + Lsn.text(last.commitPosition()));
  }

  private boolean holds(long from, SourceMark last)
      throws SQLException, IOException, InterruptedException {
    try (var replication = database.connectForReplication();
        var stream = Slot.stream(replication, slot, publications, from)) {
      return find(stream, last);
    }
  }

  private boolean find(PGReplicationStream stream, SourceMark last)
      throws SQLException, IOException, InterruptedException {
    var saidAtNs = System.nanoTime();
    var askedAtNs = saidAtNs - STEP_NS;
    while (true) {
      if (System.nanoTime() - askedAtNs >= STEP_NS) {
        step.check();
        askedAtNs = System.nanoTime();
      }
      var message = UndecodedException.next(stream);
      if (message != null && message.get(message.position()) == 'B') {
        var commit = message.getLong(message.position() + 1);
        if (commit == last.commitPosition()) {
          return xid(message) == last.xid();
        }
        if (Long.compareUnsigned(commit, last.commitPosition()) > 0) {
          return false;
        }
      }
      if (message == null) {
        if (stream.isClosed()) {
          throw new SQLException("the database closed the connection", "08006");
        }
        if (Long.compareUnsigned(stream.getLastReceiveLSN().asLong(), last.commitPosition()) > 0) {
          return false;
        }
        TimeUnit.MILLISECONDS.sleep(2);
      }
      if (System.nanoTime() - saidAtNs > STATUS_NS) {
        // That we are there, and nothing about how far: nothing new is safe.
        stream.forceUpdateStatus();
        say(stream.getLastReceiveLSN().asLong(), last);
        saidAtNs = System.nanoTime();
      }
    }
  }

  /// Behind the kind, the commit's position and its time.
  private static long xid(ByteBuffer begin) {
    return Integer.toUnsignedLong(begin.getInt(begin.position() + 1 + 2 * Long.BYTES));
  }
}
