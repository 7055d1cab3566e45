package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// Takes executions that wait for a process, many at once, and reads what they did so far.
final class Claims {
  /// Each tenant that has some waiting, and since when the first of them may go on. The index is
  /// stepped through from tenant to tenant.
  private static final String WAITING =
      """
      WITH RECURSIVE waiting AS (
        (SELECT tenant_id FROM maestro.execution_open WHERE node_id IS NULL ORDER BY tenant_id LIMIT 1)
        UNION ALL
        SELECT (SELECT o.tenant_id FROM maestro.execution_open o
                WHERE o.node_id IS NULL AND o.tenant_id > w.tenant_id ORDER BY o.tenant_id LIMIT 1)
        FROM waiting w WHERE w.tenant_id IS NOT NULL)
      SELECT w.tenant_id
      FROM waiting w
      WHERE w.tenant_id IS NOT NULL
        AND (SELECT o.ready_at FROM maestro.execution_open o
             WHERE o.node_id IS NULL AND o.tenant_id = w.tenant_id
             ORDER BY o.tenant_id, o.ready_at LIMIT 1) <= clock_timestamp()
      """;

  private static final String BACKLOG =
      """
      SELECT t.tenant_id, c.waiting, c.due
      FROM unnest(?::uuid[]) AS t (tenant_id)
      CROSS JOIN LATERAL (
        SELECT count(*) AS waiting, count(*) FILTER (WHERE ready_at <= clock_timestamp()) AS due
        FROM (
          SELECT o.ready_at FROM maestro.execution_open o
          WHERE o.tenant_id = t.tenant_id AND o.node_id IS NULL
          ORDER BY o.ready_at LIMIT ?) AS waits) AS c
      """;

  private static final String CLAIM =
      """
      SELECT pg_advisory_xact_lock_shared(?, ?);
      WITH due AS (
        SELECT execution_id, ready_at, takeovers FROM maestro.execution_open
        WHERE tenant_id = ? AND node_id IS NULL AND ready_at <= now()
          AND (ready_at, execution_id) > (?, ?) AND takeovers < ?
        ORDER BY ready_at, execution_id LIMIT ?
        FOR UPDATE SKIP LOCKED),
      not_passed_over AS (
        SELECT execution_id, ready_at FROM (
          SELECT execution_id, ready_at, takeovers,
            count(*) FILTER (WHERE takeovers >= ?) OVER (ORDER BY ready_at, execution_id) AS suspects
          FROM due) AS d
        WHERE takeovers < ? OR suspects = 1),
      held AS (
        SELECT d.execution_id, d.ready_at, (SELECT coalesce(sum(l.recorded_bytes), 0)
          FROM maestro.execution_log l WHERE l.execution_id = d.execution_id) AS chars
        FROM not_passed_over d),
      summed AS (
        SELECT execution_id, row_number() OVER of_them AS number, sum(chars) OVER of_them AS chars
        FROM held WINDOW of_them AS (ORDER BY ready_at, execution_id))
      UPDATE maestro.execution_open o
      SET status = 'running', node_id = ?, lease_epoch = o.lease_epoch + 1, waiting_for = NULL,
        started_at = coalesce(o.started_at, clock_timestamp())
      FROM summed
      WHERE o.execution_id = summed.execution_id AND (summed.number = 1 OR summed.chars <= ?)
        AND EXISTS (SELECT FROM maestro.node n WHERE n.node_id = ? AND n.ended_at IS NULL)
      RETURNING o.execution_id, o.lease_epoch;
      """;

  private static final String CLAIMED =
      """
      SELECT o.execution_id, o.tenant_id, o.workflow_id, o.version, o.trigger_type, o.trigger_key, o.name,
        o.correlation_key, o.effects_of, o.origin_id, o.from_step, o.started_by, o.deadline_at, o.lease_epoch,
        o.ready_at, o.worker_us, o.takeovers
      FROM unnest(?::uuid[], ?::int[]) AS c (execution_id, lease_epoch)
      JOIN maestro.execution_open o ON o.execution_id = c.execution_id AND o.lease_epoch = c.lease_epoch
      ORDER BY o.ready_at, o.execution_id
      """;

  private static final String HELD =
      "SELECT execution_id, lease_epoch FROM maestro.execution_open WHERE node_id = ?";

  private static final String LOCK_ALONE = "SELECT pg_advisory_xact_lock(?, ?)";

  private static final String SET_FREE =
      """
      UPDATE maestro.execution_open o
      SET status = 'pending', node_id = NULL, lease_epoch = o.lease_epoch + 1
      FROM unnest(?::uuid[], ?::int[]) AS h (execution_id, lease_epoch)
      WHERE o.execution_id = h.execution_id AND o.lease_epoch = h.lease_epoch AND o.node_id = ?
      """;

  private static final String LINES =
      """
      SELECT l.execution_id, l.log_id, l."timestamp", l.level, l.kind, l.step, l.attempt, l.message,
        coalesce(l.recorded, b.body) AS recorded
      FROM maestro.execution_log l
      LEFT JOIN maestro.execution_body b USING (execution_id, log_id)
      WHERE l.execution_id = ANY (?::uuid[])
      ORDER BY l.execution_id, l.log_id
      """;

  /// From so many lost processes on an execution is suspected of being the cause.
  static final int SUSPECT_FROM = 3;

  /// Where a tenant's claims have come to.
  record Mark(Instant readyAt, UUID execution) {
    static final Mark START = new Mark(Instant.EPOCH, new UUID(0, 0));
  }

  /// @param waiting of a tenant, for whatever
  /// @param due that could go on now
  record Backlog(int waiting, int due) {}

  /// An execution that this node holds now.
  ///
  /// @param takeovers how often a process was lost while it held it
  record Claimed(Intake intake, int leaseEpoch, Instant readyAt, long workerUs, int takeovers) {
    /// Whether it may be the cause.
    boolean suspect() {
      return takeovers >= SUSPECT_FROM;
    }
  }

  private Claims() {}

  static List<TenantId> waiting(Connection connection) throws SQLException {
    try (var statement = connection.prepareStatement(WAITING);
        var rows = statement.executeQuery()) {
      var tenants = new ArrayList<TenantId>();
      while (rows.next()) {
        tenants.add(new TenantId(rows.getObject(1, UUID.class)));
      }
      return tenants;
    }
  }

  /// How many of each tenant wait, counted up to a limit.
  static Map<TenantId, Backlog> backlog(
      Connection connection, List<TenantId> tenants, int countedMax) throws SQLException {
    try (var statement = connection.prepareStatement(BACKLOG)) {
      new Arrays(connection, statement).uuids(tenants, TenantId::value).number(countedMax);
      try (var rows = statement.executeQuery()) {
        var backlog = new HashMap<TenantId, Backlog>();
        while (rows.next()) {
          backlog.put(
              new TenantId(rows.getObject(1, UUID.class)),
              new Backlog(rows.getInt(2), rows.getInt(3)));
        }
        return backlog;
      }
    }
  }

  /// An execution under an epoch.
  record Held(UUID execution, int leaseEpoch) {}

  /// Claims executions of a tenant that may go on, in their order, from above the mark: so many,
  /// and as far as their journals hold no more than so much, but one at least.
  ///
  /// Of those that are suspected of ending their process it claims the first, or none: so no other
  /// of them is lost with it, and only the one that is the cause comes to be lost too often. Those
  /// that are passed over lie below the mark then.
  ///
  /// If this throws, some may be claimed all the same: [#held] tells.
  ///
  /// @param suspect whether one that is suspected may be claimed
  static List<Claimed> claim(
      Connection connection,
      int node,
      TenantId tenant,
      Mark above,
      int max,
      long charsMax,
      boolean suspect)
      throws SQLException {
    var taken = take(connection, node, tenant, above, max, charsMax, suspect);
    if (taken.isEmpty()) {
      return List.of();
    }
    var claimed = new ArrayList<Claimed>(taken.size());
    try (var statement = connection.prepareStatement(CLAIMED)) {
      new Arrays(connection, statement).uuids(taken, Held::execution).ints(taken, Held::leaseEpoch);
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          claimed.add(claimed(rows));
        }
      }
    }
    return claimed;
  }

  /// The lock and the claim are one transaction as long as the driver sends both before it reads
  /// any answer. It does so only while rows have a bounded width, so texts are read afterwards.
  private static List<Held> take(
      Connection connection,
      int node,
      TenantId tenant,
      Mark above,
      int max,
      long charsMax,
      boolean suspect)
      throws SQLException {
    try (var statement = connection.prepareStatement(CLAIM)) {
      new Arrays(connection, statement)
          .number(JournalCommit.LOCK)
          .number(node)
          .object(tenant.value())
          .object(above.readyAt.atOffset(ZoneOffset.UTC))
          .object(above.execution)
          .number(suspect ? Integer.MAX_VALUE : SUSPECT_FROM)
          .number(max)
          .number(SUSPECT_FROM)
          .number(SUSPECT_FROM)
          .number(node)
          .object(charsMax)
          .number(node);
      statement.execute();
      statement.getMoreResults();
      return held(statement.getResultSet());
    }
  }

  private static List<Held> held(ResultSet answer) throws SQLException {
    try (answer) {
      var held = new ArrayList<Held>();
      while (answer.next()) {
        held.add(new Held(answer.getObject(1, UUID.class), answer.getInt(2)));
      }
      return held;
    }
  }

  /// All that the database says a node holds.
  static List<Held> held(Connection connection, int node) throws SQLException {
    try (var statement = connection.prepareStatement(HELD)) {
      statement.setInt(1, node);
      return held(statement.executeQuery());
    }
  }

  /// Sets free what a node holds, under its lock, so that it writes nothing of it afterwards.
  static void setFree(Connection connection, int node, List<Held> held) throws SQLException {
    connection.setAutoCommit(false);
    try (var lock = connection.prepareStatement(LOCK_ALONE);
        var free = connection.prepareStatement(SET_FREE)) {
      lock.setInt(1, JournalCommit.LOCK);
      lock.setInt(2, node);
      lock.execute();
      new Arrays(connection, free)
          .uuids(held, Held::execution)
          .ints(held, Held::leaseEpoch)
          .number(node);
      free.executeUpdate();
      connection.commit();
    } catch (SQLException e) {
      connection.rollback();
      throw e;
    }
  }

  private static Claimed claimed(ResultSet row) throws SQLException {
    return new Claimed(
        new Intake(
            new TenantId(row.getObject("tenant_id", UUID.class)),
            row.getObject("execution_id", UUID.class),
            row.getObject("workflow_id", UUID.class),
            row.getInt("version"),
            row.getString("trigger_type"),
            row.getString("trigger_key"),
            row.getString("name"),
            row.getString("correlation_key"),
            row.getObject("effects_of", UUID.class),
            row.getObject("origin_id", UUID.class),
            row.getString("from_step"),
            row.getObject("started_by", UUID.class),
            row.getObject("deadline_at", OffsetDateTime.class).toInstant()),
        row.getInt("lease_epoch"),
        row.getObject("ready_at", OffsetDateTime.class).toInstant(),
        row.getLong("worker_us"),
        row.getInt("takeovers"));
  }

  /// What executions did so far.
  static Map<UUID, List<LogLine>> lines(Connection connection, List<UUID> executions)
      throws SQLException {
    try (var statement = connection.prepareStatement(LINES)) {
      statement.setFetchSize(500);
      new Arrays(connection, statement).uuids(executions, id -> id);
      try (var rows = statement.executeQuery()) {
        var lines = new HashMap<UUID, List<LogLine>>();
        while (rows.next()) {
          lines
              .computeIfAbsent(rows.getObject("execution_id", UUID.class), id -> new ArrayList<>())
              .add(line(rows));
        }
        return lines;
      }
    }
  }

  private static LogLine line(ResultSet row) throws SQLException {
    return new LogLine(
        row.getInt("log_id"),
        row.getObject("timestamp", OffsetDateTime.class).toInstant(),
        LogLine.Level.of(row.getString("level")),
        LogLine.Kind.of(row.getString("kind")),
        row.getString("step"),
        row.getInt("attempt"),
        row.getString("message"),
        0,
        null,
        null,
        row.getString("recorded"));
  }
}
