package io.claritystream.base.http;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.web.filter.OncePerRequestFilter;

/// Under cookie sign-in a method that changes something must come from the web app itself: with the
/// header `X-Clarity-Request: 1`, which another site cannot send without being asked, and from the
/// same origin by what the browser says of it. Otherwise the answer is the problem `csrf`.
///
/// A request with an `Authorization` header, of whatever kind, is judged by that alone: within it
/// there are no session cookies, so that none can be used past this rule.
final class CookieRule extends OncePerRequestFilter {

  static final String HEADER = "X-Clarity-Request";

  private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS", "TRACE");

  private final ProblemResolver problems;

  CookieRule(ProblemResolver problems) {
    this.problems = problems;
  }

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    return (AccessTokenSource.cookie(request, SessionCookieNames.ACCESS) == null
        && AccessTokenSource.cookie(request, SessionCookieNames.REFRESH) == null);
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    if (request.getHeader(HttpHeaders.AUTHORIZATION) != null) {
      chain.doFilter(new WithoutSession(request), response);
      return;
    }
    if (SAFE.contains(request.getMethod())
        || ("1".equals(request.getHeader(HEADER)) && sameOrigin(request))) {
      chain.doFilter(request, response);
      return;
    }
    problems.write(
        request,
        response,
        Problem.of(ProblemCode.CSRF, "The header " + HEADER + " or the origin is not right."));
  }

  private static boolean sameOrigin(HttpServletRequest request) {
    String site = request.getHeader("Sec-Fetch-Site");
    if (site != null) {
      return site.equals("same-origin");
    }
    String origin = request.getHeader(HttpHeaders.ORIGIN);
    return origin != null && hostOf(origin, request.getHeader(HttpHeaders.HOST));
  }

  private static boolean hostOf(String origin, @Nullable String host) {
    try {
      return host != null && host.equalsIgnoreCase(URI.create(origin).getAuthority());
    } catch (IllegalArgumentException noAddress) {
      return false;
    }
  }

  /// A request as if the browser had sent no session with it.
  private static final class WithoutSession extends HttpServletRequestWrapper {

    WithoutSession(HttpServletRequest request) {
      super(request);
    }

    @Override
    public Cookie @Nullable [] getCookies() {
      Cookie[] all = super.getCookies();
      return all == null
          ? null
          : Arrays.stream(all)
              .filter(
                  cookie ->
                      !cookie.getName().equals(SessionCookieNames.ACCESS)
                          && !cookie.getName().equals(SessionCookieNames.REFRESH))
              .toArray(Cookie[]::new);
    }
  }
}
