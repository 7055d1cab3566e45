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
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.time.Clock;
import java.util.UUID;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "Sources")
class SourceTableController {
  private static final String UNDER_WAY =
      "A rebuild of this source is under way; change the table when it has ended.";

  private static final String KNOWN =
      """
      SELECT 1 FROM control.source_table
      WHERE tenant_id = :tenant AND source_id = :source AND table_name = :table
      LIMIT 1
      """;

  private static final String PUT =
      """
      INSERT INTO control.source_table_option (source_id, table_name, tenant_id, on_delete)
      VALUES (:source, :table, :tenant, :on_delete)
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

  /// @param onDelete what becomes of a row that the source deletes: `retract` takes back what it
  ///     contributed, `keep` leaves it
  @Schema(name = "SourceTableChange")
  record Change(
      @NotNull
          @Pattern(regexp = "retract|keep", message = "must be retract or keep")
          @Schema(allowableValues = {"retract", "keep"})
          String onDelete) {}

  // The table is no part of the path: a name may have a slash, and what stands before us may undo
  // how it is written there.
  @PatchMapping("/v1/sources/{id}/tables")
  @RequiresPermission(Permission.MAPPING_WRITE)
  @ResponseStatus(HttpStatus.ACCEPTED)
  @Operation(
      operationId = "changeSourceTable",
      summary = "Says what becomes of a table's deleted rows; what is shown is built anew with it")
  Rebuild change(
      Caller caller,
      @PathVariable("id") UUID id,
      @RequestParam("table") String table,
      @Valid @RequestBody Change change,
      HttpServletRequest request) {
    var now = clock.instant();
    try {
      return transactions.run(
          caller.tenantId(),
          caller.userId(),
          sql -> {
            SourceOrders.requireSource(sql, caller, id);
            sql.sql(KNOWN)
                .param("tenant", caller.tenantId().value())
                .param("source", id)
                .param("table", table)
                .query(Integer.class)
                .optional()
                .orElseThrow(() -> Problem.notFound("table", table));
            sql.sql(PUT)
                .param("tenant", caller.tenantId().value())
                .param("source", id)
                .param("table", table)
                .param("on_delete", change.onDelete())
                .update();
            audit.append(
                sql,
                AuditEntry.of(
                        caller.tenantId(),
                        now,
                        PairingCodes.person(sql, caller.userId()),
                        "source.table_changed")
                    .on("source", id)
                    .from(request.getRemoteAddr())
                    .with("table", table)
                    .with("on_delete", change.onDelete()));
            return rebuilds.one(sql, caller, id, RebuildController.add(sql, caller, id, now));
          });
    } catch (DuplicateKeyException e) {
      throw Problem.of(ProblemCode.CONFLICT, UNDER_WAY);
    }
  }
}
