package io.claritystream.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Looks again and again at how far the customer's database may forget its log, and whether bronze
/// has at least all that was committed until there: if not, a kill at that moment would have lost
/// something.
final class SlotWatch {
  private static final long PERIOD_MS = 10;

  private final ChaosSource source;
  private final String database;
  private final Installation installation;
  private final UUID sourceId;
  private final long snapshotRows;
  private final ChaosWriter.Committed committed;
  private final Thread thread;
  private volatile boolean stopped;
  private volatile long samples;
  private volatile @Nullable String ahead;
  private volatile @Nullable RuntimeException failure;

  SlotWatch(
      ChaosSource source,
      String database,
      Installation installation,
      UUID sourceId,
      long snapshotRows,
      ChaosWriter.Committed committed) {
    this.source = source;
    this.database = database;
    this.installation = installation;
    this.sourceId = sourceId;
    this.snapshotRows = snapshotRows;
    this.committed = committed;
    thread = Thread.ofPlatform().name("watches-slot").daemon().start(this::watch);
  }

  private void watch() {
    try {
      while (!stopped) {
        try (Connection customer = source.connect(database);
            Connection platform = installation.database("service")) {
          while (!stopped) {
            look(customer, platform);
            TimeUnit.MILLISECONDS.sleep(PERIOD_MS);
          }
        } catch (SQLException e) {
          // One of them was killed; it comes again.
          TimeUnit.MILLISECONDS.sleep(50);
        }
      }
    } catch (InterruptedException e) {
      failure = new BenchFailedException("interrupted", e);
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  /// The customer's side first: bronze may only have gone on since.
  private void look(Connection customer, Connection platform) throws SQLException {
    String lsn =
        Sql.text(
            customer,
            "SELECT confirmed_flush_lsn::text FROM pg_replication_slots"
                + " WHERE database = current_database() AND NOT temporary");
    if (lsn == null) {
      return;
    }
    long needed = committed.until(ChaosWriter.Committed.position(lsn));
    // A number is an event; those of the snapshot come first.
    long durable =
        Sql.number(
            platform,
            "SELECT bronze_seq FROM control.checkpoint_source WHERE source_id = '"
                + sourceId
                + "' AND epoch = 1");
    samples++;
    if (durable > 0 && durable - snapshotRows < needed) {
      ahead =
          "the slot stood at %s, until which %d changes were committed; bronze had %d of them"
              .formatted(lsn, needed, durable - snapshotRows);
    }
  }

  /// Ends it.
  ///
  /// @return what was wrong, null if nothing was
  @Nullable String stop() throws InterruptedException {
    stopped = true;
    thread.join();
    RuntimeException failed = failure;
    if (failed != null) {
      throw failed;
    }
    return ahead;
  }

  long samples() {
    return samples;
  }
}
