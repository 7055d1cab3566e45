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
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "Sources")
class RebuildController {
  private static final String UNDER_WAY = "A rebuild of this source is under way already.";
  private static final String OF_SNAPSHOT =
      "It belongs to a new copy of all tables, which would not be shown without it.";

  private static final String SELECT =
      """
      SELECT rebuild_id, source_id, state, events_done, events_total, problem, requested_at,
        ended_at, cancel_requested_at IS NOT NULL AND ended_at IS NULL AS cancelling,
        snapshot_epoch IS NOT NULL AS of_snapshot
      FROM control.rebuild
      WHERE tenant_id = :tenant AND source_id = :source
        AND (CAST(:order AS uuid) IS NULL OR rebuild_id = :order)
        AND (CAST(:at AS timestamptz) IS NULL OR (requested_at, rebuild_id) < (:at, :after))
      ORDER BY requested_at DESC, rebuild_id DESC
      LIMIT :rows
      """;

  private static final String ADD =
      """
      INSERT INTO control.rebuild (rebuild_id, tenant_id, source_id, state, requested_by, requested_at)
      VALUES (:order, :tenant, :source, 'waiting', :user, :now)
      """;

  private static final String CANCEL =
      """
      UPDATE control.rebuild SET cancel_requested_at = :now
      WHERE tenant_id = :tenant AND source_id = :source AND rebuild_id = :order
        AND ended_at IS NULL AND cancel_requested_at IS NULL AND snapshot_epoch IS NULL
      """;

  static final SourceOrders.Kind<Rebuild> KIND =
      new SourceOrders.Kind<>("rebuild", SELECT, CANCEL, RebuildController::rebuild);

  private final TenantTransactions transactions;
  private final AuditLog audit;
  private final Clock clock;
  private final SourceOrders<Rebuild> rebuilds;

  RebuildController(TenantTransactions transactions, AuditLog audit, Clock clock) {
    this.transactions = transactions;
    this.audit = audit;
    this.clock = clock;
    this.rebuilds = new SourceOrders<>(transactions, audit, clock, KIND);
  }

  /// @param eventsTotal how many events there are to fold; more come while it runs. Null before it
  ///     begins.
  /// @param problem what holds it up; it goes on by itself when that is mended
  /// @param ofSnapshot whether it belongs to a new copy of all tables, because deleted rows are
  ///     kept: it is shown once the copy is whole, and cannot be cancelled
  @Schema(name = "Rebuild")
  record Rebuild(
      UUID id,
      UUID sourceId,
      @Schema(
              allowableValues = {
                "waiting",
                "running",
                "cancelling",
                "done",
                "cancelled",
                "replaced"
              })
          String state,
      long eventsDone,
      @Nullable Long eventsTotal,
      @Nullable String problem,
      boolean ofSnapshot,
      Instant requestedAt,
      @Nullable Instant endedAt)
      implements SourceOrders.Order {}

  @PostMapping("/v1/sources/{id}/rebuilds")
  @RequiresPermission(Permission.SOURCES_WRITE)
  @ResponseStatus(HttpStatus.ACCEPTED)
  @Operation(
      operationId = "rebuildSource",
      summary = "Builds what is shown of a source anew from what was captured, aside",
      description =
          "What is shown stays as it is until the new one has caught up and takes its place. One at"
              + " a time for a source.")
  Rebuild request(Caller caller, @PathVariable("id") UUID id, HttpServletRequest request) {
    var now = clock.instant();
    try {
      return transactions.run(
          caller.tenantId(),
          caller.userId(),
          sql -> {
            SourceOrders.requireSource(sql, caller, id);
            var rebuild = add(sql, caller, id, now);
            audit.append(sql, rebuilds.entry(sql, caller, request, now, "requested", id, rebuild));
            return rebuilds.one(sql, caller, id, rebuild);
          });
    } catch (DuplicateKeyException e) {
      throw Problem.of(ProblemCode.CONFLICT, UNDER_WAY);
    }
  }

  @GetMapping("/v1/sources/{id}/rebuilds")
  @RequiresPermission(Permission.SOURCES_READ)
  @Operation(operationId = "listRebuilds", summary = "The rebuilds of a source, newest first")
  Page<Rebuild> list(Caller caller, @PathVariable("id") UUID id, PageRequest page) {
    return rebuilds.list(caller, id, page);
  }

  @GetMapping("/v1/sources/{id}/rebuilds/{rebuild}")
  @RequiresPermission(Permission.SOURCES_READ)
  @Operation(operationId = "getRebuild", summary = "How far a rebuild is")
  Rebuild get(Caller caller, @PathVariable("id") UUID id, @PathVariable("rebuild") UUID rebuild) {
    return rebuilds.get(caller, id, rebuild);
  }

  @PostMapping("/v1/sources/{id}/rebuilds/{rebuild}/cancel")
  @RequiresPermission(Permission.SOURCES_WRITE)
  @ResponseStatus(HttpStatus.ACCEPTED)
  @Operation(
      operationId = "cancelRebuild",
      summary = "Gives a rebuild up; one that has ended stays as it is")
  Rebuild cancel(
      Caller caller,
      @PathVariable("id") UUID id,
      @PathVariable("rebuild") UUID rebuild,
      HttpServletRequest request) {
    var found = rebuilds.get(caller, id, rebuild);
    if (found.ofSnapshot() && found.endedAt() == null) {
      throw Problem.of(ProblemCode.CONFLICT, OF_SNAPSHOT);
    }
    return rebuilds.cancel(caller, id, rebuild, request);
  }

  /// @throws DuplicateKeyException if one is under way
  static UUID add(JdbcClient sql, Caller caller, UUID source, Instant now) {
    var rebuild = UUID.randomUUID();
    sql.sql(ADD)
        .param("order", rebuild)
        .param("tenant", caller.tenantId().value())
        .param("source", source)
        .param("user", caller.userId().value())
        .param("now", SqlTime.of(now))
        .update();
    return rebuild;
  }

  private static Rebuild rebuild(ResultSet row, int number) throws SQLException {
    return new Rebuild(
        row.getObject("rebuild_id", UUID.class),
        row.getObject("source_id", UUID.class),
        row.getBoolean("cancelling") ? "cancelling" : row.getString("state"),
        row.getLong("events_done"),
        row.getObject("events_total", Long.class),
        row.getString("problem"),
        row.getBoolean("of_snapshot"),
        SqlTime.read(row, "requested_at"),
        SqlTime.readNullable(row, "ended_at"));
  }
}
