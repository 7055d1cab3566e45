package io.claritystream.maestro.trigger;

import io.claritystream.base.http.AnyQuery;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.claritystream.maestro.action.Answer;
import io.claritystream.maestro.action.Json;
import io.claritystream.maestro.definition.Trigger;
import io.claritystream.maestro.engine.Executions;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "Webhooks")
@RunsAs(ProcessRole.API)
class WebhookController {
  /// What an answer may say beside headers that begin with `x-`. It comes from the platform's own
  /// address, so nothing that tells a browser what to do there.
  private static final Set<String> HEADERS_PASSED =
      Set.of(
          "cache-control",
          "content-disposition",
          "content-language",
          "content-type",
          "etag",
          "expires",
          "last-modified",
          "link",
          "location",
          "retry-after",
          "vary");

  private static final Set<String> HEADERS_KEPT_BACK =
      Set.of("x-content-type-options", "x-frame-options", "x-xss-protection", "x-request-id");

  /// What proxies and servers in front obey: nginx, Apache and lighttpd, Perlbal, LiteSpeed, Envoy.
  /// They would send a file or another address of theirs instead, or take this server for broken.
  private static final List<String> BEGINNINGS_KEPT_BACK =
      List.of("x-accel-", "x-sendfile", "x-lighttpd-", "x-reproxy-", "x-litespeed-", "x-envoy-");

  /// Pages of workflows run nothing, send nothing and share nothing with the platform's own.
  private static final String SANDBOX = "sandbox; default-src 'none'; form-action 'none'";

  private static final MediaType TEXT = new MediaType("text", "plain", StandardCharsets.UTF_8);

  private final WebhookDoors doors;
  private final Executions executions;

  /// What a call is answered with at once.
  @Schema(name = "CalledWebhook")
  record Called(UUID executionId) {}

  WebhookController(WebhookDoors doors, Executions executions) {
    this.doors = doors;
    this.executions = executions;
  }

  @PostMapping("/hooks/{token}")
  @AnyQuery
  @Operation(
      operationId = "callWebhook",
      summary = "Starts an execution; what the workflow sees is the call itself",
      description =
          "Answered at once with 202 and the execution's id, when it is durable. If the webhook waits"
              + " for a respond step, the answer is that step's own: status, headers and body; the"
              + " header Clarity-Execution-Id names the execution.",
      responses =
          @ApiResponse(
              responseCode = "202",
              description = "The execution was taken in.",
              content =
                  @Content(
                      mediaType = MediaType.APPLICATION_JSON_VALUE,
                      schema = @Schema(implementation = Called.class))))
  ResponseEntity<byte[]> call(@PathVariable("token") String token, HttpServletRequest request)
      throws IOException, InterruptedException {
    var door =
        doors
            .door(token)
            .orElseThrow(() -> Problem.of(ProblemCode.NOT_FOUND, "This webhook leads nowhere."));
    var target = door.target();
    if (!target.enabled()) {
      throw Problem.of(ProblemCode.CONFLICT, "The workflow is disabled, and starts nothing now.");
    }
    var payload = WebhookPayload.read(request, door.bodyBytesMax());
    var taken =
        executions
            .start(
                new Executions.Start(
                    target.tenant(),
                    target.workflowId(),
                    target.version(),
                    "webhook",
                    target.triggerKey(),
                    null),
                Collections.singletonList(payload),
                null)
            .getFirst();
    if (door.webhook().answer() == Trigger.Webhook.Answer.AT_ONCE) {
      executions.forget(taken.execution());
      return json(202, "{\"execution_id\":\"" + taken.execution() + "\"}");
    }
    return answered(taken, door.webhook());
  }

  private ResponseEntity<byte[]> answered(Executions.Taken taken, Trigger.Webhook webhook)
      throws InterruptedException {
    Answer answer;
    try {
      answer = taken.answer().get(webhook.timeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw Problem.of(
          ProblemCode.GATEWAY_TIMEOUT,
          "The workflow did not answer in time. Its execution " + taken.execution() + " goes on.");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } finally {
      executions.forget(taken.execution());
    }
    if (answer == null) {
      throw Problem.of(
          ProblemCode.BAD_GATEWAY,
          "The execution "
              + taken.execution()
              + " did not answer: it ended without, or goes on elsewhere.");
    }
    return answer(answer, taken.execution());
  }

  private static ResponseEntity<byte[]> answer(Answer answer, UUID execution) {
    var response = ResponseEntity.status(answer.status());
    var typed = false;
    for (var header : answer.headers().entrySet()) {
      var name = header.getKey().toLowerCase(Locale.ROOT);
      if (passed(name) && sendable(header.getKey(), header.getValue())) {
        response.header(header.getKey(), header.getValue());
        typed |= name.equals("content-type");
      }
    }
    response.header("Clarity-Execution-Id", execution.toString());
    response.header("Content-Security-Policy", SANDBOX);
    if (answer.body() != null && !typed) {
      response.contentType(answer.body() instanceof String ? TEXT : MediaType.APPLICATION_JSON);
    }
    return response.body(bytes(answer.body()));
  }

  /// A text is sent as it is, everything else as JSON.
  private static byte @Nullable [] bytes(@Nullable Object body) {
    if (body == null) {
      return null;
    }
    return (body instanceof String plain ? plain : Json.write(body))
        .getBytes(StandardCharsets.UTF_8);
  }

  private static boolean passed(String name) {
    return HEADERS_PASSED.contains(name)
        || name.startsWith("x-")
            && !HEADERS_KEPT_BACK.contains(name)
            && BEGINNINGS_KEPT_BACK.stream().noneMatch(name::startsWith);
  }

  private static boolean sendable(String name, String value) {
    return name.matches("[A-Za-z0-9-]{1,64}") && value.chars().allMatch(c -> c >= 0x20 && c < 0x7f);
  }

  private static ResponseEntity<byte[]> json(int status, String body) {
    return ResponseEntity.status(status)
        .contentType(MediaType.APPLICATION_JSON)
        .body(body.getBytes(StandardCharsets.UTF_8));
  }
}
