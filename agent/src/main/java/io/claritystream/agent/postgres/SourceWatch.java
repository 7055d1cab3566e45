package io.claritystream.agent.postgres;

import io.claritystream.protocol.link.GapCause;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks at the source from aside, over a connection of its own: whether our slot is still ours and
/// where we left it, how much log it holds back, which tables came or lost their identity. A table
/// that lost it is moved to the publication of inserts at once, before the customer's own changes
/// fail for long.
final class SourceWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SourceWatch.class);
  private static final long LAG_MS = 3_000;
  private static final int TABLES_EVERY = 10;

  private final Database database;
  private final TableChoice choice;
  private final Publications publications;
  private final String slot;
  private final Progress progress;
  private final LongSupplier told;
  private final Consumer<CaptureEnd.Missing> missing;
  private final Thread thread;
  private volatile boolean stopped;

  /// @param told the most that the source was told by us
  /// @param missing told when the slot does not go on where we are
  SourceWatch(
      Database database,
      TableChoice choice,
      Publications publications,
      String slot,
      Progress progress,
      LongSupplier told,
      Consumer<CaptureEnd.Missing> missing) {
    this.database = database;
    this.choice = choice;
    this.publications = publications;
    this.slot = slot;
    this.progress = progress;
    this.told = told;
    this.missing = missing;
    thread = Thread.ofPlatform().name("watch").daemon().unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  private void run() {
    while (!stopped) {
      try (var connection = database.connect()) {
        connection.setNetworkTimeout(Runnable::run, 30_000);
        for (var round = 0; !stopped; round++) {
          look(connection);
          if (round % TABLES_EVERY == TABLES_EVERY - 1) {
            var found = Preflight.check(connection, choice, publications);
            progress.notes(found.notesUnderWay());
            if (publications.make(connection, found.version(), found.published())) {
              LOG.warn("a table's replica identity changed, its publication was set right");
            }
          }
          TimeUnit.MILLISECONDS.sleep(LAG_MS);
        }
      } catch (SQLException e) {
        LOG.debug("the source cannot be watched now: {}", e.getMessage());
        pause();
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void look(Connection connection) throws SQLException {
    var now = Slot.read(connection, slot);
    if (now == null) {
      missing.accept(
          new CaptureEnd.Missing(
              GapCause.SLOT_DROPPED,
              "the replication slot " + slot + " is gone",
              told.getAsLong(),
              0));
      return;
    }
    progress.lag(now.held());
    // Read after the slot was: what we have said since cannot be taken for somebody else's doing.
    var found = Continuity.missing(now, slot, told.getAsLong());
    if (found != null) {
      missing.accept(found);
    }
  }

  private void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(LAG_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      stopped = true;
    }
  }

  @Override
  public void close() {
    stopped = true;
    thread.interrupt();
  }
}
