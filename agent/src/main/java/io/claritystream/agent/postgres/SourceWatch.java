package io.claritystream.agent.postgres;

import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks at the source from aside, over a connection of its own: how much log our slot holds back,
/// which tables came or lost their identity. A table that lost it is moved to the publication of
/// inserts at once, before the customer's own changes fail for long.
final class SourceWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SourceWatch.class);
  private static final long LAG_MS = 3_000;
  private static final int TABLES_EVERY = 10;

  private final Database database;
  private final TableChoice choice;
  private final Publications publications;
  private final String slot;
  private final Progress progress;
  private final Thread thread;
  private volatile boolean stopped;

  SourceWatch(
      Database database,
      TableChoice choice,
      Publications publications,
      String slot,
      Progress progress) {
    this.database = database;
    this.choice = choice;
    this.publications = publications;
    this.slot = slot;
    this.progress = progress;
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
          var now = Slot.read(connection, slot);
          if (now != null) {
            progress.lag(now.held());
          }
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
