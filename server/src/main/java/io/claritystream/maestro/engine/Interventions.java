package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What people do to open executions. They take them away from whoever holds them, under that
/// process's lock, so that nothing is written by it afterwards; all within one tenant, to which the
/// database holds the transaction.
final class Interventions {
  /// No time that is told of an execution is later.
  static final Instant NEVER = Instant.parse("9999-01-01T00:00:00Z");

  /// All statements that are sent together answer with what has a bounded width: before another the
  /// driver might end the transaction.
  private static final String NAME_THE_TENANT =
      "SELECT set_config('clarity.tenant', ?, true) IS NULL;\n";

  private static final String LOOK =
      """
      SELECT execution_id, workflow_id, version, node_id FROM maestro.execution_open
      WHERE tenant_id = ? AND execution_id = ANY (?::uuid[])
      """;

  /// In order, so that two who cancel do not wait for each other.
  private static final String LOCK_ALONE =
      """
      SELECT pg_advisory_xact_lock(?, n.node_id)
      FROM (SELECT node_id FROM unnest(?::int[]) AS u (node_id) ORDER BY node_id) AS n;
      """;

  private static final String CANCEL =
      """
      WITH gone AS (
        DELETE FROM maestro.execution_open o
        WHERE o.execution_id = ANY (?::uuid[]) AND o.status IN ('pending', 'running', 'waiting')
          AND (o.node_id IS NULL OR o.node_id = ANY (?::int[]))
        RETURNING o.*),
      last AS (
        SELECT gone.execution_id, max(l.log_id) AS log_id,
          count(*) FILTER (WHERE l.kind IN ('succeeded', 'handled')) AS steps
        FROM gone JOIN maestro.execution_log l USING (execution_id) GROUP BY gone.execution_id),
      noted AS (
        INSERT INTO maestro.execution_log (execution_id, log_id, tenant_id, "timestamp", level, kind, message)
        SELECT gone.execution_id, last.log_id + 1, gone.tenant_id, ?, 'warn', 'note', ?
        FROM gone JOIN last USING (execution_id)),
      canceled AS (
        INSERT INTO maestro.execution_ended (execution_id, ended, tenant_id, workflow_id, version, status,
          trigger_type, trigger_key, name, name_key, correlation_key, created_at, started_at, finished_at, outcome,
          outcome_message, effects_of, origin_id, from_step, started_by, steps_done, worker_us, node_id,
          lease_epoch, deadline_at)
        SELECT gone.execution_id, true, tenant_id, workflow_id, version, 'canceled', trigger_type, trigger_key,
          name, name_key, correlation_key, created_at, started_at, ?, 'canceled', ?, effects_of, origin_id,
          from_step, started_by, last.steps, worker_us, NULL, lease_epoch + 1, deadline_at
        FROM gone JOIN last USING (execution_id)
        RETURNING execution_id),
      told AS (
        INSERT INTO maestro.execution_outbox (node_id, events)
        SELECT ?, t.events
        FROM unnest(?::uuid[], ?::bytea[]) AS t (execution_id, events)
        JOIN canceled USING (execution_id)
        WHERE t.events IS NOT NULL)
      SELECT execution_id FROM canceled;
      """;

  private Interventions() {}

  /// What others are told of an execution that was canceled; null if nobody is told.
  interface Telling {
    byte @Nullable [] events(ExecutionRef canceled);
  }

  /// Cancels those of the executions that are open. Each is at its end when this returns, save for
  /// those whose process has changed meanwhile, which are open still.
  ///
  /// A look, and then one round trip, which is a transaction of its own: a process whose lock is
  /// held writes nothing meanwhile, so nobody who stops in the middle may hold it.
  ///
  /// @param teller the node that tells
  /// @return which were canceled
  static List<ExecutionRef> cancel(
      Connection connection,
      int teller,
      TenantId tenant,
      Collection<UUID> executions,
      String message,
      Instant now,
      Telling telling)
      throws SQLException {
    var open = look(connection, tenant, executions);
    if (open.isEmpty()) {
      return List.of();
    }
    var refs = open.stream().map(Open::ref).toList();
    var holders = open.stream().map(Open::node).filter(Objects::nonNull).distinct().toList();
    // One for each, in their order; null where nobody is told.
    var events = refs.stream().map(telling::events).toArray(byte[][]::new);
    try (var statement = connection.prepareStatement(NAME_THE_TENANT + LOCK_ALONE + CANCEL)) {
      var at = now.atOffset(ZoneOffset.UTC);
      new Arrays(connection, statement)
          .object(tenant.toString())
          .number(JournalCommit.LOCK)
          .ints(holders, Integer::intValue)
          .uuids(refs, ExecutionRef::execution)
          .ints(holders, Integer::intValue)
          .object(at)
          .object(message)
          .object(at)
          .object(message)
          .number(teller)
          .uuids(refs, ExecutionRef::execution)
          .object(connection.createArrayOf("bytea", events));
      statement.execute();
      // The tenant's and the locks' answers.
      statement.getMoreResults();
      statement.getMoreResults();
      var canceled = new HashSet<UUID>();
      try (var rows = statement.getResultSet()) {
        while (rows.next()) {
          canceled.add(rows.getObject(1, UUID.class));
        }
      }
      return refs.stream().filter(ref -> canceled.contains(ref.execution())).toList();
    }
  }

  /// @param node that holds it; null if none does
  private record Open(ExecutionRef ref, @Nullable Integer node) {}

  private static List<Open> look(
      Connection connection, TenantId tenant, Collection<UUID> executions) throws SQLException {
    try (var statement = connection.prepareStatement(NAME_THE_TENANT + LOOK)) {
      new Arrays(connection, statement)
          .object(tenant.toString())
          .object(tenant.value())
          .uuids(List.copyOf(executions), id -> id);
      statement.execute();
      statement.getMoreResults();
      var open = new ArrayList<Open>();
      try (var rows = statement.getResultSet()) {
        while (rows.next()) {
          var ref =
              new ExecutionRef(
                  tenant,
                  rows.getObject(1, UUID.class),
                  rows.getObject(2, UUID.class),
                  rows.getInt(3));
          open.add(new Open(ref, rows.getObject(4, Integer.class)));
        }
      }
      return open;
    }
  }
}
