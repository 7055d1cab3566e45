package io.claritystream.maestro.engine;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Writes a group of entries in one transaction and one round trip: statements that are sent
/// together, with nothing between them, are a transaction of their own. So no process that is
/// stopped in its middle can hold it open.
///
/// The lock is the fence. Everything that takes an execution away from a process takes that
/// process's lock alone, and those who write hold it together; each statement sees what was
/// committed before the lock was had. Every write joins the open execution by its id and the
/// lease's epoch, so that what is no longer this process's is not written.
///
/// Each statement adds the rows that it wrote to a count that lasts as long as the transaction, so
/// the last one knows whether all were written, without looking at any of them again.
///
/// Written again after a lost connection, a group changes nothing that it did the first time.
final class JournalCommit {
  /// The first key of the lock; the second is the node's id.
  static final int LOCK = 0x4d_41_45_53;

  private static final String LOCK_TOGETHER =
      "SELECT pg_advisory_xact_lock_shared(?, ?), set_config('clarity.written', '0', true) IS NULL;\n";

  /// After `WITH …, written AS (…`. Statements are sent together only as long as the rows of their
  /// answers have a bounded width, so none answers a text.
  private static final String COUNT =
      """
        RETURNING 1)
      SELECT set_config('clarity.written',
        (current_setting('clarity.written')::int + (SELECT count(*) FROM written))::text, true) IS NULL;
      """;

  private static final String ACCEPT =
      """
      WITH written AS (
      INSERT INTO maestro.execution_open (execution_id, ended, tenant_id, workflow_id, version, status,
        trigger_type, trigger_key, name, name_key, correlation_key, created_at, started_at, effects_of,
        origin_id, from_step, started_by, steps_done, worker_us, node_id, lease_epoch, ready_at, deadline_at)
      SELECT a.execution_id, false, a.tenant_id, a.workflow_id, a.version,
        CASE WHEN a.leased THEN 'running' ELSE 'pending' END,
        a.trigger_type, a.trigger_key, a.name, lower(a.name), a.correlation_key, uuid_extract_timestamp(a.execution_id),
        CASE WHEN a.leased THEN uuid_extract_timestamp(a.execution_id) END, a.effects_of, a.origin_id,
        a.from_step, a.started_by, 0, 0, CASE WHEN a.leased THEN ? END, 1,
        uuid_extract_timestamp(a.execution_id),
        uuid_extract_timestamp(a.execution_id) + a.deadline_s * interval '1 second'
      FROM unnest(?::uuid[], ?::uuid[], ?::uuid[], ?::int[], ?::boolean[], ?::text[], ?::text[], ?::text[],
        ?::text[], ?::uuid[], ?::uuid[], ?::text[], ?::uuid[], ?::int[])
        AS a (execution_id, tenant_id, workflow_id, version, leased, trigger_type, trigger_key, name,
          correlation_key, effects_of, origin_id, from_step, started_by, deadline_s)
      WHERE EXISTS (SELECT FROM maestro.node n WHERE n.node_id = ? AND n.ended_at IS NULL)
      """;

  /// Only where an id may have been taken in before: the others need not pay for it. Written so
  /// that it can be nothing but a look by the key.
  private static final String NOT_ENDED =
      """
        AND (SELECT count(*) FROM maestro.execution_ended e
          WHERE e.tenant_id = a.tenant_id AND e.execution_id = a.execution_id) = 0
      """;

  private static final String NOT_OPEN = "ON CONFLICT (execution_id) DO NOTHING\n";

  private static final String NOT_WRITTEN = "ON CONFLICT (execution_id, log_id) DO NOTHING\n";

  private static final String BODIES =
      """
      WITH written AS (
      INSERT INTO maestro.execution_body (execution_id, log_id, tenant_id, body)
      SELECT b.execution_id, b.log_id, b.tenant_id, b.body
      FROM unnest(?::uuid[], ?::int[], ?::boolean[], ?::int[], ?::uuid[], ?::text[])
        AS b (execution_id, lease_epoch, held, log_id, tenant_id, body)
      JOIN maestro.execution_open o ON o.execution_id = b.execution_id AND o.lease_epoch = b.lease_epoch
        AND CASE WHEN b.held THEN o.node_id = ? ELSE o.node_id IS NULL END
      """;

  private static final String LINES =
      """
      WITH written AS (
      INSERT INTO maestro.execution_log (execution_id, log_id, tenant_id, "timestamp", level, kind, step,
        attempt, message, duration_us, input_glimpse, output_glimpse, recorded, recorded_bytes)
      SELECT l.execution_id, l.log_id, l.tenant_id, timestamptz 'epoch' + l.at_us * interval '1 microsecond',
        l.level, l.kind, l.step, l.attempt, l.message, l.duration_us, l.input_glimpse, l.output_glimpse,
        l.recorded, l.recorded_bytes
      FROM unnest(?::uuid[], ?::int[], ?::boolean[], ?::int[], ?::uuid[], ?::bigint[], ?::text[], ?::text[], ?::text[],
        ?::int[], ?::text[], ?::bigint[], ?::text[], ?::text[], ?::text[], ?::int[])
        AS l (execution_id, lease_epoch, held, log_id, tenant_id, at_us, level, kind, step, attempt, message,
          duration_us, input_glimpse, output_glimpse, recorded, recorded_bytes)
      JOIN maestro.execution_open o ON o.execution_id = l.execution_id AND o.lease_epoch = l.lease_epoch
        AND CASE WHEN l.held THEN o.node_id = ? ELSE o.node_id IS NULL END
      """;

  private static final String PAUSES =
      """
      WITH written AS (
      UPDATE maestro.execution_open o
      SET status = 'waiting', node_id = NULL, lease_epoch = o.lease_epoch + 1,
        ready_at = timestamptz 'epoch' + p.ready_us * interval '1 microsecond',
        waiting_for = p.waiting_for, worker_us = p.worker_us, takeovers = 0
      FROM unnest(?::uuid[], ?::int[], ?::bigint[], ?::text[], ?::bigint[])
        AS p (execution_id, lease_epoch, ready_us, waiting_for, worker_us)
      WHERE o.execution_id = p.execution_id AND o.lease_epoch = p.lease_epoch AND o.status = 'running'
        AND o.node_id = ?
      """;

  private static final String ENDS =
      """
      WITH gone AS (
        DELETE FROM maestro.execution_open o
        USING unnest(?::uuid[], ?::int[], ?::text[], ?::bigint[], ?::text[], ?::text[], ?::text[], ?::int[],
          ?::bigint[])
          AS e (execution_id, lease_epoch, status, finished_us, outcome, step, message, steps_done, worker_us)
        WHERE o.execution_id = e.execution_id AND o.lease_epoch = e.lease_epoch AND o.status = 'running'
          AND o.node_id = ?
        RETURNING o.*, e.status AS end_status, e.finished_us, e.outcome AS end_outcome, e.step AS end_step,
          e.message AS end_message, e.steps_done AS end_steps, e.worker_us AS end_worker_us),
      written AS (
      INSERT INTO maestro.execution_ended (execution_id, ended, tenant_id, workflow_id, version, status,
        trigger_type, trigger_key, name, name_key, correlation_key, created_at, started_at, finished_at, outcome,
        outcome_step, outcome_message, effects_of, origin_id, from_step, started_by, steps_done, worker_us,
        node_id, lease_epoch, deadline_at)
      SELECT execution_id, true, tenant_id, workflow_id, version, end_status, trigger_type, trigger_key, name,
        name_key, correlation_key, created_at, started_at, timestamptz 'epoch' + finished_us * interval '1 microsecond',
        end_outcome, end_step, end_message, effects_of, origin_id, from_step, started_by, end_steps,
        end_worker_us, node_id, lease_epoch, deadline_at
      FROM gone
      """;

  /// Which of the group's executions stand as the entry left them: open under its epoch and with
  /// this process, waiting under the next, or ended under it by this process. One that was taken in
  /// twice at a time is that process's which came first.
  private static final String STANDING =
      """
      FROM unnest(?::uuid[], ?::uuid[], ?::int[], ?::text[]) WITH ORDINALITY
        AS w (tenant_id, execution_id, lease_epoch, kind, number)
      WHERE CASE w.kind
        WHEN 'end' THEN EXISTS (SELECT FROM maestro.execution_ended e
          WHERE e.tenant_id = w.tenant_id AND e.execution_id = w.execution_id
            AND e.lease_epoch = w.lease_epoch AND e.node_id = ?)
        WHEN 'pause' THEN EXISTS (SELECT FROM maestro.execution_open o
          WHERE o.execution_id = w.execution_id AND o.lease_epoch > w.lease_epoch AND o.node_id IS NULL)
        WHEN 'wait' THEN EXISTS (SELECT FROM maestro.execution_open o
          WHERE o.execution_id = w.execution_id AND o.lease_epoch = w.lease_epoch AND o.node_id IS NULL)
        ELSE EXISTS (SELECT FROM maestro.execution_open o
          WHERE o.execution_id = w.execution_id AND o.lease_epoch = w.lease_epoch AND o.node_id = ?) END
      """;

  private static final String STAND = "SELECT w.number\n" + STANDING;

  /// What is told of executions is told only if all of the group was written.
  private static final String OUTBOX =
      """
      INSERT INTO maestro.execution_outbox (node_id, events)
      SELECT ?, ? WHERE current_setting('clarity.written')::int = ?;
      """;

  private static final String COUNTED = "SELECT current_setting('clarity.written')::int";

  private JournalCommit() {}

  /// What became of a group.
  ///
  /// @param lost the entries of executions that are not this node's; what they say was not written
  /// @param told whether others will be told of the group
  record Written(Set<JournalEntry> lost, boolean told) {}

  /// Writes the group.
  ///
  /// @param events of the group, for the outbox; null if there are none
  /// @param again whether it may have been written before
  static Written write(
      Connection connection,
      int node,
      List<? extends JournalEntry> group,
      byte @Nullable [] events,
      boolean again)
      throws SQLException {
    var parts = Parts.of(group);
    var known = parts.accepts.stream().anyMatch(accept -> accept.known);
    // Whoever expects nothing of the kind need not pay for the look that finds it.
    var careful = again || known;
    var sql = new StringBuilder(LOCK_TOGETHER);
    if (!parts.accepts.isEmpty()) {
      sql.append(ACCEPT).append(known ? NOT_ENDED : "").append(careful ? NOT_OPEN : "");
      sql.append(COUNT);
    }
    if (parts.bodies > 0) {
      sql.append(BODIES).append(careful ? NOT_WRITTEN : "").append(COUNT);
    }
    if (parts.lines > 0) {
      sql.append(LINES).append(careful ? NOT_WRITTEN : "").append(COUNT);
    }
    if (!parts.pauses.isEmpty()) {
      sql.append(PAUSES).append(COUNT);
    }
    if (!parts.ends.isEmpty()) {
      sql.append(ENDS).append(COUNT);
    }
    if (events != null) {
      sql.append(OUTBOX);
    }
    sql.append(COUNTED);
    try (var statement = connection.prepareStatement(sql.toString())) {
      var arrays = new Arrays(connection, statement);
      arrays.number(LOCK).number(node);
      bind(arrays, node, parts, events);
      statement.execute();
      if (counted(statement) == parts.rows()) {
        return new Written(Set.of(), true);
      }
    }
    return new Written(lost(connection, node, group), false);
  }

  /// What the last of the statements says.
  private static int counted(PreparedStatement statement) throws SQLException {
    var said = "-1";
    do {
      try (var rows = statement.getResultSet()) {
        if (rows != null && rows.next()) {
          said = rows.getString(1);
        }
      }
    } while (statement.getMoreResults() || statement.getUpdateCount() != -1);
    return Integer.parseInt(said);
  }

  private static void bind(Arrays arrays, int node, Parts parts, byte @Nullable [] events)
      throws SQLException {
    if (!parts.accepts.isEmpty()) {
      arrays.number(node);
      bindAccepts(arrays, parts.accepts);
      arrays.number(node);
    }
    if (parts.bodies > 0) {
      bindBodies(arrays, parts);
      arrays.number(node);
    }
    if (parts.lines > 0) {
      bindLines(arrays, parts);
      arrays.number(node);
    }
    if (!parts.pauses.isEmpty()) {
      var pauses = parts.pauses;
      arrays
          .uuids(pauses, p -> p.execution)
          .ints(pauses, p -> p.leaseEpoch)
          .longs(pauses, p -> micros(p.readyAt))
          .texts(pauses, p -> p.waitingFor)
          .longs(pauses, p -> p.workerUs)
          .number(node);
    }
    if (!parts.ends.isEmpty()) {
      var ends = parts.ends;
      arrays
          .uuids(ends, e -> e.execution)
          .ints(ends, e -> e.leaseEpoch)
          .texts(ends, e -> e.status.key())
          .longs(ends, e -> micros(e.finishedAt))
          .texts(ends, e -> e.outcome)
          .texts(ends, e -> e.step)
          .texts(ends, e -> e.message)
          .ints(ends, e -> e.stepsDone)
          .longs(ends, e -> e.workerUs)
          .number(node);
    }
    if (events != null) {
      arrays.number(node).bytes(events).number(parts.rows());
    }
  }

  private static void bindAccepts(Arrays arrays, List<JournalEntry.Accept> accepts)
      throws SQLException {
    arrays
        .uuids(accepts, a -> a.execution)
        .uuids(accepts, a -> a.tenant.value())
        .uuids(accepts, a -> a.intake.workflow())
        .ints(accepts, a -> a.intake.version())
        .booleans(accepts, a -> a.leased)
        .texts(accepts, a -> a.intake.triggerType())
        .texts(accepts, a -> a.intake.triggerKey())
        .texts(accepts, a -> a.intake.name())
        .texts(accepts, a -> a.intake.correlationKey())
        .uuids(accepts, a -> a.intake.effectsOf())
        .uuids(accepts, a -> a.intake.origin())
        .texts(accepts, a -> a.intake.fromStep())
        .uuids(accepts, a -> a.intake.startedBy())
        .ints(
            accepts,
            a ->
                (int)
                    (a.intake.deadlineAt().getEpochSecond()
                        - a.intake.createdAt().getEpochSecond()));
  }

  /// A line of the journal, and whose it is.
  private record Line(JournalEntry entry, LogLine line) {}

  private static void bindBodies(Arrays arrays, Parts parts) throws SQLException {
    var bodies = new ArrayList<Line>(parts.bodies);
    for (var entry : parts.group) {
      for (var line : entry.lines) {
        if (line.apart()) {
          bodies.add(new Line(entry, line));
        }
      }
    }
    arrays
        .uuids(bodies, b -> b.entry.execution)
        .ints(bodies, b -> b.entry.leaseEpoch)
        .booleans(bodies, b -> held(b.entry))
        .ints(bodies, b -> b.line.logId())
        .uuids(bodies, b -> b.entry.tenant.value())
        .texts(bodies, b -> b.line.recorded());
  }

  private static void bindLines(Arrays arrays, Parts parts) throws SQLException {
    var lines = new ArrayList<Line>(parts.lines);
    for (var entry : parts.group) {
      for (var line : entry.lines) {
        lines.add(new Line(entry, line));
      }
    }
    arrays
        .uuids(lines, l -> l.entry.execution)
        .ints(lines, l -> l.entry.leaseEpoch)
        .booleans(lines, l -> held(l.entry))
        .ints(lines, l -> l.line.logId())
        .uuids(lines, l -> l.entry.tenant.value())
        .longs(lines, l -> micros(l.line.timestamp()))
        .texts(lines, l -> l.line.level().key)
        .texts(lines, l -> l.line.kind().key)
        .texts(lines, l -> l.line.step())
        .ints(lines, l -> l.line.attempt())
        .texts(lines, l -> l.line.message())
        .longs(lines, l -> l.line.durationUs())
        .texts(lines, l -> l.line.inputGlimpse())
        .texts(lines, l -> l.line.outputGlimpse())
        .texts(lines, l -> l.line.apart() ? null : l.line.recorded())
        .ints(lines, l -> l.line.recorded() == null ? 0 : l.line.recorded().length());
  }

  private static void bindStanding(Arrays arrays, int node, List<? extends JournalEntry> group)
      throws SQLException {
    arrays
        .uuids(group, e -> e.tenant.value())
        .uuids(group, e -> e.execution)
        .ints(group, e -> e.leaseEpoch)
        .texts(group, JournalCommit::kind)
        .number(node)
        .number(node);
  }

  private static Set<JournalEntry> lost(
      Connection connection, int node, List<? extends JournalEntry> group) throws SQLException {
    var lost = new HashSet<JournalEntry>(group);
    try (var statement = connection.prepareStatement(STAND)) {
      bindStanding(new Arrays(connection, statement), node, group);
      try (var standing = statement.executeQuery()) {
        while (standing.next()) {
          lost.remove(group.get(standing.getInt(1) - 1));
        }
      }
    }
    return lost;
  }

  /// Whether it is an entry of one that this process works on; the others wait for any.
  private static boolean held(JournalEntry entry) {
    return !(entry instanceof JournalEntry.Accept accept) || accept.leased;
  }

  private static String kind(JournalEntry entry) {
    return switch (entry) {
      case JournalEntry.End end -> "end";
      case JournalEntry.Pause pause -> "pause";
      case JournalEntry.Accept accept -> accept.leased ? "open" : "wait";
      case JournalEntry.Progress progress -> "open";
    };
  }

  private static long micros(Instant at) {
    return Math.addExact(Math.multiplyExact(at.getEpochSecond(), 1_000_000L), at.getNano() / 1_000);
  }

  /// A group by kinds.
  private record Parts(
      List<? extends JournalEntry> group,
      List<JournalEntry.Accept> accepts,
      List<JournalEntry.Pause> pauses,
      List<JournalEntry.End> ends,
      int lines,
      int bodies) {

    private int rows() {
      return accepts.size() + pauses.size() + ends.size() + lines + bodies;
    }

    private static Parts of(List<? extends JournalEntry> group) {
      var accepts = new ArrayList<JournalEntry.Accept>();
      var pauses = new ArrayList<JournalEntry.Pause>();
      var ends = new ArrayList<JournalEntry.End>();
      var lines = 0;
      var bodies = 0;
      for (var entry : group) {
        switch (entry) {
          case JournalEntry.Accept accept -> accepts.add(accept);
          case JournalEntry.Pause pause -> pauses.add(pause);
          case JournalEntry.End end -> ends.add(end);
          case JournalEntry.Progress progress -> {}
        }
        lines += entry.lines.size();
        for (var line : entry.lines) {
          bodies += line.apart() ? 1 : 0;
        }
      }
      return new Parts(group, accepts, pauses, ends, lines, bodies);
    }
  }
}
