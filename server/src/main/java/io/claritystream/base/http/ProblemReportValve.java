package io.claritystream.base.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;

/// Tomcat's own errors, raised before any filter has seen the request (an address that cannot be
/// parsed, say), as problems too. Public, for Tomcat makes it by its name.
public final class ProblemReportValve extends ErrorReportValve {

  /// Nothing of the request goes into the body, so that nothing needs to be escaped.
  private static final String BODY =
      """
      {"type":"%s","title":"%s","status":%d,"code":"%s","instance":"urn:uuid:%s","remedy":"%s"}\
      """;

  @Override
  protected void report(Request request, Response response, @Nullable Throwable failure) {
    int status = response.getStatus();
    if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
      return;
    }
    ProblemCode code = Problems.ofStatus(HttpStatusCode.valueOf(status)).code();
    String body =
        BODY.formatted(
            code.type(),
            code.title(),
            status,
            code.code(),
            RequestId.of(request.getRequest()),
            code.remedy());
    try {
      response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
      response.setCharacterEncoding(StandardCharsets.UTF_8.name());
      response.setHeader("Cache-Control", "no-store");
      response.getReporter().write(body);
      response.finishResponse();
    } catch (IOException clientGone) {
      container.getLogger().debug("problem not delivered", clientGone);
    }
  }
}
