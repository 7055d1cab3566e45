package io.claritystream.base.http;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import org.slf4j.MDC;
import org.springframework.http.HttpHeaders;
import org.springframework.web.filter.OncePerRequestFilter;

/// The outermost filter: names the request, asks whom it is meant for, bounds its body, and turns
/// what any filter within throws into a problem.
final class RequestBoundary extends OncePerRequestFilter {

  /// As the security filters send it, which such a request does not pass.
  private static final String STRICT_TRANSPORT = "max-age=31536000 ; includeSubDomains";

  private final HostRule hosts;
  private final long bodyBytesMax;
  private final ProblemResolver problems;
  private final List<DirectRoute> direct;

  RequestBoundary(
      HostRule hosts, long bodyBytesMax, ProblemResolver problems, List<DirectRoute> direct) {
    this.hosts = hosts;
    this.bodyBytesMax = bodyBytesMax;
    this.problems = problems;
    this.direct = List.copyOf(direct);
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    String id = RequestId.of(request);
    response.setHeader(RequestId.HEADER, id);
    SafeHeaders.set(response::setHeader);
    MDC.put(RequestId.LOG_KEY, id);
    try {
      hosts.check(request);
      if (request.getContentLengthLong() > bodyBytesMax) {
        throw BoundedBody.tooLarge(bodyBytesMax);
      }
      String type = request.getContentType();
      if (type != null && type.indexOf('*') >= 0) {
        throw Problem.of(ProblemCode.UNSUPPORTED_MEDIA_TYPE, null);
      }
      BoundedBody bounded = new BoundedBody(request, bodyBytesMax);
      if (!answeredDirectly(bounded, response)) {
        chain.doFilter(bounded, response);
      }
    } catch (IOException | ServletException | RuntimeException failure) {
      if (response.isCommitted()) {
        throw failure;
      }
      problems.write(request, response, failure);
    } finally {
      MDC.remove(RequestId.LOG_KEY);
    }
  }

  private boolean answeredDirectly(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String path = request.getRequestURI();
    for (DirectRoute route : direct) {
      if (path.startsWith(route.prefix()) && request.getMethod().equals("POST")) {
        String rest = path.substring(route.prefix().length());
        if (plain(rest)) {
          response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
          if (request.isSecure()) {
            response.setHeader("Strict-Transport-Security", STRICT_TRANSPORT);
          }
          route.answer(rest, request, response);
          return true;
        }
      }
    }
    return false;
  }

  private static boolean plain(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!(c >= 'a' && c <= 'z'
          || c >= 'A' && c <= 'Z'
          || c >= '0' && c <= '9'
          || c == '_'
          || c == '-')) {
        return false;
      }
    }
    return !text.isEmpty();
  }
}
