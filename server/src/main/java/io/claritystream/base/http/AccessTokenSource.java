package io.claritystream.base.http;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.security.oauth2.server.resource.web.BearerTokenResolver;

/// Takes the access token from `Authorization: Bearer`, or else from the cookie. On the public
/// routes no token is looked for: an expired cookie must not stand in the way of signing in anew.
final class AccessTokenSource implements BearerTokenResolver {

  private static final String BEARER = "Bearer ";

  @Override
  public @Nullable String resolve(HttpServletRequest request) {
    if (PublicRoutes.open(request.getMethod(), request.getRequestURI())) {
      return null;
    }
    String header = request.getHeader(HttpHeaders.AUTHORIZATION);
    if (header == null) {
      return cookie(request, SessionCookieNames.ACCESS);
    }
    // Of another scheme there is none: the request is nobody's.
    return header.regionMatches(true, 0, BEARER, 0, BEARER.length())
        ? header.substring(BEARER.length()).strip()
        : null;
  }

  static @Nullable String cookie(HttpServletRequest request, String name) {
    Cookie[] cookies = request.getCookies();
    if (cookies == null) {
      return null;
    }
    for (Cookie cookie : cookies) {
      if (cookie.getName().equals(name)) {
        return cookie.getValue();
      }
    }
    return null;
  }
}
