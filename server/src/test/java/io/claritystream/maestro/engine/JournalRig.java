package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// A database in which executions can be written, and nodes that write them.
final class JournalRig implements AutoCloseable {
  final TestDatabase database = TestDatabase.create();
  final DataSource engine = database.dataSource("engine");
  final TenantId tenant = database.tenant("Tenant");
  final UUID workflow = UUID.randomUUID();

  JournalRig() throws SQLException {
    new HistoryDays(engine).ensure(Instant.now());
  }

  /// A node of a term that no test outlasts.
  int node() throws SQLException {
    var lease = new NodeLease(engine, engine, "test", Duration.ofMinutes(5));
    lease.join();
    return lease.node();
  }

  Intake intake() {
    return intake(tenant);
  }

  Intake intake(TenantId of) {
    var id = ExecutionIds.next(Instant.now());
    return new Intake(
        of,
        id,
        workflow,
        1,
        "api",
        "api",
        null,
        null,
        id,
        null,
        null,
        null,
        ExecutionIds.time(id).plusSeconds(3_600));
  }

  static JournalEntry.Accept accept(Intake intake, boolean leased) {
    return new JournalEntry.Accept(
        intake, leased, false, List.of(line(0, LogLine.Kind.TRIGGER, null, "{\"a\":1}")), null);
  }

  static JournalEntry.Progress progress(Intake intake, int leaseEpoch, int logId) {
    return new JournalEntry.Progress(
        intake.ref(), leaseEpoch, line(logId, LogLine.Kind.SUCCEEDED, "step" + logId, "{}"));
  }

  static JournalEntry.Pause pause(Intake intake, int leaseEpoch, int logId, Instant readyAt) {
    return new JournalEntry.Pause(
        intake.ref(),
        leaseEpoch,
        List.of(line(logId, LogLine.Kind.RETRY, "step", null)),
        readyAt,
        "retry",
        7);
  }

  static JournalEntry.End end(Intake intake, int leaseEpoch, int logId) {
    return new JournalEntry.End(
        intake.ref(),
        leaseEpoch,
        List.of(line(logId, LogLine.Kind.SUCCEEDED, "last", "{}")),
        ExecutionStatus.SUCCESS,
        Instant.now(),
        "success",
        null,
        null,
        1,
        10);
  }

  /// Its status is none, which the very last statement finds out.
  static JournalEntry.End broken(Intake intake) {
    return new JournalEntry.End(
        intake.ref(),
        1,
        List.of(line(1, LogLine.Kind.NOTE, null, null)),
        ExecutionStatus.PENDING,
        Instant.now(),
        "none",
        null,
        null,
        0,
        0);
  }

  static LogLine line(int logId, LogLine.Kind kind, @Nullable String step, @Nullable String told) {
    return new LogLine(
        logId, Instant.now(), LogLine.Level.INFO, kind, step, 1, "Said", 5, null, null, told);
  }

  Set<JournalEntry> write(int node, JournalEntry... entries) throws SQLException {
    try (var connection = engine.getConnection()) {
      return write(connection, node, entries);
    }
  }

  static Set<JournalEntry> write(Connection connection, int node, JournalEntry... entries)
      throws SQLException {
    return JournalCommit.write(connection, node, List.of(entries), null, false).lost();
  }

  /// As after a lost connection.
  Set<JournalEntry> writeAgain(int node, JournalEntry... entries) throws SQLException {
    try (var connection = engine.getConnection()) {
      return JournalCommit.write(connection, node, List.of(entries), null, true).lost();
    }
  }

  /// The node has not beaten for its term.
  void expire(int node) {
    database
        .superuser()
        .sql("UPDATE maestro.node SET expires_at = now() - interval '1 s' WHERE node_id = :node")
        .param("node", node)
        .update();
  }

  /// So many processes were lost while they held it.
  void lost(Intake intake, int processes) {
    database
        .superuser()
        .sql("UPDATE maestro.execution_open SET takeovers = :lost WHERE execution_id = :id")
        .param("lost", processes)
        .param("id", intake.execution())
        .update();
  }

  int takeovers(Intake intake) {
    return Integer.parseInt(
        text(
            "SELECT takeovers::text FROM maestro.execution_open WHERE execution_id = :id", intake));
  }

  /// As another node does it.
  void end(int node) throws SQLException {
    expire(node);
    var other = new NodeLease(engine, engine, "other", Duration.ZERO);
    other.join();
    other.endExpired();
  }

  String status(Intake intake) {
    return text("SELECT status FROM maestro.execution WHERE execution_id = :id", intake);
  }

  int epoch(Intake intake) {
    return Integer.parseInt(
        text("SELECT lease_epoch::text FROM maestro.execution WHERE execution_id = :id", intake));
  }

  private String text(String sql, Intake intake) {
    return database
        .superuser()
        .sql(sql)
        .param("id", intake.execution())
        .query(String.class)
        .optional()
        .orElse("none");
  }

  /// The numbers of the entries of its log.
  List<Integer> logIds(Intake intake) {
    return database
        .superuser()
        .sql("SELECT log_id FROM maestro.execution_log WHERE execution_id = :id ORDER BY log_id")
        .param("id", intake.execution())
        .query(Integer.class)
        .list();
  }

  @Override
  public void close() {
    database.close();
  }
}
