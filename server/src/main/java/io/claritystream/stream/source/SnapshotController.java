package io.claritystream.stream.source;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.control.audit.AuditLog;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "Sources")
class SnapshotController {
  private static final int TABLES_MAX = 1_000;
  private static final String UNDER_WAY =
      "A snapshot of this source was ordered already and has not ended. If its agent is away, it is"
          + " taken when the agent is back; or cancel it first.";

  private static final String ADD =
      """
      INSERT INTO control.source_snapshot
        (snapshot_id, tenant_id, source_id, tables, state, requested_by, requested_at)
      VALUES (:order, :tenant, :source, :tables, 'asked', :user, :now)
      """;

  private static final String CANCEL =
      """
      UPDATE control.source_snapshot SET state = 'cancelled', ended_at = :now
      WHERE tenant_id = :tenant AND source_id = :source AND snapshot_id = :order
        AND ended_at IS NULL
      """;

  private static final String SELECT =
      """
      SELECT snapshot_id, source_id, tables, state, reason, tables_done, tables_total,
             requested_at, started_at, ended_at
      FROM control.source_snapshot
      WHERE tenant_id = :tenant AND source_id = :source
        AND (CAST(:order AS uuid) IS NULL OR snapshot_id = :order)
        AND (CAST(:at AS timestamptz) IS NULL OR (requested_at, snapshot_id) < (:at, :after))
      ORDER BY requested_at DESC, snapshot_id DESC
      LIMIT :rows
      """;

  private static final String UNKNOWN =
      """
      SELECT w.name FROM unnest(CAST(:tables AS text[])) AS w (name)
      WHERE NOT EXISTS (
        SELECT 1 FROM control.source_table t
        WHERE t.tenant_id = :tenant AND t.source_id = :source AND t.table_name = w.name)
      LIMIT 1
      """;

  private static final SourceOrders.Kind<Snapshot> KIND =
      new SourceOrders.Kind<>("snapshot", SELECT, CANCEL, SnapshotController::snapshot);

  private final TenantTransactions transactions;
  private final AuditLog audit;
  private final Clock clock;
  private final SourceOrders<Snapshot> snapshots;

  SnapshotController(TenantTransactions transactions, AuditLog audit, Clock clock) {
    this.transactions = transactions;
    this.audit = audit;
    this.clock = clock;
    this.snapshots = new SourceOrders<>(transactions, audit, clock, KIND);
  }

  /// @param tables the tables to read again, as `schema.table`; none or null means all of them
  @Schema(name = "SnapshotOrder")
  record Asked(@Nullable List<String> tables) {}

  /// @param tables none means all: they are shown as they were until the new copy is whole
  /// @param reason why it failed or expired
  /// @param tablesTotal 0 until the agent has begun
  @Schema(name = "OrderedSnapshot")
  record Snapshot(
      UUID id,
      UUID sourceId,
      List<String> tables,
      @Schema(allowableValues = {"asked", "running", "done", "failed", "cancelled", "expired"})
          String state,
      @Nullable String reason,
      int tablesDone,
      int tablesTotal,
      Instant requestedAt,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt)
      implements SourceOrders.Order {}

  @PostMapping("/v1/sources/{id}/snapshots")
  @RequiresPermission(Permission.SOURCES_WRITE)
  @ResponseStatus(HttpStatus.ACCEPTED)
  @Operation(
      operationId = "orderSnapshot",
      summary = "Has tables of a source read again by its agent, or all of them",
      description =
          "An agent that is away takes it when it is back, within seven days; then it expires. One at"
              + " a time for a source. Single tables are read beside the stream; all of them begin a"
              + " new epoch.")
  Snapshot order(
      Caller caller,
      @PathVariable("id") UUID id,
      @RequestBody(required = false) @Nullable Asked asked,
      HttpServletRequest request) {
    var now = clock.instant();
    var tables = tables(asked);
    try {
      return transactions.run(
          caller.tenantId(),
          caller.userId(),
          sql -> {
            requireCapturing(sql, caller, id);
            requireKnown(sql, caller, id, tables);
            var snapshot = UUID.randomUUID();
            sql.sql(ADD)
                .param("order", snapshot)
                .param("tenant", caller.tenantId().value())
                .param("source", id)
                .param("tables", tables.toArray(String[]::new))
                .param("user", caller.userId().value())
                .param("now", SqlTime.of(now))
                .update();
            audit.append(
                sql,
                snapshots
                    .entry(sql, caller, request, now, "ordered", id, snapshot)
                    .with("tables", tables.isEmpty() ? "all" : Integer.toString(tables.size())));
            return snapshots.one(sql, caller, id, snapshot);
          });
    } catch (DuplicateKeyException e) {
      throw Problem.of(ProblemCode.CONFLICT, UNDER_WAY);
    }
  }

  @PostMapping("/v1/sources/{id}/snapshots/{snapshot}/cancel")
  @RequiresPermission(Permission.SOURCES_WRITE)
  @Operation(
      operationId = "cancelSnapshot",
      summary = "Gives an ordered snapshot up; one that has ended stays as it is",
      description =
          "Its agent is not told of it any more, and another one can be ordered. What the agent has"
              + " begun to read, it reads to the end.")
  Snapshot cancel(
      Caller caller,
      @PathVariable("id") UUID id,
      @PathVariable("snapshot") UUID snapshot,
      HttpServletRequest request) {
    return snapshots.cancel(caller, id, snapshot, request);
  }

  @GetMapping("/v1/sources/{id}/snapshots")
  @RequiresPermission(Permission.SOURCES_READ)
  @Operation(
      operationId = "listSnapshots",
      summary = "The snapshots of a source that were ordered, newest first")
  Page<Snapshot> list(Caller caller, @PathVariable("id") UUID id, PageRequest page) {
    return snapshots.list(caller, id, page);
  }

  private static List<String> tables(@Nullable Asked asked) {
    var tables = asked == null ? null : asked.tables();
    if (tables == null) {
      return List.of();
    }
    if (tables.size() > TABLES_MAX) {
      throw Problem.invalid(
          "/tables", "must name at most " + TABLES_MAX + " tables, or none for all");
    }
    for (var table : tables) {
      if (table == null || table.isBlank() || table.indexOf('\0') >= 0) {
        throw Problem.invalid("/tables", "must name tables, as schema.table");
      }
    }
    return tables.stream().distinct().toList();
  }

  private static void requireCapturing(JdbcClient sql, Caller caller, UUID id) {
    SourceOrders.requireSource(sql, caller, id);
    var removed =
        sql.sql(
                """
                SELECT removed_at IS NOT NULL FROM control.source
                WHERE tenant_id = :tenant AND source_id = :source
                """)
            .param("tenant", caller.tenantId().value())
            .param("source", id)
            .query(Boolean.class)
            .single();
    if (removed) {
      throw Problem.of(
          ProblemCode.CONFLICT, "The source was removed from its agent; add it again first.");
    }
  }

  private static void requireKnown(JdbcClient sql, Caller caller, UUID id, List<String> tables) {
    sql.sql(UNKNOWN)
        .param("tables", tables.toArray(String[]::new))
        .param("tenant", caller.tenantId().value())
        .param("source", id)
        .query(String.class)
        .optional()
        .ifPresent(
            name -> {
              throw Problem.invalid(
                  "/tables", "must name tables that were captured of this source, as schema.table");
            });
  }

  private static Snapshot snapshot(ResultSet row, int number) throws SQLException {
    return new Snapshot(
        row.getObject("snapshot_id", UUID.class),
        row.getObject("source_id", UUID.class),
        List.of((String[]) row.getArray("tables").getArray()),
        row.getString("state"),
        row.getString("reason"),
        row.getInt("tables_done"),
        row.getInt("tables_total"),
        SqlTime.read(row, "requested_at"),
        SqlTime.readNullable(row, "started_at"),
        SqlTime.readNullable(row, "ended_at"));
  }
}
