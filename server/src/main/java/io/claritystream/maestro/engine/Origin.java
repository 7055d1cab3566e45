package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Problem;
import io.claritystream.maestro.action.Json;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// An execution that another goes on from, with what it has recorded.
///
/// @param trigger what its trigger brought, as JSON; null if its log is no longer kept
/// @param answers by step
record Origin(
    UUID execution,
    UUID workflow,
    int version,
    ExecutionStatus status,
    String triggerKey,
    @Nullable String name,
    @Nullable String correlationKey,
    UUID effectsOf,
    @Nullable String trigger,
    Map<String, Replay.Answered> answers) {

  /// What of it nobody is shown.
  Redaction redaction(Program program) {
    var redaction = new Redaction(program.glimpses());
    if (!program.glimpses().isEmpty()) {
      redaction.learn(Json.read(trigger), "trigger");
      answers.forEach((step, answer) -> redaction.learn(Json.read(answer.json()), "steps", step));
    }
    return redaction;
  }

  /// What of an execution nobody is shown. Where its workflow names nothing, nothing is read.
  static Redaction redaction(
      TenantTransactions transactions, TenantId tenant, UUID execution, Program program) {
    if (program.glimpses().isEmpty()) {
      return new Redaction(program.glimpses());
    }
    return transactions.read(tenant, sql -> read(sql, List.of(execution))).stream()
        .findFirst()
        .map(origin -> origin.redaction(program))
        .orElseThrow(() -> Problem.notFound("execution", execution));
  }

  private static final String EXECUTIONS =
      """
      SELECT execution_id, workflow_id, version, status, coalesce(trigger_key, '') AS trigger_key, name,
        correlation_key, effects_of
      FROM maestro.execution
      WHERE execution_id = ANY (:ids)
      ORDER BY execution_id
      """;

  private static final String RECORDED =
      """
      SELECT l.execution_id, l.kind, l.step, l.attempt, coalesce(l.recorded, b.body) AS recorded
      FROM maestro.execution_log l
      LEFT JOIN maestro.execution_body b USING (execution_id, log_id)
      WHERE l.execution_id = ANY (:ids) AND l.kind IN ('trigger', 'succeeded', 'handled')
      ORDER BY l.execution_id, l.log_id
      """;

  /// Those that the tenant of the transaction can see, in the order of their ids.
  static List<Origin> read(JdbcClient sql, Collection<UUID> executions) {
    var ids = executions.toArray(UUID[]::new);
    var recorded = new HashMap<UUID, Recorded>();
    sql.sql(RECORDED)
        .param("ids", ids)
        .query(
            row -> {
              recorded
                  .computeIfAbsent(row.getObject("execution_id", UUID.class), id -> new Recorded())
                  .add(row);
            });
    var origins = new ArrayList<Origin>();
    sql.sql(EXECUTIONS)
        .param("ids", ids)
        .query(
            row -> {
              var id = row.getObject("execution_id", UUID.class);
              origins.add(origin(row, id, recorded.getOrDefault(id, new Recorded())));
            });
    return origins;
  }

  private static final class Recorded {
    private @Nullable String trigger;
    private final Map<String, Replay.Answered> answers = new HashMap<>();

    private void add(ResultSet row) throws SQLException {
      var kind = LogLine.Kind.of(row.getString("kind"));
      var json = row.getString("recorded");
      if (kind == LogLine.Kind.TRIGGER) {
        trigger = json;
      } else {
        answers.put(
            row.getString("step"),
            new Replay.Answered(kind == LogLine.Kind.HANDLED, row.getInt("attempt"), json));
      }
    }
  }

  private static Origin origin(ResultSet row, UUID id, Recorded recorded) throws SQLException {
    return new Origin(
        id,
        row.getObject("workflow_id", UUID.class),
        row.getInt("version"),
        ExecutionStatus.of(row.getString("status")),
        row.getString("trigger_key"),
        row.getString("name"),
        row.getString("correlation_key"),
        row.getObject("effects_of", UUID.class),
        recorded.trigger,
        Map.copyOf(recorded.answers));
  }
}
