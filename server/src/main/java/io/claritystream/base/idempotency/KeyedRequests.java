package io.claritystream.base.idempotency;

import io.claritystream.base.http.Caller;
import io.claritystream.base.http.CallerAuthentication;
import io.claritystream.base.http.ChangesNothing;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import org.springframework.http.HttpMethod;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.HandlerMapping;

/// Claims the key of a request just before its controller is asked, when it is known that the
/// caller may ask it; and answers in the controller's place what has been answered before.
final class KeyedRequests implements HandlerInterceptor {
  static final String HEADER = "Idempotency-Key";
  static final String REPLAYED = "Idempotent-Replayed";

  private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]{1,255}");
  private static final int ROUTE_MAX = 300;
  private static final Duration SOON = Duration.ofSeconds(1);

  private final Claims claims;
  private final RequestDigests digests;
  private final Leases leases;

  KeyedRequests(Claims claims, RequestDigests digests, Leases leases) {
    this.claims = claims;
    this.digests = digests;
    this.leases = leases;
  }

  static boolean mayHaveKey(HttpServletRequest request) {
    String path = request.getRequestURI();
    return HttpMethod.POST.matches(request.getMethod())
        && path.startsWith("/v1/")
        && !path.startsWith("/v1/auth/");
  }

  @Override
  public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler)
      throws IOException {
    KeyedRequest keyed = KeyedRequest.of(request);
    if (keyed == null
        || keyed.claim() != null
        || !(handler instanceof HandlerMethod method)
        || method.hasMethodAnnotation(ChangesNothing.class)
        || !(SecurityContextHolder.getContext().getAuthentication()
            instanceof CallerAuthentication authentication)) {
      return true;
    }
    Caller caller = authentication.getPrincipal();
    Claimed claimed =
        claims.claim(
            caller.tenantId(),
            caller.userId(),
            KeyedRequest.hash(key(request)),
            digests.of(caller.tenantId(), keyed),
            route(request));
    return switch (claimed) {
      case Claimed.Ours(Claim claim) -> {
        leases.begun(claim);
        keyed.claimed(claim);
        yield true;
      }
      case Claimed.Done(Claimed.Kept answer) -> {
        replay(answer, response);
        yield false;
      }
      case Claimed.Running running ->
          throw Problem.of(
              ProblemCode.IDEMPOTENCY_KEY_IN_USE,
              "The first request with this key is being carried out.",
              SOON);
      case Claimed.Other(String route) ->
          throw Problem.of(
              ProblemCode.IDEMPOTENCY_KEY_REUSED,
              "The key stands for another request, to " + route + ".");
    };
  }

  private static String key(HttpServletRequest request) {
    List<String> sent = Collections.list(request.getHeaders(HEADER));
    if (sent.size() != 1 || !KEY.matcher(sent.getFirst()).matches()) {
      throw Problem.invalid(HEADER, "must be 1 to 255 visible ASCII characters, sent once");
    }
    return sent.getFirst();
  }

  private static String route(HttpServletRequest request) {
    Object pattern = request.getAttribute(HandlerMapping.BEST_MATCHING_PATTERN_ATTRIBUTE);
    String route = request.getMethod() + " " + (pattern == null ? "" : pattern);
    return route.substring(0, Math.min(route.length(), ROUTE_MAX));
  }

  private static void replay(Claimed.Kept answer, HttpServletResponse response) throws IOException {
    byte[] body = answer.body();
    if (body == null) {
      throw Problem.of(
          ProblemCode.CONFLICT,
          "The request has been carried out; its answer was too large to be kept. Read what it made.");
    }
    response.setStatus(answer.status());
    for (int at = 0; at + 1 < answer.headers().size(); at += 2) {
      response.setHeader(answer.headers().get(at), answer.headers().get(at + 1));
    }
    response.setHeader(REPLAYED, "true");
    if (body.length > 0) {
      response.setContentLength(body.length);
      response.getOutputStream().write(body);
    }
  }
}
