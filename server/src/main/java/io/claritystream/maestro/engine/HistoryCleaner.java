package io.claritystream.maestro.engine;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Forgets executions whose term is over. Whole days are dropped beyond the longest term of any
/// plan. Of tenants with a shorter one the database hides them at once, by policy, and here they
/// are deleted by night: in portions, each in a transaction of its own, by one process at a time.
/// What was left by nights in which no process ran is deleted by day.
final class HistoryCleaner implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HistoryCleaner.class);

  private static final int EXECUTIONS_AT_A_TIME = 1_000;
  private static final int NIGHT_ENDS_HOUR = 5;
  private static final int LEFT_BY_NIGHTS_DAYS = 2;
  private static final int REDRIVES_KEPT_DAYS = 90;
  private static final Duration LOOK_EVERY = Duration.ofMinutes(5);
  private static final Duration STOP_MAX = Duration.ofSeconds(5);

  /// The hot path shares the disk.
  private static final Duration BETWEEN_PORTIONS = Duration.ofMillis(50);

  private static final String LEASE =
      "SELECT pg_try_advisory_xact_lock(hashtextextended('maestro.history cleaner', 0))";

  private static final String DAYS =
      """
      SELECT d.day
      FROM (SELECT to_date(substring(c.relname FROM '[0-9]{8}$'), 'YYYYMMDD') AS day
            FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'maestro.execution_log'::regclass) AS d
      WHERE d.day < ?::date - (SELECT max(log_retention_days) FROM control.plan)
      ORDER BY d.day
      """;

  /// Nobody who takes executions in waits behind it for long.
  private static final String LOCK_TIMEOUT = "SET LOCAL lock_timeout = '1s'";

  private static final String DROP = "SELECT maestro.drop_day(?)";

  private static final String SHORTER =
      """
      SELECT d.tenant_id, p.log_retention_days
      FROM control.dim_tenant d JOIN control.plan p USING (plan)
      WHERE p.log_retention_days < (SELECT max(log_retention_days) FROM control.plan)
      ORDER BY d.tenant_id
      """;

  private static final String OVER =
      """
      SELECT execution_id FROM maestro.execution_ended
      WHERE tenant_id = ? AND execution_id < bronze.first_id_of(?)
      ORDER BY execution_id LIMIT ?
      """;

  /// The range keeps to the days in which they lie.
  private static final List<String> DELETES =
      List.of(
          "DELETE FROM maestro.execution_body WHERE tenant_id = ? AND execution_id BETWEEN ? AND ? AND execution_id = ANY (?::uuid[])",
          "DELETE FROM maestro.execution_log WHERE tenant_id = ? AND execution_id BETWEEN ? AND ? AND execution_id = ANY (?::uuid[])",
          "DELETE FROM maestro.execution_ended WHERE tenant_id = ? AND execution_id BETWEEN ? AND ? AND execution_id = ANY (?::uuid[])");

  private static final String REDRIVES =
      "DELETE FROM maestro.redrive WHERE state <> 'running' AND ended_at < ?";

  private final DataSource engine;
  private final Clock clock;
  private final CountDownLatch closing = new CountDownLatch(1);
  private @Nullable Thread cleaner;

  HistoryCleaner(DataSource engine, Clock clock) {
    this.engine = engine;
    this.clock = clock;
  }

  synchronized void start() {
    if (cleaner == null) {
      cleaner = Thread.ofVirtual().name("history-cleaner").start(this::cleanAll);
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

  private void cleanAll() {
    try {
      while (!closing.await(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          clean(clock.instant());
        } catch (SQLException | RuntimeException e) {
          log.warn("history could not be cleaned, trying again: cause={}", e.toString());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// All that is over at a time.
  void clean(Instant now) throws SQLException, InterruptedException {
    var at = now.atZone(ZoneOffset.UTC);
    var today = at.toLocalDate();
    for (var day : days(today)) {
      drop(day);
    }
    var left = at.getHour() < NIGHT_ENDS_HOUR ? 0 : LEFT_BY_NIGHTS_DAYS;
    for (var tenant : shorter()) {
      var firstKept = today.minusDays(tenant.days + left);
      while (delete(tenant.tenant, firstKept)) {
        if (closing.await(BETWEEN_PORTIONS.toMillis(), TimeUnit.MILLISECONDS)) {
          return;
        }
      }
    }
    try (var connection = engine.getConnection();
        var redrives = connection.prepareStatement(REDRIVES)) {
      redrives.setObject(1, at.minusDays(REDRIVES_KEPT_DAYS).toOffsetDateTime());
      redrives.executeUpdate();
    }
  }

  private List<LocalDate> days(LocalDate today) throws SQLException {
    try (var connection = engine.getConnection();
        var statement = connection.prepareStatement(DAYS)) {
      statement.setObject(1, today);
      var days = new ArrayList<LocalDate>();
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          days.add(rows.getObject(1, LocalDate.class));
        }
      }
      return days;
    }
  }

  private void drop(LocalDate day) throws SQLException {
    inTransaction(
        connection -> {
          try (var timeout = connection.createStatement();
              var drop = connection.prepareStatement(DROP)) {
            timeout.execute(LOCK_TIMEOUT);
            drop.setObject(1, day);
            try (var row = drop.executeQuery()) {
              row.next();
              if (row.getBoolean(1)) {
                log.info("day of executions dropped: day={}", day);
              }
              return true;
            }
          }
        });
  }

  private record Shorter(UUID tenant, int days) {}

  private List<Shorter> shorter() throws SQLException {
    try (var connection = engine.getConnection();
        var statement = connection.prepareStatement(SHORTER);
        var rows = statement.executeQuery()) {
      var shorter = new ArrayList<Shorter>();
      while (rows.next()) {
        shorter.add(new Shorter(rows.getObject(1, UUID.class), rows.getInt(2)));
      }
      return shorter;
    }
  }

  /// @return whether there may be more
  private boolean delete(UUID tenant, LocalDate firstKept) throws SQLException {
    return inTransaction(
        connection -> {
          var over = over(connection, tenant, firstKept);
          if (over.isEmpty()) {
            return false;
          }
          for (var delete : DELETES) {
            try (var statement = connection.prepareStatement(delete)) {
              new Arrays(connection, statement)
                  .object(tenant)
                  .object(over.getFirst())
                  .object(over.getLast())
                  .uuids(over, id -> id);
              statement.executeUpdate();
            }
          }
          return over.size() == EXECUTIONS_AT_A_TIME;
        });
  }

  private static List<UUID> over(Connection connection, UUID tenant, LocalDate firstKept)
      throws SQLException {
    try (var statement = connection.prepareStatement(OVER)) {
      statement.setObject(1, tenant);
      statement.setObject(2, firstKept);
      statement.setInt(3, EXECUTIONS_AT_A_TIME);
      var over = new ArrayList<UUID>();
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          over.add(rows.getObject(1, UUID.class));
        }
      }
      return over;
    }
  }

  private interface Work {
    boolean on(Connection connection) throws SQLException;
  }

  /// @return what the work does, or false if another process cleans
  private boolean inTransaction(Work work) throws SQLException {
    try (var connection = engine.getConnection()) {
      connection.setAutoCommit(false);
      try {
        var more = leased(connection) && work.on(connection);
        connection.commit();
        return more;
      } catch (SQLException e) {
        connection.rollback();
        throw e;
      }
    }
  }

  private static boolean leased(Connection connection) throws SQLException {
    try (var lease = connection.prepareStatement(LEASE);
        var held = lease.executeQuery()) {
      return held.next() && held.getBoolean(1);
    }
  }
}
