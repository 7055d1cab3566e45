package io.claritystream.base.http;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
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

  private static final String METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

  @Override
  protected void report(Request request, Response response, @Nullable Throwable failure) {
    int status = response.getStatus();
    if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
      return;
    }
    if (request.getMethod() != null && request.getMethod().equals("CONNECT")) {
      // Tomcat says of it that it is not implemented; here it is a method like any other.
      status = HttpServletResponse.SC_METHOD_NOT_ALLOWED;
      response.setStatus(status);
      response.setHeader(HttpHeaders.ALLOW, METHODS);
    }
    ProblemCode code = Problems.ofStatus(HttpStatusCode.valueOf(status)).code();
    String id = RequestId.of(request.getRequest());
    String body = BODY.formatted(code.type(), code.title(), status, code.code(), id, code.remedy());
    try {
      response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
      response.setCharacterEncoding(StandardCharsets.UTF_8.name());
      response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
      response.setHeader(RequestId.HEADER, id);
      SafeHeaders.set(response::setHeader);
      response.getReporter().write(body);
      response.finishResponse();
    } catch (IOException clientGone) {
      container.getLogger().debug("problem not delivered", clientGone);
    }
  }
}
