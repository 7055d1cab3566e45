package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.claritystream.maestro.action.Json;
import io.claritystream.maestro.definition.WorkflowAccess;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;

/// Running an execution again, as it was or edited, and seeing what there is to be edited.
@RestController
@Tag(name = "Executions")
@RunsAs(ProcessRole.API)
class RetryController {
  private static final int OUTPUTS_MAX = 200;

  private static final String TRIGGER =
      """
      SELECT coalesce(l.recorded, b.body)
      FROM maestro.execution_log l
      LEFT JOIN maestro.execution_body b USING (execution_id, log_id)
      WHERE l.execution_id = :execution AND l.kind = 'trigger'
      """;

  private static final String ANSWER =
      """
      SELECT coalesce(l.recorded, b.body)
      FROM maestro.execution_log l
      LEFT JOIN maestro.execution_body b USING (execution_id, log_id)
      WHERE l.execution_id = :execution AND l.step = :step AND l.kind IN ('succeeded', 'handled')
      """;

  private final TenantTransactions transactions;
  private final Acts acts;
  private final Programs programs;
  private final Retries retries;
  private final Executions executions;
  private final Clock clock;

  RetryController(
      TenantTransactions transactions,
      Acts acts,
      Programs programs,
      Retries retries,
      Executions executions,
      Clock clock) {
    this.transactions = transactions;
    this.acts = acts;
    this.programs = programs;
    this.retries = retries;
    this.executions = executions;
    this.clock = clock;
  }

  /// What may be said of a retry; nothing of it has to be.
  ///
  /// @param fromStep where to begin: steps before it are not run, and have the answers that were
  ///     recorded. Where it is left out, the retry begins at the first step that has no answer:
  ///     where the execution failed
  /// @param input instead of what the trigger brought; the retry begins anew, unless `from_step`
  ///     says otherwise
  /// @param outputs instead of what steps before `from_step` answered, by step
  /// @param version `same`, or `published` for the version that is published now
  @Schema(name = "RetryExecution")
  record Retry(
      @Nullable @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) String fromStep,
      @Nullable
          @Schema(implementation = Object.class, requiredMode = Schema.RequiredMode.NOT_REQUIRED)
          JsonNode input,
      @Nullable
          @Schema(
              types = "object",
              additionalProperties = Schema.AdditionalPropertiesValue.TRUE,
              requiredMode = Schema.RequiredMode.NOT_REQUIRED)
          Map<String, JsonNode> outputs,
      @Nullable
          @Schema(
              allowableValues = {"same", "published"},
              requiredMode = Schema.RequiredMode.NOT_REQUIRED)
          String version) {}

  /// @param executionId of the new execution
  @Schema(name = "RetriedExecution")
  record Retried(UUID executionId) {}

  @PostMapping("/v1/executions/{execution_id}/retry")
  @RequiresPermission(value = Permission.EXECUTIONS_READ, beyond = WorkflowAccess.RUN_IT)
  @ResponseStatus(HttpStatus.ACCEPTED)
  @Operation(
      operationId = "retryExecution",
      summary = "Runs an execution that has ended again, as a new one that is linked to it")
  Retried retry(
      Caller caller,
      HttpServletRequest request,
      @PathVariable("execution_id") UUID executionId,
      @RequestBody(required = false) @Nullable Retry body) {
    var wish = wish(body);
    var origin =
        transactions.read(caller.tenantId(), sql -> Origin.read(sql, List.of(executionId))).stream()
            .findFirst()
            .orElseThrow(() -> Problem.notFound("execution", executionId));
    acts.requireRun(caller, origin.workflow());
    var id = ExecutionIds.next(clock.instant());
    var ready = retries.ready(caller.tenantId(), origin, wish, id, caller.userId().value());
    executions.admit(caller.tenantId(), 1);
    acts.tell(
        caller,
        request,
        "execution.retried",
        entry ->
            entry
                .on("execution", executionId)
                .with("retry", id.toString())
                .with("from_step", String.valueOf(ready.intake().fromStep()))
                .with("version", Integer.toString(ready.intake().version()))
                .with("edited", edited(wish)));
    executions.take(List.of(ready), false);
    return new Retried(id);
  }

  private static String edited(Retries.Wish wish) {
    var edited = new java.util.TreeSet<>(wish.outputs().keySet());
    if (wish.inputEdited()) {
      edited.add("input");
    }
    return edited.isEmpty() ? "nothing" : String.join(", ", edited);
  }

  private static Retries.Wish wish(@Nullable Retry body) {
    if (body == null) {
      return Retries.Wish.NOTHING;
    }
    if (body.version != null && !body.version.equals("same") && !body.version.equals("published")) {
      throw Problem.invalid("/version", "must be same or published");
    }
    var outputs = new LinkedHashMap<String, @Nullable Object>();
    if (body.outputs != null) {
      if (body.outputs.size() > OUTPUTS_MAX) {
        throw Problem.invalid("/outputs", "must have " + OUTPUTS_MAX + " members at most");
      }
      body.outputs.forEach(
          (step, output) -> outputs.put(step, Inputs.plain(output, Replay.pointer(step))));
    }
    return new Retries.Wish(
        body.fromStep,
        body.input != null,
        Inputs.plain(body.input, "/input"),
        outputs,
        "published".equals(body.version));
  }

  @GetMapping("/v1/executions/{execution_id}/input")
  @RequiresPermission(Permission.EXECUTIONS_READ)
  @Operation(
      operationId = "getExecutionInput",
      summary = "What the trigger brought, whole but for the fields that the workflow redacts")
  ExecutionViews.Input input(Caller caller, @PathVariable("execution_id") UUID executionId) {
    return new ExecutionViews.Input(
        recorded(caller, executionId, TRIGGER, null, "input", "trigger"));
  }

  @GetMapping("/v1/executions/{execution_id}/steps/{step}/output")
  @RequiresPermission(Permission.EXECUTIONS_READ)
  @Operation(
      operationId = "getStepOutput",
      summary = "What a step answered, whole but for the fields that the workflow redacts")
  ExecutionViews.Output output(
      Caller caller,
      @PathVariable("execution_id") UUID executionId,
      @PathVariable("step") String step) {
    return new ExecutionViews.Output(
        step, recorded(caller, executionId, ANSWER, step, "output of step " + step, "steps", step));
  }

  /// @return as JSON
  private String recorded(
      Caller caller,
      UUID executionId,
      String query,
      @Nullable String step,
      String what,
      String... place) {
    var execution = acts.execution(caller, executionId);
    var recorded =
        transactions
            .read(
                caller.tenantId(),
                sql -> {
                  var asked = sql.sql(query).param("execution", executionId);
                  return (step == null ? asked : asked.param("step", step))
                      .query(String.class)
                      .optional();
                })
            .orElseThrow(() -> Problem.notFound(what + " in the log of execution", executionId));
    var program =
        programs
            .program(execution.workflowId(), execution.version())
            .orElseThrow(() -> Problem.notFound("workflow", execution.workflowId()));
    return Json.write(
        Origin.redaction(transactions, caller.tenantId(), executionId, program)
            .shown(Json.read(recorded), place));
  }
}
