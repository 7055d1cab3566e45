package io.claritystream.stream.source;

import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditLog;
import io.claritystream.stream.source.RebuildController.Rebuild;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "Sources")
class SourceTableController {
  private static final String UNDER_WAY =
      "A rebuild of this source is under way; change the table when it has ended.";

  private static final String CHOICES = "retract|keep";
  private static final String CHOICE = "must be retract or keep";
  private static final String UNKNOWN =
      "must name tables that were captured of this source, as schema.table";

  private static final int TABLES_MAX = 1_000;

  /// Both what is chosen and what is shown, which is another one if a rebuild was cancelled or
  /// failed; while one is under way, that makes what is chosen to be shown.
  private static final String CHOSEN =
      """
      SELECT wanted.table_name, coalesce(o.on_delete, 'retract') AS on_delete,
        (SELECT n.on_delete FROM analytics.table_state n
         WHERE n.tenant_id = :tenant AND n.source_id = :source
           AND n.table_name = wanted.table_name
           AND NOT EXISTS (SELECT FROM control.rebuild r
                           WHERE r.tenant_id = :tenant AND r.source_id = :source
                             AND r.ended_at IS NULL AND r.cancel_requested_at IS NULL)) AS shown,
        EXISTS (SELECT FROM control.source_table t
                WHERE t.tenant_id = :tenant AND t.source_id = :source
                  AND t.table_name = wanted.table_name) AS known
      FROM unnest(CAST(:tables AS text[])) AS wanted (table_name)
      LEFT JOIN control.source_table_option o
        ON o.tenant_id = :tenant AND o.source_id = :source AND o.table_name = wanted.table_name
      """;

  private static final String PUT =
      """
      INSERT INTO control.source_table_option (source_id, table_name, tenant_id, on_delete)
      SELECT :source, table_name, :tenant, on_delete
      FROM unnest(CAST(:tables AS text[]), CAST(:choices AS text[])) AS chosen (table_name, on_delete)
      ON CONFLICT (source_id, table_name) DO UPDATE SET on_delete = excluded.on_delete
      """;

  private final TenantTransactions transactions;
  private final AuditLog audit;
  private final Clock clock;
  private final SourceOrders<Rebuild> rebuilds;

  SourceTableController(TenantTransactions transactions, AuditLog audit, Clock clock) {
    this.transactions = transactions;
    this.audit = audit;
    this.clock = clock;
    this.rebuilds = new SourceOrders<>(transactions, audit, clock, RebuildController.KIND);
  }

  /// @param onDelete of the table that the query names: `retract` takes back what a row
  ///     contributed that the source deletes, `keep` leaves it
  /// @param tables the same of several tables, by their names as `schema.table`, instead of a table
  ///     in the query
  @Schema(name = "SourceTableChange")
  record Change(
      @Pattern(regexp = CHOICES, message = CHOICE)
          @Schema(
              allowableValues = {"retract", "keep"},
              requiredMode = Schema.RequiredMode.NOT_REQUIRED)
          @Nullable String onDelete,
      @Size(min = 1, max = TABLES_MAX, message = "must name from 1 to 1,000 tables")
          @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED)
          @Nullable
              Map<
                  @NotBlank @Size(max = 300) String,
                  @NotNull(message = CHOICE) @Pattern(regexp = CHOICES, message = CHOICE) String>
              tables) {}

  /// @param tables what is chosen for the tables that were named, by their names
  /// @param rebuild what is built anew because of it; null if all of it was chosen
  ///     before, and is shown or being built
  @Schema(name = "SourceTablesChosen")
  record Chosen(Map<String, String> tables, @Nullable Rebuild rebuild) {}

  // The table is no part of the path: a name may have a slash, and what stands before us may undo
  // how it is written there.
  @PatchMapping("/v1/sources/{id}/tables")
  @RequiresPermission(Permission.MAPPING_WRITE)
  @Operation(
      operationId = "changeSourceTable",
      summary = "Says what becomes of tables' deleted rows; what is shown is built anew with it",
      description =
          "Of one table, which the query names, or of several at once, for which all is built anew"
              + " once. What was chosen before and is shown, or is being built, changes nothing,"
              + " and nothing is built.",
      responses = {
        @ApiResponse(responseCode = "202", description = "What is shown is built anew with it"),
        @ApiResponse(
            responseCode = "200",
            description = "All of it was chosen before, and is shown or being built")
      })
  ResponseEntity<Chosen> change(
      Caller caller,
      @PathVariable("id") UUID id,
      @RequestParam(name = "table", required = false) @Nullable String table,
      @Valid @RequestBody Change change,
      HttpServletRequest request) {
    var wanted = wanted(table, change);
    var now = clock.instant();
    try {
      var chosen =
          transactions.run(
              caller.tenantId(),
              caller.userId(),
              sql -> {
                SourceOrders.requireSource(sql, caller, id);
                var changed = changed(sql, caller, id, table, wanted);
                if (changed.isEmpty()) {
                  return new Chosen(wanted, null);
                }
                put(sql, caller, id, changed);
                note(sql, caller, id, changed, now, request.getRemoteAddr());
                return new Chosen(
                    wanted,
                    rebuilds.one(sql, caller, id, RebuildController.add(sql, caller, id, now)));
              });
      return ResponseEntity.status(chosen.rebuild() == null ? HttpStatus.OK : HttpStatus.ACCEPTED)
          .body(chosen);
    } catch (DuplicateKeyException e) {
      throw Problem.of(ProblemCode.CONFLICT, UNDER_WAY);
    }
  }

  private static Map<String, String> wanted(@Nullable String table, Change change) {
    var onDelete = change.onDelete();
    var tables = change.tables();
    if (table == null) {
      if (tables == null || onDelete != null) {
        throw Problem.invalid(
            "/tables",
            "must say what becomes of deleted rows of each table, if the query names none");
      }
      if (tables.keySet().stream().anyMatch(name -> name.indexOf('\0') >= 0)) {
        throw Problem.invalid("/tables", UNKNOWN);
      }
      return new TreeMap<>(tables);
    }
    if (onDelete == null || tables != null) {
      throw Problem.invalid("/on_delete", CHOICE + " for the table that the query names");
    }
    return Map.of(table, onDelete);
  }

  /// Those for which something else was chosen before, or is shown with nothing under way to change
  /// that.
  private static Map<String, String> changed(
      JdbcClient sql,
      Caller caller,
      UUID source,
      @Nullable String one,
      Map<String, String> wanted) {
    var changed = new TreeMap<String, String>();
    sql.sql(CHOSEN)
        .param("tenant", caller.tenantId().value())
        .param("source", source)
        .param("tables", wanted.keySet().toArray(String[]::new))
        .query(
            row -> {
              var table = row.getString("table_name");
              if (!row.getBoolean("known")) {
                throw one != null
                    ? Problem.notFound("table", table)
                    : Problem.invalid("/tables", UNKNOWN);
              }
              var choice = wanted.get(table);
              if (choice == null) {
                return;
              }
              var shown = row.getString("shown");
              if (!choice.equals(row.getString("on_delete"))
                  || shown != null && !choice.equals(shown)) {
                changed.put(table, choice);
              }
            });
    return changed;
  }

  private static void put(JdbcClient sql, Caller caller, UUID source, Map<String, String> changed) {
    sql.sql(PUT)
        .param("tenant", caller.tenantId().value())
        .param("source", source)
        .param("tables", changed.keySet().toArray(String[]::new))
        .param("choices", changed.values().toArray(String[]::new))
        .update();
  }

  /// An entry a choice, with all tables that it was made for.
  private void note(
      JdbcClient sql,
      Caller caller,
      UUID source,
      Map<String, String> changed,
      Instant now,
      String address) {
    var act =
        AuditEntry.of(
                caller.tenantId(),
                now,
                AuditLog.person(sql, caller.userId()),
                "source.table_changed")
            .on("source", source)
            .from(address);
    var tables = new TreeMap<String, List<String>>();
    changed.forEach(
        (table, choice) -> tables.computeIfAbsent(choice, made -> new ArrayList<>()).add(table));
    tables.forEach(
        (choice, names) ->
            audit.append(
                sql, act.with("tables", String.join(", ", names)).with("on_delete", choice)));
  }
}
