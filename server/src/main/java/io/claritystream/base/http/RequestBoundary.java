package io.claritystream.base.http;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.slf4j.MDC;
import org.springframework.web.filter.OncePerRequestFilter;

/// The outermost filter: names the request, asks whom it is meant for, bounds its body, and turns
/// what any filter within throws into a problem.
final class RequestBoundary extends OncePerRequestFilter {

  private final HostRule hosts;
  private final long bodyBytesMax;
  private final ProblemResolver problems;

  RequestBoundary(HostRule hosts, long bodyBytesMax, ProblemResolver problems) {
    this.hosts = hosts;
    this.bodyBytesMax = bodyBytesMax;
    this.problems = problems;
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
      chain.doFilter(new BoundedBody(request, bodyBytesMax), response);
    } catch (IOException | ServletException | RuntimeException failure) {
      if (response.isCommitted()) {
        throw failure;
      }
      problems.write(request, response, failure);
    } finally {
      MDC.remove(RequestId.LOG_KEY);
    }
  }
}
