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
import io.claritystream.base.http.ProblemCode;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditLog;
import io.claritystream.stream.source.SourceViews.Source;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "Sources")
class SourceController {
  private static final String LIST = "sources";
  private static final String GAPS = "source_gaps";
  private static final Set<String> ACKNOWLEDGE = Set.of("bronze", "spool");

  private static final String TABLES =
      """
      SELECT v.table_name, coalesce(f.schema_version, v.schema_version) AS schema_version,
             coalesce(f.mapping, v.mapping)::text AS mapping,
             coalesce(f.mapping ->> 'entity', v.mapping ->> 'entity', 'ignore') AS entity,
             coalesce(n.reads, 0) AS reads, coalesce(n.inserts, 0) AS inserts,
             coalesce(n.updates, 0) AS updates, coalesce(n.deletes, 0) AS deletes,
             coalesce(n.truncates, 0) AS truncates, coalesce(n.clears, 0) AS clears,
             coalesce(n.cleared_seq = n.last_seq AND n.last_seq > 0, false) AS cleared, coalesce(n.rows_incomplete, 0) AS incomplete,
             coalesce(n.failed, 0) AS failed, coalesce(n.extras_left_out, 0) AS values_left_out,
             coalesce(n.sessions_left_out, 0) AS sessions_left_out,
             coalesce(n.times_replaced, 0) AS times_replaced,
             missing.events AS missing, missing.dismissed AS missing_dismissed,
             coalesce(n.exact, true) AND missing.events = 0 AS exact, n.last_event_at,
             coalesce(o.on_delete, 'retract') AS on_delete, n.on_delete AS on_delete_shown
      FROM (
        SELECT DISTINCT ON (table_name) table_name, schema_version, mapping
        FROM control.source_table
        WHERE tenant_id = :tenant AND source_id = :source
        ORDER BY table_name, schema_version DESC
      ) v
      LEFT JOIN analytics.table_state n
        ON n.tenant_id = :tenant AND n.source_id = :source AND n.table_name = v.table_name
      LEFT JOIN analytics.model live
        ON live.tenant_id = :tenant AND live.source_id = :source AND live.state = 'live'
      LEFT JOIN control.source_table_option o
        ON o.tenant_id = :tenant AND o.source_id = :source AND o.table_name = v.table_name
      CROSS JOIN LATERAL (
        SELECT
          coalesce(sum(l.seq_end - l.seq + 1) FILTER (WHERE l.dismissed_at IS NULL), 0) AS events,
          coalesce(sum(l.seq_end - l.seq + 1) FILTER (WHERE l.dismissed_at IS NOT NULL), 0)
            AS dismissed
      """
          + MissingEvents.OF_TABLE
          + """
      ) missing
      LEFT JOIN control.source_table f
        ON f.tenant_id = :tenant AND f.source_id = :source AND f.table_name = v.table_name
        AND f.schema_version = n.schema_version
      ORDER BY v.table_name
      """;

  private final TenantTransactions transactions;
  private final SourceViews views;
  private final AuditLog audit;
  private final Clock clock;

  SourceController(
      TenantTransactions transactions, SourceViews views, AuditLog audit, Clock clock) {
    this.transactions = transactions;
    this.views = views;
    this.audit = audit;
    this.clock = clock;
  }

  /// The counts of events are those since what is shown of the source began: since its first or
  /// newest copy of all tables. How many rows a table holds now they do not tell. What is shown
  /// otherwise than it came is counted of the rows that are there.
  ///
  /// @param events all of them together
  /// @param reads rows that a copy of the table read
  /// @param truncates that somebody did at the source
  /// @param clears how often the agent cleared the table here: to read it again beside the stream,
  ///     or because it is captured no more
  /// @param cleared whether nothing came of it since it was cleared: it is captured no more, or it
  ///     was empty when it was read again
  /// @param incomplete rows with values that an update left untouched and the source had never told
  /// @param failed rows that could not be folded, or are not shown as their last events left them
  ///     because one of those could not be, and events that could not be folded and do not tell of
  ///     which row they are, since the table was emptied or read last; the dead letters say why
  /// @param missing events that came and are missing here for good, because they could not be
  ///     stored or the batch that they came in could not be read, since the table was emptied or
  ///     read last: those of the table, and those of which nobody can tell the table. Those whose
  ///     dead letters a person has dismissed are left out.
  /// @param missingDismissed the same of those that were dismissed: they do not keep the table from
  ///     being called exact, and what is shown lacks them still
  /// @param valuesLeftOut values beyond the limits on keys, depth, elements, length and digits:
  ///     left out, cut, or kept as texts though they are numbers; raw they are as they came
  /// @param sessionsLeftOut rows that do not say when the session was that they are
  /// @param timesReplaced readings whose time was no time: they stand at that of their commit
  /// @param exact whether the read models hold everything that this table said of the rows that are
  ///     there now, but for what `missing_dismissed` counts; never so where the source tells only
  ///     its inserts
  /// @param schemaVersion of the table's definitions the one that what is shown follows: one that
  ///     was taken back is an earlier one again
  /// @param onDelete what becomes of a row that the source deletes, as people have chosen:
  ///     `retract` takes back what it contributed, `keep` leaves it
  /// @param onDeleteShown the same of what is shown now, null while nothing is: another one than
  ///     `on_delete` until what is shown was built anew with it
  @Schema(name = "SourceTable")
  record Table(
      String table,
      String entity,
      @JsonRawValue @Schema(implementation = Object.class, types = "object") String mapping,
      long events,
      long reads,
      long inserts,
      long updates,
      long deletes,
      long truncates,
      long clears,
      boolean cleared,
      long incomplete,
      long failed,
      long missing,
      long missingDismissed,
      long valuesLeftOut,
      long sessionsLeftOut,
      long timesReplaced,
      boolean exact,
      @Schema(allowableValues = {"retract", "keep"}) String onDelete,
      @Schema(allowableValues = {"retract", "keep"}) @Nullable String onDeleteShown,
      @Nullable Instant lastEventAt,
      int schemaVersion) {}

  @GetMapping("/v1/sources")
  @RequiresPermission(Permission.SOURCES_READ)
  @Operation(operationId = "listSources", summary = "The sources of the workspace, newest first")
  Page<Source> list(
      Caller caller,
      PageRequest page,
      @Parameter(description = "Also the sources that were removed from their agents")
          @RequestParam(name = "removed", defaultValue = "false")
          boolean removed) {
    SourceViews.After after =
        page.after(LIST, 2)
            .map(cursor -> new SourceViews.After(cursor.instant(0), cursor.uuid(1)))
            .orElse(null);
    List<Source> rows =
        transactions.read(
            caller.tenantId(),
            sql -> views.list(sql, caller.tenantId(), removed, after, page.rows()));
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

  @GetMapping("/v1/sources/{id}/gaps")
  @RequiresPermission(Permission.SOURCES_READ)
  @Operation(
      operationId = "listSourceGaps",
      summary =
          "What of a source was not captured, and whether a snapshot repaired it; newest first")
  Page<SourceGaps.Shown> gaps(Caller caller, @PathVariable("id") UUID id, PageRequest page) {
    SourceGaps.After after =
        page.after(GAPS, 2)
            .map(cursor -> new SourceGaps.After(cursor.instant(0), cursor.uuid(1)))
            .orElse(null);
    List<SourceGaps.Shown> rows =
        transactions.read(
            caller.tenantId(),
            sql -> {
              one(sql, caller, id);
              return SourceGaps.list(sql, caller.tenantId(), id, after, page.rows());
            });
    return Page.of(rows, page, gap -> Cursor.of(GAPS, gap.noticedAt(), gap.id()));
  }

  /// @param acknowledge `bronze`: the source keeps its log until its events are stored here;
  ///     `spool`: only until the agent's own disk has them, so that a platform that is away costs
  ///     the source no disk, and an agent's disk that is lost costs the events that were not sent
  ///     yet
  @Schema(name = "SourceChange")
  record Change(@Schema(allowableValues = {"bronze", "spool"}) String acknowledge) {}

  @PatchMapping("/v1/sources/{id}")
  @RequiresPermission(Permission.SOURCES_WRITE)
  @Operation(
      operationId = "changeSource",
      summary =
          "Changes when the source may forget what it sent: a connected agent follows at once")
  Source change(
      Caller caller,
      @PathVariable("id") UUID id,
      @RequestBody Change change,
      HttpServletRequest request) {
    var acknowledge = change.acknowledge();
    // Who leaves it out, says null.
    if (acknowledge == null || !ACKNOWLEDGE.contains(acknowledge)) {
      throw Problem.invalid("/acknowledge", "must be bronze or spool");
    }
    return transactions.run(
        caller.tenantId(),
        caller.userId(),
        sql -> {
          Source before = one(sql, caller, id);
          if (before.state().equals("removed")) {
            throw Problem.of(
                ProblemCode.CONFLICT, "The source was removed from its agent; add it again first.");
          }
          if (!before.acknowledge().equals(acknowledge)) {
            sql.sql(
                    """
                    UPDATE control.source SET acknowledge = :acknowledge
                    WHERE tenant_id = :tenant AND source_id = :source
                    """)
                .param("acknowledge", acknowledge)
                .param("tenant", caller.tenantId().value())
                .param("source", id)
                .update();
            audit.append(
                sql,
                AuditEntry.of(
                        caller.tenantId(),
                        clock.instant(),
                        AuditLog.person(sql, caller.userId()),
                        "source.changed")
                    .on("source", id)
                    .from(request.getRemoteAddr())
                    .with("name", before.name())
                    .with("acknowledge", acknowledge));
          }
          return one(sql, caller, id);
        });
  }

  private Source one(JdbcClient sql, Caller caller, UUID id) {
    List<Source> found = views.of(sql, caller.tenantId(), List.of(id));
    if (found.isEmpty()) {
      throw Problem.notFound("source", id);
    }
    return found.getFirst();
  }

  private static Table table(ResultSet row, int number) throws SQLException {
    return new Table(
        row.getString("table_name"),
        row.getString("entity"),
        row.getString("mapping"),
        row.getLong("reads")
            + row.getLong("inserts")
            + row.getLong("updates")
            + row.getLong("deletes")
            + row.getLong("truncates")
            + row.getLong("clears"),
        row.getLong("reads"),
        row.getLong("inserts"),
        row.getLong("updates"),
        row.getLong("deletes"),
        row.getLong("truncates"),
        row.getLong("clears"),
        row.getBoolean("cleared"),
        row.getLong("incomplete"),
        row.getLong("failed"),
        row.getLong("missing"),
        row.getLong("missing_dismissed"),
        row.getLong("values_left_out"),
        row.getLong("sessions_left_out"),
        row.getLong("times_replaced"),
        row.getBoolean("exact"),
        row.getString("on_delete"),
        row.getString("on_delete_shown"),
        SqlTime.readNullable(row, "last_event_at"),
        row.getInt("schema_version"));
  }
}
