package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.base.idempotency.IdempotencyClaim;
import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.claritystream.maestro.definition.PublishedWorkflow;
import io.claritystream.maestro.definition.Trigger;
import io.claritystream.maestro.definition.WorkflowAccess;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;

@RestController
@Tag(name = "Executions")
@RunsAs(ProcessRole.API)
class ExecutionController {
  private static final int BATCH_MAX = 1_000;

  private static final String SEEN =
      """
      SELECT enabled, published_version FROM maestro.workflow
      WHERE workflow_id = :id AND deleted_at IS NULL
      """;

  private final TenantTransactions transactions;
  private final Programs programs;
  private final WorkflowAccess access;
  private final Executions executions;
  private final Acts acts;
  private final Clock clock;

  ExecutionController(
      TenantTransactions transactions,
      Programs programs,
      WorkflowAccess access,
      Executions executions,
      Acts acts,
      Clock clock) {
    this.transactions = transactions;
    this.programs = programs;
    this.access = access;
    this.executions = executions;
    this.acts = acts;
    this.clock = clock;
  }

  /// @param input what the workflow sees as `trigger`; any JSON
  /// @param inputs instead: one for each of up to 1,000 executions
  /// @param trigger the trigger of type `api` to start at; may be left out if there is one only
  @Schema(name = "StartExecutions")
  record Start(
      @Nullable
          @Schema(implementation = Object.class, requiredMode = Schema.RequiredMode.NOT_REQUIRED)
          JsonNode input,
      @Nullable
          @Schema(implementation = Object[].class, requiredMode = Schema.RequiredMode.NOT_REQUIRED)
          List<JsonNode> inputs,
      @Nullable @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) String trigger) {}

  @PostMapping("/v1/workflows/{workflow_id}/executions")
  @RequiresPermission(value = Permission.WORKFLOWS_READ, beyond = WorkflowAccess.RUN_IT)
  @ResponseStatus(HttpStatus.ACCEPTED)
  @Operation(operationId = "startExecutions", summary = "Starts one execution, or up to 1,000")
  ExecutionViews.Started start(
      Caller caller,
      @PathVariable("workflow_id") UUID workflowId,
      @RequestBody Start body,
      IdempotencyClaim claim) {
    var inputs = inputs(body);
    var ids =
        IntStream.range(0, inputs.size())
            .mapToObj(number -> ExecutionIds.of(claim.claimId(), claim.createdAt(), number))
            .toList();
    if (claim.rerun() && executions.takenIn(caller.tenantId(), ids).size() == ids.size()) {
      // They were started before the process died that was to say so; whatever became of the
      // workflow since, that is the answer.
      return new ExecutionViews.Started(ids);
    }
    var workflow = runnable(caller, workflowId);
    var trigger = trigger(workflow, body.trigger);
    var taken =
        executions.start(
            new Executions.Start(
                caller.tenantId(),
                workflowId,
                workflow.version(),
                "api",
                trigger,
                caller.userId().value()),
            inputs,
            claim.keyed() ? new Executions.Ids(ids, claim.rerun()) : null);
    taken.forEach(one -> executions.forget(one.execution()));
    return new ExecutionViews.Started(taken.stream().map(Executions.Taken::execution).toList());
  }

  /// What of a workflow may change at any time.
  private record Seen(boolean enabled, @Nullable Integer version) {}

  /// The published version, if the caller may run it. A version never changes, so its document is
  /// read once and kept; what may change is looked up at each call.
  private PublishedWorkflow runnable(Caller caller, UUID workflowId) {
    var seen =
        transactions
            .read(
                caller.tenantId(),
                sql ->
                    sql.sql(SEEN)
                        .param("id", workflowId)
                        .query(
                            (row, number) ->
                                new Seen(row.getBoolean(1), row.getObject(2, Integer.class)))
                        .optional())
            .orElseThrow(() -> Problem.notFound("workflow", workflowId));
    if (!access.mayRun(caller, workflowId)) {
      throw Problem.of(
          ProblemCode.FORBIDDEN,
          "The role "
              + caller.role().key()
              + " does not permit executions.write, and this workflow was not granted for running.");
    }
    if (seen.version == null) {
      throw Problem.of(
          ProblemCode.CONFLICT, "The workflow has no published version; publish it first.");
    }
    if (!seen.enabled) {
      throw Problem.of(
          ProblemCode.CONFLICT, "The workflow is disabled; enable it to start executions.");
    }
    return programs
        .program(workflowId, seen.version)
        .orElseThrow(() -> Problem.notFound("workflow", workflowId))
        .workflow();
  }

  private static String trigger(PublishedWorkflow workflow, @Nullable String wanted) {
    var found =
        workflow.document().triggers().stream()
            .filter(trigger -> trigger.config() instanceof Trigger.Api)
            .map(Trigger::id)
            .filter(id -> wanted == null || id.equals(wanted))
            .toList();
    if (found.isEmpty()) {
      throw Problem.of(
          ProblemCode.CONFLICT,
          wanted == null
              ? "The workflow has no trigger of type api; add one and publish."
              : "The workflow has no trigger " + wanted + " of type api.");
    }
    if (found.size() > 1) {
      throw Problem.invalid(
          "/trigger", "is needed, since the workflow has several: " + String.join(", ", found));
    }
    return found.getFirst();
  }

  private static List<@Nullable Object> inputs(Start body) {
    if (body.inputs != null && body.input != null) {
      throw Problem.invalid("/inputs", "cannot stand beside input; send one of them");
    }
    if (body.inputs == null) {
      return java.util.Collections.singletonList(Inputs.plain(body.input, "/input"));
    }
    if (body.inputs.isEmpty() || body.inputs.size() > BATCH_MAX) {
      throw Problem.invalid("/inputs", "must have 1 to " + BATCH_MAX + " elements");
    }
    var inputs = new java.util.ArrayList<@Nullable Object>(body.inputs.size());
    for (var input : body.inputs) {
      inputs.add(Inputs.plain(input, "/inputs/" + inputs.size()));
    }
    return inputs;
  }

  @GetMapping("/v1/executions")
  @RequiresPermission(Permission.EXECUTIONS_READ)
  @Operation(operationId = "listExecutions", summary = "Executions, the newest first")
  Page<ExecutionViews.Execution> list(
      Caller caller,
      @RequestParam(name = "workflow_id", required = false) @Nullable UUID workflowId,
      @RequestParam(name = "status", required = false)
          @Nullable
          @Schema(
              allowableValues = {"pending", "running", "waiting", "success", "failed", "canceled"})
          String status,
      @RequestParam(name = "trigger_type", required = false)
          @Nullable
          @Schema(allowableValues = {"webhook", "api", "retry"})
          String triggerType,
      @Parameter(description = "The beginning of a name; capitals do not matter.")
          @RequestParam(name = "name", required = false)
          @Nullable String name,
      @Parameter(description = "The code of the error that ended it, such as http_503.")
          @RequestParam(name = "error", required = false)
          @Nullable String error,
      @RequestParam(name = "correlation_key", required = false) @Nullable String correlationKey,
      @Parameter(description = "Taken in at this time or later.")
          @RequestParam(name = "from", required = false)
          @Nullable Instant from,
      @Parameter(description = "Taken in before this time.")
          @RequestParam(name = "to", required = false)
          @Nullable Instant to,
      PageRequest page) {
    var filter =
        new ExecutionReads.Filter(
            workflowId,
            status(status),
            ExecutionReads.Filter.trigger("trigger_type", triggerType),
            name,
            error,
            correlationKey,
            from,
            to);
    return transactions.read(
        caller.tenantId(), sql -> ExecutionList.read(sql, filter, page, clock.instant()));
  }

  private static @Nullable ExecutionStatus status(@Nullable String key) {
    try {
      return key == null ? null : ExecutionStatus.of(key);
    } catch (IllegalArgumentException e) {
      throw Problem.invalid(
          "status", "must be pending, running, waiting, success, failed or canceled");
    }
  }

  @GetMapping("/v1/workflows/{workflow_id}/executions")
  @RequiresPermission(Permission.EXECUTIONS_READ)
  @Operation(
      operationId = "listExecutionsOfWorkflow",
      summary = "A workflow's executions, the newest first")
  Page<ExecutionViews.Execution> listOfWorkflow(
      Caller caller,
      @PathVariable("workflow_id") UUID workflowId,
      @RequestParam(name = "status", required = false)
          @Nullable
          @Schema(
              allowableValues = {"pending", "running", "waiting", "success", "failed", "canceled"})
          String status,
      PageRequest page) {
    var filter =
        new ExecutionReads.Filter(workflowId, status(status), null, null, null, null, null, null);
    return transactions.read(
        caller.tenantId(),
        sql -> {
          var found = ExecutionList.read(sql, filter, page, clock.instant());
          if (found.data().isEmpty() && !thereIs(sql, workflowId)) {
            throw Problem.notFound("workflow", workflowId);
          }
          return found;
        });
  }

  /// One that was deleted counts: its executions are still found.
  private static boolean thereIs(JdbcClient sql, UUID workflowId) {
    return sql.sql("SELECT EXISTS (SELECT FROM maestro.workflow WHERE workflow_id = :id)")
        .param("id", workflowId)
        .query(Boolean.class)
        .single();
  }

  @GetMapping("/v1/executions/{execution_id}")
  @RequiresPermission(Permission.EXECUTIONS_READ)
  @Operation(operationId = "getExecution", summary = "An execution")
  ExecutionViews.Execution one(Caller caller, @PathVariable("execution_id") UUID executionId) {
    return transactions
        .read(caller.tenantId(), sql -> ExecutionReads.one(sql, executionId))
        .orElseThrow(() -> Problem.notFound("execution", executionId));
  }

  @GetMapping("/v1/executions/{execution_id}/logs")
  @RequiresPermission(Permission.EXECUTIONS_READ)
  @Operation(operationId = "listExecutionLogs", summary = "What an execution did, in order")
  Page<ExecutionViews.LogEntry> logs(
      Caller caller, @PathVariable("execution_id") UUID executionId, PageRequest page) {
    return transactions.read(caller.tenantId(), sql -> ExecutionReads.log(sql, executionId, page));
  }

  @PostMapping("/v1/executions/{execution_id}/cancel")
  @RequiresPermission(value = Permission.EXECUTIONS_READ, beyond = WorkflowAccess.RUN_IT)
  @Operation(
      operationId = "cancelExecution",
      summary = "Ends an execution where it stands; what it sent cannot be taken back")
  ExecutionViews.Execution cancel(
      Caller caller, HttpServletRequest request, @PathVariable("execution_id") UUID executionId) {
    var execution = one(caller, executionId);
    acts.requireRun(caller, execution.workflowId());
    if (!execution.status().ended()) {
      acts.tell(caller, request, "execution.canceled", entry -> entry.on("execution", executionId));
      executions.cancel(caller.tenantId(), List.of(executionId), "Canceled by a person.");
      execution = one(caller, executionId);
      if (execution.status() == ExecutionStatus.CANCELED) {
        return execution;
      }
      // It came to its end in the meantime.
    }
    throw Problem.of(
        ProblemCode.CONFLICT,
        "The execution has ended already: it is " + execution.status().key() + ".");
  }
}
