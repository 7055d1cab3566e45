package io.claritystream.stream.materializer;

import io.claritystream.stream.deadletter.DeadLetters;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Deletes retired models in the background: in portions, each in a transaction of its own, which
/// holds the lease while it lasts. Whoever stops in the middle leaves a smaller model to the next.
///
/// The rows of one table after the other go, the series' after their minutes, the model's own last.
public final class ModelCleaner implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ModelCleaner.class);

  private static final int ROWS_AT_A_TIME = 10_000;
  private static final int SERIES_AT_A_TIME = 200;
  private static final Duration STOP_MAX = Duration.ofSeconds(5);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(15);

  /// Ingest shares the disk.
  private static final Duration BETWEEN_PORTIONS = Duration.ofMillis(50);

  private static final String LEASE =
      "SELECT pg_try_advisory_xact_lock(hashtextextended('analytics.model cleaner', 0))";

  private static final String NEXT =
      """
      SELECT model_id FROM analytics.model
      WHERE state = 'retired'
      ORDER BY model_id LIMIT 1
      FOR UPDATE
      """;

  private static final String DELETE_MINUTES =
      """
      DELETE FROM analytics.metrics_min
      WHERE ctid = ANY (ARRAY(
        SELECT m.ctid
        FROM (SELECT series_id FROM analytics.series WHERE model_id = ?
              ORDER BY series_id LIMIT ?) AS s
        JOIN analytics.metrics_min m USING (series_id)
        LIMIT ?))
      """;

  private static final String DELETE_SERIES =
      """
      DELETE FROM analytics.series
      WHERE series_id = ANY (ARRAY(
        SELECT series_id FROM analytics.series WHERE model_id = ? ORDER BY series_id LIMIT ?))
      """;

  private static final String DELETE_ROW_STATES =
      """
      DELETE FROM analytics.row_state
      WHERE ctid = ANY (ARRAY(
        SELECT r.ctid
        FROM analytics.model_table t JOIN analytics.row_state r USING (table_id)
        WHERE t.model_id = ?
        LIMIT ?))
      """;

  private static final List<String> DELETE_ROWS =
      List.of(
          """
          DELETE FROM analytics.sessions
          WHERE ctid = ANY (ARRAY(SELECT ctid FROM analytics.sessions WHERE model_id = ? LIMIT ?))
          """,
          """
          DELETE FROM analytics.extras_text
          WHERE ctid = ANY (ARRAY(SELECT ctid FROM analytics.extras_text WHERE model_id = ? LIMIT ?))
          """,
          """
          DELETE FROM analytics.extras_num
          WHERE ctid = ANY (ARRAY(SELECT ctid FROM analytics.extras_num WHERE model_id = ? LIMIT ?))
          """,
          """
          DELETE FROM analytics.extras_bool
          WHERE ctid = ANY (ARRAY(SELECT ctid FROM analytics.extras_bool WHERE model_id = ? LIMIT ?))
          """,
          """
          DELETE FROM analytics.extras_time
          WHERE ctid = ANY (ARRAY(SELECT ctid FROM analytics.extras_time WHERE model_id = ? LIMIT ?))
          """,
          """
          DELETE FROM analytics.extras_type
          WHERE ctid = ANY (ARRAY(SELECT ctid FROM analytics.extras_type WHERE model_id = ? LIMIT ?))
          """,
          """
          DELETE FROM analytics.entities
          WHERE ctid = ANY (ARRAY(SELECT ctid FROM analytics.entities WHERE model_id = ? LIMIT ?))
          """,
          """
          DELETE FROM analytics.devices
          WHERE ctid = ANY (ARRAY(SELECT ctid FROM analytics.devices WHERE model_id = ? LIMIT ?))
          """,
          """
          DELETE FROM analytics.sites
          WHERE ctid = ANY (ARRAY(SELECT ctid FROM analytics.sites WHERE model_id = ? LIMIT ?))
          """,
          """
          DELETE FROM analytics.table_state
          WHERE ctid = ANY (ARRAY(SELECT ctid FROM analytics.table_state WHERE model_id = ? LIMIT ?))
          """,
          """
          DELETE FROM analytics.model_table
          WHERE ctid = ANY (ARRAY(SELECT ctid FROM analytics.model_table WHERE model_id = ? LIMIT ?))
          """);

  private static final String DELETE_MODEL = "DELETE FROM analytics.model WHERE model_id = ?";

  private final DataSource service;
  private final DeadLetters deadLetters;
  private final CountDownLatch closing = new CountDownLatch(1);
  private @Nullable Thread cleaner;

  ModelCleaner(DataSource service, DeadLetters deadLetters) {
    this.service = service;
    this.deadLetters = deadLetters;
  }

  /// Cleans until closed.
  public synchronized void start() {
    if (cleaner == null) {
      cleaner = Thread.ofVirtual().name("model-cleaner").start(this::clean);
    }
  }

  /// Waits for the portion at hand.
  @Override
  public synchronized void close() {
    closing.countDown();
    try {
      if (cleaner != null && !cleaner.join(STOP_MAX)) {
        log.warn("cleaner did not end in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void clean() {
    var pause = Duration.ZERO;
    try {
      while (!closing.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
        pause = more() ? BETWEEN_PORTIONS : LOOK_EVERY;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean more() {
    try {
      return portion();
    } catch (SQLException | RuntimeException e) {
      log.warn("retired models could not be deleted, trying again: cause={}", e.toString());
      return false;
    }
  }

  /// Deletes the next portion; false if there is nothing to delete, or another process is at it.
  boolean portion() throws SQLException {
    try (var connection = service.getConnection()) {
      connection.setAutoCommit(false);
      try {
        var model = next(connection);
        if (model != null) {
          delete(connection, model);
        }
        connection.commit();
        return model != null;
      } catch (SQLException e) {
        connection.rollback();
        throw e;
      }
    }
  }

  private static @Nullable Integer next(Connection connection) throws SQLException {
    try (var lease = connection.prepareStatement(LEASE);
        var held = lease.executeQuery()) {
      if (!held.next() || !held.getBoolean(1)) {
        return null;
      }
    }
    try (var next = connection.prepareStatement(NEXT);
        var found = next.executeQuery()) {
      return found.next() ? found.getInt(1) : null;
    }
  }

  private void delete(Connection connection, int model) throws SQLException {
    if (update(connection, DELETE_MINUTES, model, SERIES_AT_A_TIME, ROWS_AT_A_TIME) > 0
        || update(connection, DELETE_SERIES, model, SERIES_AT_A_TIME) > 0
        || update(connection, DELETE_ROW_STATES, model, ROWS_AT_A_TIME) > 0) {
      return;
    }
    for (var rows : DELETE_ROWS) {
      if (update(connection, rows, model, ROWS_AT_A_TIME) > 0) {
        return;
      }
    }
    if (deadLetters.forget(connection, model, ROWS_AT_A_TIME) > 0) {
      return;
    }
    update(connection, DELETE_MODEL, model);
    log.info("retired model deleted: model={}", model);
  }

  private static int update(Connection connection, String sql, int... parameters)
      throws SQLException {
    try (var statement = connection.prepareStatement(sql)) {
      for (var i = 0; i < parameters.length; i++) {
        statement.setInt(i + 1, parameters[i]);
      }
      return statement.executeUpdate();
    }
  }
}
