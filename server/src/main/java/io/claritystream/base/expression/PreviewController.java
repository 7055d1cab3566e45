package io.claritystream.base.expression;

import io.claritystream.base.http.Caller;
import io.claritystream.base.http.ChangesNothing;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.base.http.RateLimit;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/// Shows what an expression comes to, by the evaluator that workflows run on.
///
/// An evaluation may take a processor for as long as its budget lasts, so what takes long waits for
/// a turn ([Turns]), and a person may ask for so many a minute.
@RestController
@RunsAs(ProcessRole.API)
@Tag(name = "Expressions")
class PreviewController {

  static final int PER_MINUTE = 300;
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Expressions expressions;
  private final Clock clock;
  private final RateLimit limit = new RateLimit("expressions", PER_MINUTE, Duration.ofMinutes(1));
  private final Semaphore readings =
      new Semaphore(Math.max(2, Runtime.getRuntime().availableProcessors() / 2));

  PreviewController(Expressions expressions, Clock clock) {
    this.expressions = expressions;
    this.clock = clock;
  }

  /// @param expression may begin with the `=` that it has in a document
  /// @param input what the expression sees: any JSON, such as
  ///     `{"trigger": {"body": …}, "steps": {…}}`
  /// @param now what `$now` says; the present where it is left out
  @Schema(name = "ExpressionPreview")
  record Preview(
      @Schema(maxLength = Limits.SOURCE_LENGTH) @Nullable String expression,
      @Schema(
              requiredMode = Schema.RequiredMode.NOT_REQUIRED,
              types = {"object", "array", "string", "number", "boolean", "null"})
          @Nullable Object input,
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) @Nullable Instant now) {}

  /// @param output null also where the expression comes to nothing
  @Schema(name = "ExpressionAnswer")
  record Answer(
      @Schema(types = {"object", "array", "string", "number", "boolean", "null"})
          @Nullable Object output) {}

  @PostMapping("/v1/expressions/preview")
  @ChangesNothing
  @RequiresPermission(Permission.WORKFLOWS_READ)
  @Operation(
      operationId = "previewExpression",
      summary = "What an expression comes to",
      description =
          "Evaluates a mapping expression (JSONata) as a workflow would. One that cannot be read is"
              + " refused with 400, one that comes to no answer with 422; both name the position"
              + " in it. A preview gets the same random numbers every time.")
  Answer preview(Caller caller, @RequestBody Preview preview, HttpServletResponse response) {
    limit.take(caller.userId().toString(), response);
    String source = preview.expression();
    if (source == null || source.isBlank()) {
      throw Problem.invalid("/expression", "is missing; write what the answer should be");
    }
    String outOfRange = OutOfRange.in(preview.input());
    if (outOfRange != null) {
      throw Problem.invalid("/input" + outOfRange, OutOfRange.REFUSED);
    }
    int skipped = source.startsWith("=") ? 1 : 0;
    Instant now = preview.now() == null ? clock.instant() : preview.now();
    Expression expression = read(source.substring(skipped), skipped);
    // By turns with executions: on behalf of the workspace a person would wait behind its own.
    return Turns.onBehalfOf(
        caller.userId(), () -> new Answer(evaluate(expression, preview.input(), now, skipped)));
  }

  /// Reading an expression takes the processor as well, and nobody takes turns at it.
  private Expression read(String source, int skipped) {
    begin();
    try {
      return expressions.compile(source);
    } catch (ExpressionFault fault) {
      throw problem(ProblemCode.VALIDATION_FAILED, fault, skipped);
    } finally {
      readings.release();
    }
  }

  private void begin() {
    try {
      if (!readings.tryAcquire(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        throw Problem.unavailable("Other expressions are being read.", PATIENCE);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw Problem.unavailable("The server is stopping.", PATIENCE);
    }
  }

  private static @Nullable Object evaluate(
      Expression expression, @Nullable Object input, Instant now, int skipped) {
    try {
      return expression.evaluate(input, new Moment(now, 0));
    } catch (ExpressionFault fault) {
      throw problem(ProblemCode.EXPRESSION_FAILED, fault, skipped);
    }
  }

  private static Problem problem(ProblemCode code, ExpressionFault fault, int skipped) {
    String message = String.valueOf(fault.getMessage());
    Integer position = fault.position();
    return Problem.refused(
        code,
        new Problem.Invalid(
            "/expression",
            message.endsWith(".") ? message.substring(0, message.length() - 1) : message,
            position == null ? null : position + skipped));
  }
}
