package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.maestro.action.Json;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What people decide about executions that wait: what became of a step of which nobody knows
/// whether it has acted, and that what is to be tried again is tried at once.
///
/// A decision is lines of the journal, so whoever goes on with the execution reads it there. The
/// time for which it waited for a person is added to the time that it has.
final class Decisions {

  private static final String NAME_THE_TENANT = "SELECT set_config('clarity.tenant', ?, true)";

  /// The last entry is looked for under the row's lock: whoever decides second sees the first.
  private static final String WAITING =
      """
      SELECT execution_id FROM maestro.execution_open
      WHERE execution_id = ? AND status = 'waiting' AND waiting_for = ?
      FOR UPDATE
      """;

  private static final String LAST =
      """
      SELECT o.workflow_id, o.version, l.log_id, l.step, l.attempt, l."timestamp"
      FROM maestro.execution_open o
      CROSS JOIN LATERAL (
        SELECT log_id, step, attempt, "timestamp" FROM maestro.execution_log l
        WHERE l.execution_id = o.execution_id ORDER BY log_id DESC LIMIT 1) AS l
      WHERE o.execution_id = ? AND o.status = 'waiting' AND o.waiting_for = ?
      """;

  private static final String TELL =
      """
      INSERT INTO maestro.execution_log (execution_id, log_id, tenant_id, "timestamp", level, kind, step,
        attempt, message, output_glimpse, recorded, recorded_bytes)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """;

  private static final String TELL_APART =
      "INSERT INTO maestro.execution_body (execution_id, log_id, tenant_id, body) VALUES (?, ?, ?, ?)";

  private static final String GO_ON =
      """
      UPDATE maestro.execution_open
      SET status = 'pending', waiting_for = NULL, ready_at = ?, lease_epoch = lease_epoch + 1,
        deadline_at = deadline_at + ? * interval '1 millisecond'
      WHERE execution_id = ?
      """;

  /// What became of a step.
  enum Verdict {
    /// Nobody knows, and it is done again under the same key.
    RETRY,
    SUCCEEDED,
    FAILED
  }

  /// @param output what it answered, if it succeeded
  /// @param note of the person who decided
  record Decision(Verdict verdict, @Nullable Object output, @Nullable String note) {}

  /// Where an execution stands that waits.
  record Standing(UUID workflow, int version, int logId, String step, int attempt, Instant since) {}

  private Decisions() {}

  /// Throws the problem `conflict` if the execution does not wait for a decision.
  static void resolve(
      Connection connection,
      TenantId tenant,
      UUID execution,
      Decision decision,
      Redaction redaction,
      Instant now)
      throws SQLException {
    decide(
        connection,
        tenant,
        execution,
        "decision",
        "The execution does not wait for a decision.",
        now,
        standing -> lines(standing, decision, redaction, now));
  }

  /// Lets what is to be tried again later be tried at once.
  static void wake(Connection connection, TenantId tenant, UUID execution, Instant now)
      throws SQLException {
    decide(
        connection,
        tenant,
        execution,
        "retry",
        "The execution does not wait for another try.",
        now,
        standing ->
            List.of(
                line(
                    standing,
                    1,
                    LogLine.Kind.NOTE,
                    "A person let step " + standing.step + " be tried again at once",
                    null,
                    null,
                    now)));
  }

  private static void decide(
      Connection connection,
      TenantId tenant,
      UUID execution,
      String waitingFor,
      String otherwise,
      Instant now,
      Function<Standing, List<LogLine>> lines)
      throws SQLException {
    connection.setAutoCommit(false);
    try {
      try (var name = connection.prepareStatement(NAME_THE_TENANT)) {
        name.setString(1, tenant.toString());
        name.execute();
      }
      var standing = standing(connection, execution, waitingFor);
      if (standing == null) {
        throw Problem.of(ProblemCode.CONFLICT, otherwise);
      }
      for (var line : lines.apply(standing)) {
        write(connection, tenant, execution, line);
      }
      var waitedMs =
          waitingFor.equals("decision")
              ? Math.max(0, now.toEpochMilli() - standing.since.toEpochMilli())
              : 0;
      try (var goOn = connection.prepareStatement(GO_ON)) {
        goOn.setObject(1, now.atOffset(ZoneOffset.UTC));
        goOn.setLong(2, waitedMs);
        goOn.setObject(3, execution);
        goOn.executeUpdate();
      }
      connection.commit();
    } catch (SQLException | RuntimeException e) {
      connection.rollback();
      throw e;
    }
  }

  private static @Nullable Standing standing(
      Connection connection, UUID execution, String waitingFor) throws SQLException {
    try (var lock = connection.prepareStatement(WAITING)) {
      lock.setObject(1, execution);
      lock.setString(2, waitingFor);
      try (var row = lock.executeQuery()) {
        if (!row.next()) {
          return null;
        }
      }
    }
    try (var look = connection.prepareStatement(LAST)) {
      look.setObject(1, execution);
      look.setString(2, waitingFor);
      try (var row = look.executeQuery()) {
        return row.next()
            ? new Standing(
                row.getObject(1, UUID.class),
                row.getInt(2),
                row.getInt(3),
                row.getString(4),
                row.getInt(5),
                row.getObject(6, OffsetDateTime.class).toInstant())
            : null;
      }
    }
  }

  private static List<LogLine> lines(
      Standing standing, Decision decision, Redaction redaction, Instant now) {
    var note = decision.note == null ? "" : ": " + decision.note;
    var step = "step " + standing.step;
    return switch (decision.verdict) {
      case RETRY ->
          List.of(
              line(
                  standing,
                  1,
                  LogLine.Kind.RESOLVED,
                  "A person decided that " + step + " is tried again" + note,
                  null,
                  null,
                  now));
      case SUCCEEDED -> {
        var recorded = Json.write(decision.output);
        redaction.learn(decision.output, "steps", standing.step);
        yield List.of(
            line(
                standing,
                1,
                LogLine.Kind.RESOLVED,
                "A person decided that " + step + " succeeded" + note,
                null,
                null,
                now),
            line(
                standing,
                2,
                LogLine.Kind.SUCCEEDED,
                "Step " + standing.step + " succeeded, as a person said",
                redaction.ofOutput(decision.output, recorded, "steps", standing.step),
                recorded,
                now));
      }
      case FAILED -> {
        var message = "A person decided that " + step + " failed" + note;
        var failed = new LinkedHashMap<String, @Nullable Object>();
        failed.put("failed", message);
        yield List.of(
            line(standing, 1, LogLine.Kind.RESOLVED, message, null, Json.write(failed), now));
      }
    };
  }

  private static LogLine line(
      Standing standing,
      int after,
      LogLine.Kind kind,
      String message,
      @Nullable String glimpse,
      @Nullable String recorded,
      Instant now) {
    return new LogLine(
        standing.logId + after,
        now,
        LogLine.Level.INFO,
        kind,
        standing.step,
        standing.attempt,
        message,
        0,
        null,
        glimpse,
        recorded);
  }

  private static void write(Connection connection, TenantId tenant, UUID execution, LogLine line)
      throws SQLException {
    try (var insert = connection.prepareStatement(TELL)) {
      insert.setObject(1, execution);
      insert.setInt(2, line.logId());
      insert.setObject(3, tenant.value());
      insert.setObject(4, OffsetDateTime.ofInstant(line.timestamp(), ZoneOffset.UTC));
      insert.setString(5, line.level().key);
      insert.setString(6, line.kind().key);
      insert.setString(7, line.step());
      insert.setInt(8, line.attempt());
      insert.setString(9, line.message());
      insert.setString(10, line.outputGlimpse());
      insert.setString(11, line.apart() ? null : line.recorded());
      insert.setInt(12, line.recorded() == null ? 0 : line.recorded().length());
      insert.executeUpdate();
    }
    if (line.apart()) {
      try (var apart = connection.prepareStatement(TELL_APART)) {
        apart.setObject(1, execution);
        apart.setInt(2, line.logId());
        apart.setObject(3, tenant.value());
        apart.setString(4, line.recorded());
        apart.executeUpdate();
      }
    }
  }
}
