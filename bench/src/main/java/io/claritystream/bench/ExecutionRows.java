package io.claritystream.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/// A month of executions, made by SQL: of fifty workflows, the first of which have most; one in
/// fifty failed, one in two hundred canceled, a third with a name and one of their correlation
/// keys.
final class ExecutionRows {
  static final int WORKFLOWS = 50;
  static final int CORRELATION_KEYS = 500_000;
  static final int DAYS = 30;

  /// Of the newest: what a person opens.
  private static final int WITH_LOG = 10_000;

  private ExecutionRows() {}

  /// @param superuser a connection, which is used for this alone
  /// @param tenant whose they are
  static void make(Connection superuser, UUID tenant, int rows, Report report) throws SQLException {
    // What is made again if it is lost needs no log that is waited for.
    Sql.run(superuser, "SET synchronous_commit = off");
    Instant now = Instant.now();
    LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
    long beginMs =
        today.minusDays(DAYS - 1L).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
    double stepMs = (now.toEpochMilli() - beginMs) / (double) rows;
    long made = 0;
    for (int day = 0; day < DAYS; day++) {
      LocalDate date = today.minusDays(DAYS - 1L - day);
      Sql.run(superuser, "SELECT maestro.create_day(date '" + date + "')");
      long endMs = beginMs + TimeUnit.DAYS.toMillis(day + 1L);
      long until = Math.min(rows, (long) ((endMs - beginMs) / stepMs));
      insert(superuser, tenant, beginMs, stepMs, made, until);
      made = until;
      report.step("%,d executions of %,d".formatted(made, rows));
    }
    logs(superuser);
    Sql.run(superuser, "VACUUM (ANALYZE) maestro.execution_ended");
    Sql.run(superuser, "VACUUM (ANALYZE) maestro.execution_log");
    Sql.run(superuser, "CHECKPOINT");
  }

  /// The executions with these numbers, from which all else about them follows.
  private static void insert(
      Connection superuser, UUID tenant, long beginMs, double stepMs, long from, long to)
      throws SQLException {
    Sql.run(
        superuser,
        """
        INSERT INTO maestro.execution_ended (execution_id, ended, tenant_id, workflow_id, version, status,
          trigger_type, trigger_key, name, name_key, correlation_key, created_at, started_at, finished_at, outcome,
          outcome_step, outcome_message, effects_of, steps_done, worker_us, node_id, lease_epoch, deadline_at)
        SELECT id, true, '%1$s', md5('workflow ' || floor(%2$d * power(u, 2)))::uuid, 1, status,
          CASE WHEN n %% 10 = 0 THEN 'api' ELSE 'webhook' END, 'hook',
          CASE WHEN n %% 3 = 0 THEN 'Order ' || n END, CASE WHEN n %% 3 = 0 THEN 'order ' || n END,
          CASE WHEN n %% 3 = 0 THEN 'K-' || hash %% %3$d END,
          at, at, at + interval '12 milliseconds',
          CASE status WHEN 'failed' THEN (ARRAY['http_503', 'timeout', 'step_failed'])[1 + n %% 3] ELSE status END,
          CASE status WHEN 'failed' THEN 'call' END,
          CASE status WHEN 'failed' THEN 'The receiver answered 503.' END,
          id, 2, 900, 1, 1, at + interval '1 hour'
        FROM (
          SELECT n, hash, u, to_timestamp(ms / 1000.0) AS at,
            CASE WHEN n %% 50 = 7 THEN 'failed' WHEN n %% 200 = 11 THEN 'canceled' ELSE 'success' END AS status,
            (lpad(to_hex(ms), 12, '0') || '7' || substr(digits, 1, 3) || '8' || substr(digits, 4, 15))::uuid AS id
          FROM (
            SELECT n, (%4$d + n * %5$s)::bigint AS ms, md5(n::text) AS digits, hashint8(n)::bigint & 2147483647 AS hash,
              (hashint8(n + 1000000007)::bigint & 2147483647) / 2147483648.0 AS u
            FROM generate_series(%6$d, %7$d - 1) AS n) AS numbered) AS made
        """
            .formatted(
                tenant, WORKFLOWS, CORRELATION_KEYS, beginMs, Double.toString(stepMs), from, to));
  }

  private static void logs(Connection superuser) throws SQLException {
    Sql.run(
        superuser,
        """
        INSERT INTO maestro.execution_log (execution_id, log_id, tenant_id, "timestamp", level, kind, step,
          attempt, message, duration_us, recorded, recorded_bytes)
        SELECT execution_id, line, tenant_id, created_at, 'info',
          CASE line WHEN 0 THEN 'trigger' ELSE 'succeeded' END,
          CASE line WHEN 0 THEN NULL ELSE 'step' || line END, 1, 'Step ' || line, 300, '{"total":42.5}', 14
        FROM (SELECT * FROM maestro.execution_ended ORDER BY execution_id DESC LIMIT %d) AS newest
        CROSS JOIN generate_series(0, 2) AS line
        """
            .formatted(WITH_LOG));
  }

  /// A workflow that has many, and one that has few.
  static UUID workflow(Connection connection, int number) throws SQLException {
    return UUID.fromString(
        String.valueOf(Sql.text(connection, "SELECT md5('workflow " + number + "')::uuid::text")));
  }
}
