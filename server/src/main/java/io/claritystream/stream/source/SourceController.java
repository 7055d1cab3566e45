package io.claritystream.stream.source;

import com.fasterxml.jackson.annotation.JsonRawValue;
import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.RequiresPermission;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "Sources")
class SourceController {
  private static final String LIST = "sources";

  private static final String SELECT =
      """
      SELECT s.source_id, s.name, s.kind, s.agent_id, a.name AS agent_name, s.epoch, s.created_at,
             t.state, t.detail, t.captured_seq, t.lag_bytes, t.spool_bytes, t.events_per_s,
             t.snapshot_tables_done, t.snapshot_tables_total, t.snapshot_rows,
             coalesce(t.reported_at > :fresh, false) AND a.revoked_at IS NULL AS online,
             c.epoch AS durable_epoch, c.bronze_seq, c.events_total, c.last_commit_at,
             c.last_captured_at
      FROM control.source s
      JOIN control.agent a ON a.agent_id = s.agent_id
      LEFT JOIN control.source_status t ON t.source_id = s.source_id
      LEFT JOIN control.checkpoint_source c ON c.source_id = s.source_id
      WHERE s.tenant_id = :tenant
        AND (CAST(:id AS uuid) IS NULL OR s.source_id = :id)
        AND (CAST(:at AS timestamptz) IS NULL OR (s.created_at, s.source_id) < (:at, :after))
      ORDER BY s.created_at DESC, s.source_id DESC
      LIMIT :rows
      """;

  private static final String TABLES =
      """
      SELECT v.table_name, v.schema_version, v.mapping::text AS mapping,
             coalesce(v.mapping ->> 'entity', 'ignore') AS entity,
             coalesce(n.reads, 0) AS reads, coalesce(n.inserts, 0) AS inserts,
             coalesce(n.updates, 0) AS updates, coalesce(n.deletes, 0) AS deletes,
             coalesce(n.truncates, 0) AS truncates, coalesce(n.skipped, 0) AS skipped,
             coalesce(n.exact, true) AS exact, n.last_event_at
      FROM (
        SELECT DISTINCT ON (table_name) table_name, schema_version, mapping
        FROM control.source_table
        WHERE tenant_id = :tenant AND source_id = :source
        ORDER BY table_name, schema_version DESC
      ) v
      LEFT JOIN analytics.table_state n
        ON n.tenant_id = :tenant AND n.source_id = :source AND n.table_name = v.table_name
      ORDER BY v.table_name
      """;

  private final TenantTransactions transactions;
  private final Clock clock;

  SourceController(TenantTransactions transactions, Clock clock) {
    this.transactions = transactions;
    this.clock = clock;
  }

  /// @param eventsPerS durable events over the last minute
  /// @param lagS seconds since the newest durable commit while there is more to come; 0 when caught
  ///     up
  /// @param lagBytes of the source's own log that is held back for us
  @Schema(name = "Source")
  record Source(
      UUID id,
      String name,
      @Schema(allowableValues = {"postgresql"}) String kind,
      UUID agentId,
      String agentName,
      @Schema(
              allowableValues = {
                "snapshotting",
                "streaming",
                "waiting",
                "stopped",
                "failed",
                "offline"
              })
          String state,
      String stateDetail,
      int epoch,
      long durableSeq,
      long eventsTotal,
      double eventsPerS,
      double lagS,
      long lagBytes,
      long spoolBytes,
      @Nullable Snapshot snapshot,
      @Nullable Instant lastEventAt,
      Instant createdAt) {}

  @Schema(name = "SourceSnapshot")
  record Snapshot(int tablesDone, int tablesTotal, long rows) {}

  /// @param rows that came by snapshot and insert
  /// @param skipped events that the read models do not hold
  /// @param exact whether the read models hold everything that this table said
  @Schema(name = "SourceTable")
  record Table(
      String table,
      String entity,
      @JsonRawValue @Schema(type = "object") String mapping,
      long rows,
      long inserts,
      long updates,
      long deletes,
      long truncates,
      long skipped,
      boolean exact,
      @Nullable Instant lastEventAt,
      int schemaVersion) {}

  @GetMapping("/v1/sources")
  @RequiresPermission(Permission.SOURCES_READ)
  @Operation(operationId = "listSources", summary = "The sources of the workspace, newest first")
  Page<Source> list(Caller caller, PageRequest page) {
    Optional<Cursor> after = page.after(LIST, 2);
    List<Source> rows =
        transactions.read(
            caller.tenantId(),
            sql ->
                select(
                    sql,
                    caller,
                    null,
                    after.map(cursor -> cursor.instant(0)).orElse(null),
                    after.map(cursor -> cursor.uuid(1)).orElse(null),
                    page.rows()));
    return Page.of(rows, page, source -> Cursor.of(LIST, source.createdAt(), source.id()));
  }

  @GetMapping("/v1/sources/{id}")
  @RequiresPermission(Permission.SOURCES_READ)
  @Operation(operationId = "getSource", summary = "One source")
  Source get(Caller caller, @PathVariable("id") UUID id) {
    return transactions.read(caller.tenantId(), sql -> one(sql, caller, id));
  }

  @GetMapping("/v1/sources/{id}/tables")
  @RequiresPermission(Permission.SOURCES_READ)
  @Operation(
      operationId = "listSourceTables",
      summary = "The captured tables of a source: what they become, and what came of them")
  Page<Table> tables(Caller caller, @PathVariable("id") UUID id) {
    return Page.whole(
        transactions.read(
            caller.tenantId(),
            sql -> {
              one(sql, caller, id);
              return sql.sql(TABLES)
                  .param("tenant", caller.tenantId().value())
                  .param("source", id)
                  .query(SourceController::table)
                  .list();
            }));
  }

  private Source one(JdbcClient sql, Caller caller, UUID id) {
    List<Source> found = select(sql, caller, id, null, null, 1);
    if (found.isEmpty()) {
      throw Problem.notFound("source", id);
    }
    return found.getFirst();
  }

  private List<Source> select(
      JdbcClient sql,
      Caller caller,
      @Nullable UUID id,
      @Nullable Instant at,
      @Nullable UUID after,
      int rows) {
    Instant now = clock.instant();
    return sql.sql(SELECT)
        .param("fresh", SqlTime.of(now.minus(SourceReports.OFFLINE_AFTER)))
        .param("tenant", caller.tenantId().value())
        .param("id", id)
        .param("at", at == null ? null : SqlTime.of(at))
        .param("after", after)
        .param("rows", rows)
        .query((row, number) -> source(row, now))
        .list();
  }

  private static Source source(ResultSet row, Instant now) throws SQLException {
    boolean online = row.getBoolean("online");
    int epoch = row.getInt("epoch");
    long durableSeq = row.getInt("durable_epoch") == epoch ? row.getLong("bronze_seq") : 0;
    Instant lastCommitAt = SqlTime.readNullable(row, "last_commit_at");
    boolean behind = row.getLong("captured_seq") > durableSeq;
    double lag =
        behind && lastCommitAt != null
            ? Math.max(0, Duration.between(lastCommitAt, now).toMillis() / 1_000.0)
            : 0;
    String state = row.getString("state");
    return new Source(
        row.getObject("source_id", UUID.class),
        row.getString("name"),
        row.getString("kind"),
        row.getObject("agent_id", UUID.class),
        row.getString("agent_name"),
        online && state != null ? state : "offline",
        online ? row.getString("detail") : "",
        epoch,
        durableSeq,
        row.getLong("events_total"),
        online ? Math.round(row.getFloat("events_per_s") * 10) / 10.0 : 0,
        lag,
        row.getLong("lag_bytes"),
        row.getLong("spool_bytes"),
        snapshot(row),
        lastCommitAt == null ? SqlTime.readNullable(row, "last_captured_at") : lastCommitAt,
        SqlTime.read(row, "created_at"));
  }

  private static @Nullable Snapshot snapshot(ResultSet row) throws SQLException {
    int tablesTotal = row.getInt("snapshot_tables_total");
    return row.wasNull()
        ? null
        : new Snapshot(
            row.getInt("snapshot_tables_done"), tablesTotal, row.getLong("snapshot_rows"));
  }

  private static Table table(ResultSet row, int number) throws SQLException {
    return new Table(
        row.getString("table_name"),
        row.getString("entity"),
        row.getString("mapping"),
        row.getLong("reads") + row.getLong("inserts"),
        row.getLong("inserts"),
        row.getLong("updates"),
        row.getLong("deletes"),
        row.getLong("truncates"),
        row.getLong("skipped"),
        row.getBoolean("exact"),
        SqlTime.readNullable(row, "last_event_at"),
        row.getInt("schema_version"));
  }
}
