package io.claritystream.base.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.Ordered;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.web.HttpMediaTypeNotSupportedException;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.context.request.async.AsyncRequestNotUsableException;
import org.springframework.web.servlet.HandlerExceptionResolver;
import org.springframework.web.servlet.ModelAndView;
import org.springframework.web.servlet.resource.NoResourceFoundException;
import tools.jackson.databind.json.JsonMapper;

/// The one place where a failure becomes an answer, for Spring MVC and for the filters alike.
final class ProblemResolver implements HandlerExceptionResolver, Ordered {

  private static final Logger log = LoggerFactory.getLogger(ProblemResolver.class);

  private final JsonMapper json;
  private final WebApp webApp;

  ProblemResolver(JsonMapper json, WebApp webApp) {
    this.json = json;
    this.webApp = webApp;
  }

  @Override
  public int getOrder() {
    return Ordered.HIGHEST_PRECEDENCE;
  }

  @Override
  public ModelAndView resolveException(
      HttpServletRequest request,
      HttpServletResponse response,
      @Nullable Object handler,
      Exception failure) {
    if (response.isCommitted() || failure instanceof AsyncRequestNotUsableException) {
      // A stream whose reader has gone, or broke on the way: there is nobody left to tell.
      log.debug("response abandoned, cause {}", failure.toString());
      return new ModelAndView();
    }
    try {
      if (failure instanceof NoResourceFoundException && webApp.wantsPage(request)) {
        webApp.writeNotFoundPage(response);
      } else {
        write(request, response, failure);
      }
    } catch (IOException clientGone) {
      log.debug("problem not delivered, cause {}", clientGone.toString());
    }
    return new ModelAndView();
  }

  void write(HttpServletRequest request, HttpServletResponse response, Exception failure)
      throws IOException {
    Problem problem = Problems.of(failure);
    String id = RequestId.of(request);
    switch (problem.code()) {
      case INTERNAL -> log.error("request failed, request_id {}", id, failure);
      case UNAVAILABLE ->
          log.warn("request not served, request_id {}, cause {}", id, failure.toString());
      default -> log.debug("request refused, request_id {}, code {}", id, problem.code().code());
    }
    if (failure instanceof HttpRequestMethodNotSupportedException method
        && method.getSupportedHttpMethods() != null) {
      HttpHeaders allow = method.getHeaders();
      allow.forEach((name, values) -> response.setHeader(name, String.join(", ", values)));
    }
    if (failure instanceof HttpMediaTypeNotSupportedException) {
      response.setHeader(HttpHeaders.ACCEPT, MediaType.APPLICATION_JSON_VALUE);
    }
    write(request, response, problem);
  }

  void write(HttpServletRequest request, HttpServletResponse response, Problem problem)
      throws IOException {
    ProblemCode code = problem.code();
    if (code == ProblemCode.UNAUTHENTICATED || code == ProblemCode.TOKEN_EXPIRED) {
      response.setHeader(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
    }
    Duration retryAfter = problem.retryAfter();
    if (retryAfter != null) {
      response.setHeader(HttpHeaders.RETRY_AFTER, Long.toString(secondsRoundedUp(retryAfter)));
    }
    String id = RequestId.of(request);
    byte[] body = json.writeValueAsBytes(ProblemDocument.of(problem, request));
    response.resetBuffer();
    // What Tomcat has refused comes here past the filter that sets them.
    response.setHeader(RequestId.HEADER, id);
    SafeHeaders.set(response::setHeader);
    response.setStatus(code.status().value());
    response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
    response.setCharacterEncoding(StandardCharsets.UTF_8.name());
    response.setContentLength(body.length);
    response.getOutputStream().write(body);
    response.flushBuffer();
  }

  private static long secondsRoundedUp(Duration duration) {
    return Math.max(1, duration.plusMillis(999).toSeconds());
  }
}
