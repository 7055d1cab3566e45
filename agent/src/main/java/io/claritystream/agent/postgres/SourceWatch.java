package io.claritystream.agent.postgres;

import io.claritystream.protocol.link.GapCause;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks at the source from aside, over a connection of its own: whether our slot is still ours and
/// where we left it, how much log it holds back, and what became of the tables ([Reconciliation]).
/// A table that lost its identity is moved to the publication of inserts, before the customer's own
/// changes fail for long.
final class SourceWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SourceWatch.class);

  /// Every so many looks it looks at the tables as well.
  private static final int TABLES_EVERY = 2;

  private final Database database;
  private final Reconciliation reconciliation;
  private final SnapshotOrders orders;
  private final String slot;
  private final Progress progress;
  private final LongSupplier told;
  private final Consumer<CaptureEnd.Missing> missing;
  private final Duration every;
  private final Thread thread;
  private final CountDownLatch end = new CountDownLatch(1);
  private volatile @Nullable Connection current;
  private String said = "";

  /// @param told the most that the source was told by us
  /// @param missing told when the slot does not go on where we are
  /// @param every how long from one look to the next
  SourceWatch(
      Database database,
      Reconciliation reconciliation,
      SnapshotOrders orders,
      String slot,
      Progress progress,
      LongSupplier told,
      Consumer<CaptureEnd.Missing> missing,
      Duration every) {
    this.database = database;
    this.reconciliation = reconciliation;
    this.orders = orders;
    this.slot = slot;
    this.progress = progress;
    this.told = told;
    this.missing = missing;
    this.every = every;
    thread = Thread.ofPlatform().name("watch").daemon().unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  private void run() {
    try {
      do {
        try (var connection = database.connect()) {
          current = connection;
          connection.setNetworkTimeout(Runnable::run, 30_000);
          watch(connection);
        } catch (SQLException e) {
          refused(e);
        } catch (IOException e) {
          LOG.warn("what became of the tables cannot be written down: {}", e.getMessage());
        }
      } while (!ended());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Said once: what keeps us from looking at the tables keeps us from finding what befalls them.
  private void refused(SQLException e) {
    var words =
        "What becomes of the tables cannot be looked at now: " + Unusable.words(e, database);
    if (end.getCount() > 0 && !words.equals(said)) {
      LOG.warn("{}", words);
      said = words;
      progress.unwatched(words);
    }
  }

  private void watch(Connection connection) throws SQLException, IOException, InterruptedException {
    for (var round = 0; end.getCount() > 0; round++) {
      look(connection);
      orders.takeLeft();
      if (round % TABLES_EVERY == TABLES_EVERY - 1) {
        progress.notes(reconciliation.run(connection));
        progress.unwatched("");
        said = "";
      }
      if (ended()) {
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

  /// @return whether it was ended meanwhile
  private boolean ended() throws InterruptedException {
    return end.await(every.toMillis(), TimeUnit.MILLISECONDS);
  }

  /// Nothing is done to the source, and nothing written down, once this returns.
  @Override
  public void close() {
    end.countDown();
    var connection = current;
    if (connection != null) {
      try {
        connection.abort(Runnable::run);
      } catch (SQLException e) {
        LOG.debug("the watch's connection cannot be ended", e);
      }
    }
    try {
      thread.join();
      progress.unwatched("");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
