package io.claritystream.stream.ingest;

import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Ends the transactions of processes that were stopped, or whose machine went away, in the middle
/// of a COPY. They hold what they wrote, a partition's fence first of all, and PostgreSQL itself
/// lets them: while a COPY waits for its client none of its time-outs counts. Every process looks,
/// so one that lives is enough; what is ended wrongly is only tried again.
final class StoppedCopies implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(StoppedCopies.class);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(5);

  /// As long as a transaction may be idle between its statements. A COPY here takes its rows from
  /// memory, so one that began so long ago and waits for them has nobody to bring them.
  private static final Duration SILENT_MAX = Duration.ofSeconds(15);

  private static final String END =
      """
      SELECT pid, pg_terminate_backend(pid) AS ended
      FROM pg_stat_activity
      WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
        AND state = 'active' AND wait_event_type = 'Client' AND wait_event = 'ClientRead'
        AND query_start < clock_timestamp() - CAST(? AS bigint) * interval '1 millisecond'
      """;

  private final DataSource service;
  private final CountDownLatch closing = new CountDownLatch(1);
  private @Nullable Thread thread;

  StoppedCopies(DataSource service) {
    this.service = service;
  }

  synchronized void start() {
    if (thread == null) {
      thread = Thread.ofVirtual().name("stopped-copies").start(this::run);
    }
  }

  @Override
  public void close() {
    closing.countDown();
  }

  private void run() {
    try {
      while (!closing.await(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          end(SILENT_MAX);
        } catch (SQLException | RuntimeException e) {
          log.warn("stopped transactions could not be looked for: cause={}", e.toString());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Ends the COPYs that began at least so long ago and wait for their clients.
  ///
  /// @return how many
  int end(Duration silent) throws SQLException {
    var count = 0;
    try (var connection = service.getConnection();
        var end = connection.prepareStatement(END)) {
      end.setLong(1, silent.toMillis());
      try (var found = end.executeQuery()) {
        while (found.next()) {
          log.warn(
              "transaction ended whose process does not go on with a COPY: pid={} ended={}",
              found.getInt("pid"),
              found.getBoolean("ended"));
          count++;
        }
      }
    }
    return count;
  }
}
