package io.claritystream.bench;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/// What must hold of executions, whatever became of the processes: each that was taken in is there
/// and came to its end, nothing of it changed after that, and what it says that it did was done
/// once.
final class MaestroOracle {
  private static final int DETAILS_MAX = 20;

  /// Of each ended execution of the round, all that is written of it in one digest.
  private static final String DIGESTS =
      """
      SELECT e.execution_id, md5(e::text || coalesce((
        SELECT string_agg(l::text || coalesce(b.body, ''), ',' ORDER BY l.log_id)
        FROM maestro.execution_log l LEFT JOIN maestro.execution_body b USING (execution_id, log_id)
        WHERE l.execution_id = e.execution_id), '')) AS digest
      FROM maestro.execution_ended e
      WHERE e.execution_id >= '%s'
      """;

  private static final String SUCCEEDED =
      """
      SELECT l.execution_id, l.step, (l.recorded::jsonb -> 'body' ->> 'number')::bigint AS number
      FROM maestro.execution_log l
      WHERE l.execution_id >= '%s' AND l.kind = 'succeeded' AND l.step IN ('first', 'second')
      """;

  /// What no execution's log may say: a step that ended twice, a number that is missing.
  private static final String CROOKED =
      """
      SELECT l.execution_id::text || ' ' || coalesce(l.step, '') || ': ' || string_agg(l.kind, ' ' ORDER BY l.log_id)
      FROM maestro.execution_log l
      WHERE l.execution_id >= '%1$s' AND l.kind IN ('succeeded', 'handled', 'failed')
      GROUP BY l.execution_id, l.step HAVING count(*) > 1
      UNION ALL
      SELECT l.execution_id::text || ': entries ' || count(*) || ', the last is ' || max(l.log_id)
      FROM maestro.execution_log l WHERE l.execution_id >= '%1$s'
      GROUP BY l.execution_id HAVING count(*) <> max(l.log_id) + 1
      """;

  private final String first;
  private final Map<UUID, String> digests = new ConcurrentHashMap<>();

  /// @param first the least id that an execution of the round can have
  MaestroOracle(UUID first) {
    this.first = first.toString();
  }

  /// @param changedAfterEnd executions of which something was written after their end
  /// @param doubledEffects steps that acted under two keys, or say otherwise than the receiver
  /// @param looked executions that were ended already when they were looked at during the round
  record Findings(
      long executions,
      Map<String, Long> outcomes,
      long lost,
      long stuck,
      long changedAfterEnd,
      long doubledEffects,
      long looked,
      List<String> details) {
    boolean sound() {
      return lost + stuck + changedAfterEnd + doubledEffects == 0 && details.isEmpty();
    }
  }

  /// Remembers what those look like that have ended by now.
  void look(Connection database) throws SQLException {
    digests(database).forEach(digests::putIfAbsent);
  }

  private Map<UUID, String> digests(Connection database) throws SQLException {
    Map<UUID, String> found = new HashMap<>();
    try (Statement statement = database.createStatement();
        ResultSet row = statement.executeQuery(DIGESTS.formatted(first))) {
      while (row.next()) {
        found.put(row.getObject(1, UUID.class), row.getString(2));
      }
    }
    return found;
  }

  /// Open, and not because a person has to decide.
  long open(Connection database) throws SQLException {
    return Sql.number(
        database,
        "SELECT count(*) FROM maestro.execution_open WHERE execution_id >= '"
            + first
            + "' AND waiting_for IS DISTINCT FROM 'decision'");
  }

  Findings compare(
      Connection database, Set<UUID> accepted, Set<UUID> canceled, MaestroReceiver receiver)
      throws SQLException {
    List<String> details = new ArrayList<>(receiver.oddities());
    Map<UUID, String> status = status(database);
    long lost = 0;
    for (UUID execution : accepted) {
      if (!status.containsKey(execution)) {
        lost++;
        details.add("lost: " + execution);
      }
    }
    for (UUID execution : canceled) {
      if (!"canceled".equals(status.get(execution))) {
        details.add("canceled and yet " + status.get(execution) + ": " + execution);
      }
    }
    long stuck = open(database);
    if (stuck > 0) {
      details.add("stuck: " + stuckOnes(database));
    }
    Map<UUID, String> now = digests(database);
    long changed = 0;
    for (Map.Entry<UUID, String> before : digests.entrySet()) {
      if (!before.getValue().equals(now.get(before.getKey()))) {
        changed++;
        details.add("changed after its end: " + before.getKey());
      }
    }
    long doubled = doubled(database, receiver, details);
    crooked(database, details);
    Map<String, Long> outcomes = new TreeMap<>();
    status.values().forEach(one -> outcomes.merge(one, 1L, Long::sum));
    outcomes(database).forEach(outcomes::put);
    return new Findings(
        status.size(),
        outcomes,
        lost,
        stuck,
        changed,
        doubled,
        digests.size(),
        details.subList(0, Math.min(details.size(), DETAILS_MAX)));
  }

  private Map<UUID, String> status(Connection database) throws SQLException {
    Map<UUID, String> status = new HashMap<>();
    try (Statement statement = database.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT execution_id, status FROM maestro.execution WHERE execution_id >= '"
                    + first
                    + "'")) {
      while (row.next()) {
        status.put(row.getObject(1, UUID.class), row.getString(2));
      }
    }
    return status;
  }

  private Map<String, Long> outcomes(Connection database) throws SQLException {
    Map<String, Long> outcomes = new TreeMap<>();
    try (Statement statement = database.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                SELECT outcome, count(*) FROM maestro.execution_ended
                WHERE execution_id >= '%s' AND status = 'failed' GROUP BY outcome
                """
                    .formatted(first))) {
      while (row.next()) {
        outcomes.put("failed_" + row.getString(1), row.getLong(2));
      }
    }
    return outcomes;
  }

  private String stuckOnes(Connection database) throws SQLException {
    return String.valueOf(
        Sql.text(
            database,
            """
            SELECT string_agg(x, '; ') FROM (
              SELECT concat_ws(' ', o.execution_id, o.status, 'node', o.node_id, 'epoch', o.lease_epoch,
                'ready', o.ready_at, 'deadline', o.deadline_at, 'ended nodes',
                (SELECT string_agg(n.node_id::text, ',') FROM maestro.node n WHERE n.ended_at IS NOT NULL), (
                SELECT string_agg(l.kind, ',' ORDER BY l.log_id) FROM maestro.execution_log l
                WHERE l.execution_id = o.execution_id)) AS x
              FROM maestro.execution_open o
              WHERE o.execution_id >= '%s' AND o.waiting_for IS DISTINCT FROM 'decision' LIMIT 5) AS ones
            """
                .formatted(first)));
  }

  private long doubled(Connection database, MaestroReceiver receiver, List<String> details)
      throws SQLException {
    long doubled = 0;
    for (Map.Entry<String, Set<String>> step : receiver.keysOfSteps().entrySet()) {
      if (step.getValue().size() > 1) {
        doubled++;
        details.add("two effects: " + step.getKey());
      }
    }
    try (Statement statement = database.createStatement();
        ResultSet row = statement.executeQuery(SUCCEEDED.formatted(first))) {
      while (row.next()) {
        String of = row.getString(1) + "/" + row.getString(2);
        MaestroReceiver.Effect effect = receiver.effect(of);
        if (effect == null || effect.number() != row.getLong(3)) {
          doubled++;
          details.add(
              "%s says that it has done %d, the receiver %s".formatted(of, row.getLong(3), effect));
        }
      }
    }
    return doubled;
  }

  private void crooked(Connection database, List<String> details) throws SQLException {
    try (Statement statement = database.createStatement();
        ResultSet row = statement.executeQuery(CROOKED.formatted(first))) {
      while (row.next()) {
        details.add("crooked: " + row.getString(1));
      }
    }
  }
}
