package io.claritystream.base.http;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.slf4j.MDC;
import org.springframework.web.filter.OncePerRequestFilter;

/// The outermost filter: names the request, bounds its body, and turns what any filter within
/// throws into a problem.
final class RequestBoundary extends OncePerRequestFilter {

  private final long bodyBytesMax;
  private final ProblemResolver problems;

  RequestBoundary(long bodyBytesMax, ProblemResolver problems) {
    this.bodyBytesMax = bodyBytesMax;
    this.problems = problems;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    String id = RequestId.of(request);
    response.setHeader(RequestId.HEADER, id);
    MDC.put(RequestId.LOG_KEY, id);
    try {
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
