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
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/// What people do to open executions. They take them away from whoever holds them, under that
/// process's lock, so that nothing is written by it afterwards; all within one tenant, to which the
/// database holds the transaction.
final class Interventions {
  /// No time that is told of an execution is later.
  static final Instant NEVER = Instant.parse("9999-01-01T00:00:00Z");

  private static final String NAME_THE_TENANT = "SELECT set_config('clarity.tenant', ?, true)";

  private static final String HOLDERS =
      """
      SELECT DISTINCT node_id FROM maestro.execution_open
      WHERE execution_id = ANY (?::uuid[]) AND node_id IS NOT NULL
      """;

  private static final String LOCK_ALONE = "SELECT pg_advisory_xact_lock(?, ?)";

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
      told AS (
        INSERT INTO maestro.execution_log (execution_id, log_id, tenant_id, "timestamp", level, kind, message)
        SELECT gone.execution_id, last.log_id + 1, gone.tenant_id, ?, 'warn', 'note', ?
        FROM gone JOIN last USING (execution_id))
      INSERT INTO maestro.execution_ended (execution_id, ended, tenant_id, workflow_id, version, status,
        trigger_type, trigger_key, name, name_key, correlation_key, created_at, started_at, finished_at, outcome,
        outcome_message, effects_of, origin_id, from_step, started_by, steps_done, worker_us, node_id,
        lease_epoch, deadline_at)
      SELECT gone.execution_id, true, tenant_id, workflow_id, version, 'canceled', trigger_type, trigger_key,
        name, name_key, correlation_key, created_at, started_at, ?, 'canceled', ?, effects_of, origin_id, from_step,
        started_by, last.steps, worker_us, NULL, lease_epoch + 1, deadline_at
      FROM gone JOIN last USING (execution_id)
      RETURNING execution_id, workflow_id, version
      """;

  private Interventions() {}

  /// Tells others of executions that were canceled, in the transaction.
  interface Telling {
    void tell(Connection connection, List<ExecutionRef> canceled) throws SQLException;
  }

  /// Cancels those of the executions that are open. Each is at its end when this returns.
  ///
  /// @return which were canceled
  static List<ExecutionRef> cancel(
      Connection connection,
      TenantId tenant,
      Collection<UUID> executions,
      String message,
      Instant now,
      Telling telling)
      throws SQLException {
    connection.setAutoCommit(false);
    try {
      nameTenant(connection, tenant);
      var ids = List.copyOf(executions);
      // Whose process changes between the look and the lock is tried again.
      var canceled = new ArrayList<ExecutionRef>();
      Set<Integer> locked = new HashSet<>();
      while (true) {
        var holders = holders(connection, ids);
        holders.removeAll(locked);
        if (holders.isEmpty()) {
          break;
        }
        for (var holder : holders) {
          try (var lock = connection.prepareStatement(LOCK_ALONE)) {
            lock.setInt(1, JournalCommit.LOCK);
            lock.setInt(2, holder);
            lock.execute();
          }
          locked.add(holder);
        }
      }
      try (var cancel = connection.prepareStatement(CANCEL)) {
        var at = now.atOffset(ZoneOffset.UTC);
        var arrays =
            new Arrays(connection, cancel)
                .uuids(ids, id -> id)
                .ints(List.copyOf(locked), (Integer node) -> node);
        arrays.object(at).object(message).object(at).object(message);
        try (var rows = cancel.executeQuery()) {
          while (rows.next()) {
            canceled.add(
                new ExecutionRef(
                    tenant,
                    rows.getObject(1, UUID.class),
                    rows.getObject(2, UUID.class),
                    rows.getInt(3)));
          }
        }
      }
      if (!canceled.isEmpty()) {
        telling.tell(connection, canceled);
      }
      connection.commit();
      return canceled;
    } catch (SQLException e) {
      connection.rollback();
      throw e;
    }
  }

  private static Set<Integer> holders(Connection connection, List<UUID> ids) throws SQLException {
    try (var statement = connection.prepareStatement(HOLDERS)) {
      new Arrays(connection, statement).uuids(ids, id -> id);
      try (var rows = statement.executeQuery()) {
        // In order, so that two who cancel do not wait for each other.
        var holders = new TreeSet<Integer>();
        while (rows.next()) {
          holders.add(rows.getInt(1));
        }
        return holders;
      }
    }
  }

  private static void nameTenant(Connection connection, TenantId tenant) throws SQLException {
    try (var name = connection.prepareStatement(NAME_THE_TENANT)) {
      name.setString(1, tenant.toString());
      name.execute();
    }
  }
}
