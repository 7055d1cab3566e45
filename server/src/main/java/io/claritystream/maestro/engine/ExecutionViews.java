package io.claritystream.maestro.engine;

import com.fasterxml.jackson.annotation.JsonRawValue;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Executions as the API tells them.
final class ExecutionViews {
  private ExecutionViews() {}

  /// @param trigger the trigger's id in the document
  /// @param name as the workflow's settings make it
  /// @param outcome `success`, `canceled`, or the code of the error that ended it; null while it is
  ///     open
  /// @param error what ended it, in words; null if nothing failed
  /// @param errorStep at which step
  /// @param originId of a retry or a changed run: the execution it stems from
  /// @param retryId the newest retry of it; null if it was not retried since
  /// @param waitingFor `retry`, or `decision` if a person has to decide; null if it does not wait
  /// @param waitingUntil when it goes on by itself; null if it does not
  /// @param stepsDone how many steps came to an end; in a list null while it is open
  /// @param workerMs time that its steps took
  @Schema(name = "Execution")
  record Execution(
      UUID id,
      UUID workflowId,
      int version,
      ExecutionStatus status,
      @Schema(allowableValues = {"webhook", "api", "retry"}) String triggerType,
      @Nullable String trigger,
      @Nullable String name,
      @Nullable String correlationKey,
      Instant createdAt,
      @Nullable Instant startedAt,
      @Nullable Instant finishedAt,
      @Nullable String outcome,
      @Nullable String error,
      @Nullable String errorStep,
      @Nullable UUID originId,
      @Nullable UUID retryId,
      @Nullable String fromStep,
      @Nullable UUID startedBy,
      @Nullable @Schema(allowableValues = {"retry", "decision"}) String waitingFor,
      @Nullable Instant waitingUntil,
      @Nullable Integer stepsDone,
      double workerMs) {

    Execution retriedBy(@Nullable UUID retry) {
      return new Execution(
          id,
          workflowId,
          version,
          status,
          triggerType,
          trigger,
          name,
          correlationKey,
          createdAt,
          startedAt,
          finishedAt,
          outcome,
          error,
          errorStep,
          originId,
          retry,
          fromStep,
          startedBy,
          waitingFor,
          waitingUntil,
          stepsDone,
          workerMs);
    }
  }

  /// @param logId its number within the execution
  /// @param kind `trigger`, `intent`, `succeeded`, `handled`, `failed`, `retry`, `parked`,
  ///     `resolved` or `note`
  /// @param input a glimpse of what the step was given, as JSON text that may be cut
  /// @param output a glimpse of what it answered, as JSON text that may be cut
  /// @param outputBytes how much it answered in all
  @Schema(name = "ExecutionLogEntry")
  record LogEntry(
      int logId,
      UUID executionId,
      Instant timestamp,
      @Schema(allowableValues = {"info", "warn", "error"}) String level,
      @Schema(
              allowableValues = {
                "trigger",
                "intent",
                "succeeded",
                "handled",
                "failed",
                "retry",
                "parked",
                "resolved",
                "note"
              })
          String kind,
      @Nullable String step,
      @Nullable Integer attempt,
      String message,
      @Nullable Double durationMs,
      @Nullable String input,
      @Nullable String output,
      @Nullable Integer outputBytes) {}

  /// What was taken in, in the order of the inputs.
  @Schema(name = "StartedExecutions")
  record Started(List<UUID> executionIds) {}

  /// What the trigger brought, whole.
  @Schema(name = "ExecutionInput")
  record Input(@JsonRawValue @Schema(implementation = Object.class) String input) {}

  /// What a step answered, whole.
  @Schema(name = "StepOutput")
  record Output(String step, @JsonRawValue @Schema(implementation = Object.class) String output) {}
}
