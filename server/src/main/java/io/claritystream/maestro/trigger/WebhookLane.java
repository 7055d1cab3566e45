package io.claritystream.maestro.trigger;

import io.claritystream.base.http.DirectRoute;
import io.claritystream.base.http.Problem;
import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import org.springframework.http.HttpHeaders;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;

/// Calls of webhooks on their straight way to [WebhookController]. Most of what such a call cost
/// was on the way there: who calls is told by the address alone.
@Component
@RunsAs(ProcessRole.API)
class WebhookLane implements DirectRoute {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  private final WebhookController controller;

  WebhookLane(WebhookController controller) {
    this.controller = controller;
  }

  @Override
  public String prefix() {
    return "/hooks/";
  }

  @Override
  public void answer(String rest, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    ResponseEntity<byte[]> answer;
    try {
      answer = controller.call(rest, request);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.unavailable("The server ends before the workflow has answered.", RETRY_AFTER);
    }
    response.setStatus(answer.getStatusCode().value());
    answer
        .getHeaders()
        .forEach(
            (name, values) -> {
              if (name.equalsIgnoreCase(HttpHeaders.CACHE_CONTROL)) {
                // What a workflow says about keeping its answer takes the place of ours.
                response.setHeader(name, String.join(", ", values));
              } else {
                values.forEach(value -> response.addHeader(name, value));
              }
            });
    var body = answer.getBody();
    if (body == null) {
      response.setContentLength(0);
    } else {
      response.setContentLength(body.length);
      response.getOutputStream().write(body);
    }
  }
}
