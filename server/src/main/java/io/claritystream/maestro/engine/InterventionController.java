package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
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
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;

/// What people do to executions that are open.
@RestController
@Tag(name = "Executions")
@RunsAs(ProcessRole.API)
class InterventionController {
  private static final int IDS_MAX = 1_000;
  private static final int CANCELED_MAX = 10_000;
  private static final int PORTION = 500;
  private static final int NOTE_MAX = 500;

  private final TenantTransactions transactions;
  private final DataSource engine;
  private final Acts acts;
  private final Programs programs;
  private final Executions executions;
  private final EngineNode node;
  private final Clock clock;

  InterventionController(
      TenantTransactions transactions,
      @Qualifier("engine") DataSource engine,
      Acts acts,
      Programs programs,
      Executions executions,
      EngineNode node,
      Clock clock) {
    this.transactions = transactions;
    this.engine = engine;
    this.acts = acts;
    this.programs = programs;
    this.executions = executions;
    this.node = node;
    this.clock = clock;
  }

  /// @param decision `retry` to do the step again under the same key, `succeeded` or `failed`
  /// @param output what the step answered, if it succeeded
  /// @param note for the log; why
  @Schema(name = "ResolveExecution")
  record Resolve(
      @Schema(allowableValues = {"retry", "succeeded", "failed"}) @Nullable String decision,
      @Nullable
          @Schema(implementation = Object.class, requiredMode = Schema.RequiredMode.NOT_REQUIRED)
          JsonNode output,
      @Nullable @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) String note) {}

  @PostMapping("/v1/executions/{execution_id}/resolve")
  @RequiresPermission(value = Permission.EXECUTIONS_READ, beyond = WorkflowAccess.RUN_IT)
  @Operation(
      operationId = "resolveExecution",
      summary = "Decides what became of a step of which nobody knows whether it has acted")
  ExecutionViews.Execution resolve(
      Caller caller,
      HttpServletRequest request,
      @PathVariable("execution_id") UUID executionId,
      @RequestBody Resolve body) {
    var decision = decision(body);
    var execution = runnable(caller, executionId);
    var program =
        programs
            .program(execution.workflowId(), execution.version())
            .orElseThrow(() -> Problem.notFound("workflow", execution.workflowId()));
    if (!"decision".equals(execution.waitingFor())) {
      throw Problem.of(ProblemCode.CONFLICT, "The execution does not wait for a decision.");
    }
    acts.tell(
        caller,
        request,
        "execution.resolved",
        entry ->
            entry
                .on("execution", executionId)
                .with("decision", String.valueOf(body.decision))
                .with("note", body.note == null ? "" : body.note));
    var redaction = Origin.redaction(transactions, caller.tenantId(), executionId, program);
    try (var connection = engine.getConnection()) {
      Decisions.resolve(
          connection, caller.tenantId(), executionId, decision, redaction, clock.instant());
    } catch (SQLException e) {
      throw away();
    }
    node.wake();
    return acts.execution(caller, executionId);
  }

  private static Decisions.Decision decision(Resolve body) {
    var verdict =
        switch (body.decision) {
          case "retry" -> Decisions.Verdict.RETRY;
          case "succeeded" -> Decisions.Verdict.SUCCEEDED;
          case "failed" -> Decisions.Verdict.FAILED;
          case null, default ->
              throw Problem.invalid("/decision", "must be retry, succeeded or failed");
        };
    if (body.output != null && verdict != Decisions.Verdict.SUCCEEDED) {
      throw Problem.invalid("/output", "goes with the decision succeeded only");
    }
    if (body.note != null && (body.note.length() > NOTE_MAX || body.note.indexOf('\0') >= 0)) {
      throw Problem.invalid("/note", "must have " + NOTE_MAX + " characters at most");
    }
    return new Decisions.Decision(verdict, Inputs.plain(body.output, "/output"), body.note);
  }

  @PostMapping("/v1/executions/{execution_id}/wake")
  @RequiresPermission(value = Permission.EXECUTIONS_READ, beyond = WorkflowAccess.RUN_IT)
  @Operation(
      operationId = "wakeExecution",
      summary = "Tries a step again at once that is to be tried again later")
  ExecutionViews.Execution wake(
      Caller caller, HttpServletRequest request, @PathVariable("execution_id") UUID executionId) {
    var execution = runnable(caller, executionId);
    if (!"retry".equals(execution.waitingFor())) {
      throw Problem.of(ProblemCode.CONFLICT, "The execution does not wait for another try.");
    }
    acts.tell(caller, request, "execution.woken", entry -> entry.on("execution", executionId));
    try (var connection = engine.getConnection()) {
      Decisions.wake(connection, caller.tenantId(), executionId, clock.instant());
    } catch (SQLException e) {
      throw away();
    }
    node.wake();
    return acts.execution(caller, executionId);
  }

  private ExecutionViews.Execution runnable(Caller caller, UUID executionId) {
    var execution = acts.execution(caller, executionId);
    acts.requireRun(caller, execution.workflowId());
    return execution;
  }

  /// @param status `pending`, `running` or `waiting`
  /// @param from taken in at this time or later
  /// @param to taken in before this time
  @Schema(name = "OpenExecutionsFilter")
  record OpenFilter(
      @Nullable @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) UUID workflowId,
      @Nullable
          @Schema(
              allowableValues = {"pending", "running", "waiting"},
              requiredMode = Schema.RequiredMode.NOT_REQUIRED)
          String status,
      @Nullable @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) Instant from,
      @Nullable @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) Instant to) {}

  /// @param ids of up to 1,000 executions
  /// @param filter instead: those that match it
  /// @param expect how many open ones the caller means to cancel; nothing is done if they are not
  ///     as many
  @Schema(name = "CancelExecutions")
  record Cancel(
      @Nullable @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) List<UUID> ids,
      @Nullable @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) OpenFilter filter,
      @Nullable @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) Integer expect) {}

  /// @param matched how many were open: as many as the others together
  /// @param canceled how many of them were canceled
  /// @param alreadyEnded how many of them came to their end before it was their turn
  /// @param left how many were left for another request, which may be the same again
  @Schema(name = "CanceledExecutions")
  record Canceled(int matched, int canceled, int alreadyEnded, int left) {}

  @PostMapping("/v1/executions/cancel")
  @RequiresPermission(value = Permission.EXECUTIONS_READ, beyond = WorkflowAccess.RUN_IT)
  @Operation(
      operationId = "cancelExecutions",
      summary = "Cancels up to 10,000 open executions, by id or by filter")
  Canceled cancel(Caller caller, HttpServletRequest request, @RequestBody Cancel body) {
    if ((body.ids == null) == (body.filter == null)) {
      throw Problem.invalid("/filter", "or ids is needed, and not both");
    }
    List<UUID> found;
    int matched;
    if (body.ids != null) {
      found = openOf(caller, body.ids);
      matched = found.size();
    } else {
      var filter = filter(body.filter);
      acts.requireRun(caller, filter.workflow());
      found =
          transactions.read(
              caller.tenantId(), sql -> ExecutionReads.open(sql, filter, CANCELED_MAX));
      // Two looks: what came or went between them is not to make more of those that were found.
      matched = found.size() < CANCELED_MAX ? found.size() : atLeast(found.size(), caller, filter);
    }
    if (body.expect != null && body.expect != matched) {
      throw Problem.of(
          ProblemCode.CONFLICT,
          matched
              + " executions would be canceled, and not "
              + body.expect
              + "; nothing was done.");
    }
    acts.tell(
        caller,
        request,
        "executions.canceled",
        entry ->
            entry
                .with("by", body.ids == null ? "filter" : "ids")
                .with("matched", Integer.toString(matched)));
    var canceled = 0;
    for (var at = 0; at < found.size(); at += PORTION) {
      canceled +=
          executions.cancel(
              caller.tenantId(),
              found.subList(at, Math.min(found.size(), at + PORTION)),
              "Canceled by a person.");
    }
    return new Canceled(matched, canceled, found.size() - canceled, matched - found.size());
  }

  private int atLeast(int found, Caller caller, ExecutionReads.Filter filter) {
    return Math.max(
        found, transactions.read(caller.tenantId(), sql -> ExecutionReads.countOpen(sql, filter)));
  }

  private static ExecutionReads.Filter filter(OpenFilter sent) {
    ExecutionStatus status = null;
    if (sent.status != null) {
      status =
          switch (sent.status) {
            case "pending" -> ExecutionStatus.PENDING;
            case "running" -> ExecutionStatus.RUNNING;
            case "waiting" -> ExecutionStatus.WAITING;
            default ->
                throw Problem.invalid("/filter/status", "must be pending, running or waiting");
          };
    }
    return new ExecutionReads.Filter(
        sent.workflowId, status, null, null, null, null, sent.from, sent.to);
  }

  /// Those of the executions that are open, if all are the tenant's and may be canceled.
  private List<UUID> openOf(Caller caller, List<UUID> ids) {
    Set<UUID> wanted = new HashSet<>(ids);
    if (wanted.isEmpty() || wanted.size() > IDS_MAX || wanted.contains(null)) {
      throw Problem.invalid("/ids", "must have 1 to " + IDS_MAX + " ids");
    }
    var found = transactions.read(caller.tenantId(), sql -> ExecutionReads.few(sql, wanted));
    found.forEach(one -> wanted.remove(one.id()));
    if (!wanted.isEmpty()) {
      throw Problem.notFound("execution", wanted.iterator().next());
    }
    found.stream()
        .map(ExecutionReads.Few::workflow)
        .distinct()
        .forEach(workflow -> acts.requireRun(caller, workflow));
    return found.stream().filter(one -> !one.ended()).map(ExecutionReads.Few::id).toList();
  }

  private static Problem away() {
    return Problem.unavailable("The database is away at the moment.", Duration.ofSeconds(2));
  }
}
