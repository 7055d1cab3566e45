package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.claritystream.maestro.definition.WorkflowAccess;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Clock;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/// Trying many failed executions again.
@RestController
@Tag(name = "Executions")
@RunsAs(ProcessRole.API)
class RedriveController {
  private static final int PER_S_DEFAULT = 10;
  private static final int LIMIT_MAX = 1_000_000;
  private static final int TEXT_MAX = 200;

  private static final String AT_ONCE_MAX =
      """
      SELECT p.executions_at_once_max FROM control.dim_tenant d JOIN control.plan p USING (plan)
      WHERE d.tenant_id = :tenant
      """;

  private final TenantTransactions transactions;
  private final Acts acts;
  private final Clock clock;

  RedriveController(TenantTransactions transactions, Acts acts, Clock clock) {
    this.transactions = transactions;
    this.acts = acts;
    this.clock = clock;
  }

  /// @param filter which executions; all that failed, if it is left out
  /// @param perS how many are tried again in a second, up to what the plan allows at once
  /// @param limit how many at most
  @Schema(name = "StartRedrive")
  record Start(
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) Redrives.@Nullable Narrowed filter,
      @Nullable @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) Integer perS,
      @Nullable @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) Integer limit) {}

  @PostMapping("/v1/redrives")
  @RequiresPermission(value = Permission.EXECUTIONS_READ, beyond = WorkflowAccess.RUN_IT)
  @ResponseStatus(HttpStatus.ACCEPTED)
  @Operation(
      operationId = "startRedrive",
      summary = "Tries all executions again that failed and match a filter, at a rate")
  Redrives.View start(Caller caller, HttpServletRequest request, @RequestBody Start body) {
    var filter = filter(body.filter);
    var limit = body.limit == null ? LIMIT_MAX : body.limit;
    if (limit < 1 || limit > LIMIT_MAX) {
      throw Problem.invalid("/limit", "must be from 1 to " + LIMIT_MAX);
    }
    acts.requireRun(caller, filter.workflow());
    var perS = perS(caller, body.perS);
    var id = ExecutionIds.next(clock.instant());
    transactions.run(
        caller.tenantId(),
        caller.userId(),
        sql -> {
          Redrives.insert(
              sql,
              caller.tenantId().value(),
              new Redrives.Wish(id, filter, perS, limit, caller.userId().value(), clock.instant()));
          acts.tell(
              sql,
              caller,
              request,
              "redrive.started",
              entry -> entry.on("redrive", id).with("per_s", Integer.toString(perS)));
          return true;
        });
    return one(caller, id);
  }

  private int perS(Caller caller, @Nullable Integer wanted) {
    var max =
        Math.min(
            Redriver.PER_S_MAX,
            transactions.read(
                caller.tenantId(),
                sql ->
                    sql.sql(AT_ONCE_MAX)
                        .param("tenant", caller.tenantId().value())
                        .query(Integer.class)
                        .single()));
    var perS = wanted == null ? Math.min(PER_S_DEFAULT, max) : wanted;
    if (perS < 1 || perS > max) {
      throw Problem.invalid("/per_s", "must be from 1 to " + max + ", as the plan allows");
    }
    return perS;
  }

  private static ExecutionReads.Filter filter(Redrives.@Nullable Narrowed sent) {
    if (sent == null) {
      return new ExecutionReads.Filter(
          null, ExecutionStatus.FAILED, null, null, null, null, null, null);
    }
    var status =
        switch (sent.status()) {
          case null -> ExecutionStatus.FAILED;
          case "failed" -> ExecutionStatus.FAILED;
          case "canceled" -> ExecutionStatus.CANCELED;
          default -> throw Problem.invalid("/filter/status", "must be failed or canceled");
        };
    return new ExecutionReads.Filter(
        sent.workflowId(),
        status,
        ExecutionReads.Filter.trigger("/filter/trigger_type", sent.triggerType()),
        text("name", sent.name()),
        text("error", sent.error()),
        text("correlation_key", sent.correlationKey()),
        time("from", sent.from()),
        time("to", sent.to()));
  }

  private static @Nullable String text(String field, @Nullable String sent) {
    if (sent != null && (sent.length() > TEXT_MAX || sent.indexOf('\0') >= 0)) {
      throw Problem.invalid("/filter/" + field, "must have " + TEXT_MAX + " characters at most");
    }
    return sent;
  }

  private static @Nullable Instant time(String field, @Nullable Instant sent) {
    if (sent != null && (sent.isBefore(Instant.EPOCH) || !sent.isBefore(Interventions.NEVER))) {
      throw Problem.invalid("/filter/" + field, "must be a time from 1970 to 9998");
    }
    return sent;
  }

  @GetMapping("/v1/redrives")
  @RequiresPermission(Permission.EXECUTIONS_READ)
  @Operation(operationId = "listRedrives", summary = "Redrives, the newest first")
  Page<Redrives.View> list(Caller caller, PageRequest page) {
    return transactions.read(caller.tenantId(), sql -> Redrives.list(sql, page));
  }

  @GetMapping("/v1/redrives/{redrive_id}")
  @RequiresPermission(Permission.EXECUTIONS_READ)
  @Operation(operationId = "getRedrive", summary = "A redrive, and how far it has come")
  Redrives.View one(Caller caller, @PathVariable("redrive_id") UUID redriveId) {
    return transactions
        .read(caller.tenantId(), sql -> Redrives.one(sql, redriveId))
        .orElseThrow(() -> Problem.notFound("redrive", redriveId));
  }

  @PostMapping("/v1/redrives/{redrive_id}/cancel")
  @RequiresPermission(value = Permission.EXECUTIONS_READ, beyond = WorkflowAccess.RUN_IT)
  @Operation(
      operationId = "cancelRedrive",
      summary = "Has a redrive start nothing more; what it has started goes on")
  Redrives.View cancel(
      Caller caller, HttpServletRequest request, @PathVariable("redrive_id") UUID redriveId) {
    acts.requireRun(caller, one(caller, redriveId).filter().workflowId());
    var canceled =
        transactions.run(
            caller.tenantId(),
            caller.userId(),
            sql -> {
              var was = Redrives.cancel(sql, redriveId, clock.instant());
              if (was) {
                acts.tell(
                    sql,
                    caller,
                    request,
                    "redrive.canceled",
                    entry -> entry.on("redrive", redriveId));
              }
              return was;
            });
    if (!canceled) {
      throw Problem.of(ProblemCode.CONFLICT, "The redrive has ended already.");
    }
    return one(caller, redriveId);
  }
}
