package io.claritystream.base.http;

import java.util.List;
import org.springframework.http.HttpMethod;

/// The routes of the API that need no sign-in. Whatever is not here, does.
final class PublicRoutes {

  record Route(HttpMethod method, String pattern) {}

  static final List<Route> ALL =
      List.of(
          new Route(HttpMethod.POST, "/v1/auth/register"),
          new Route(HttpMethod.POST, "/v1/auth/login"),
          new Route(HttpMethod.POST, "/v1/auth/refresh"),
          new Route(HttpMethod.POST, "/v1/auth/logout"),
          new Route(HttpMethod.GET, "/v1/auth/options"),
          new Route(HttpMethod.GET, "/v1/openapi.json"),
          new Route(HttpMethod.GET, "/v1/schemas/workflow"),
          new Route(HttpMethod.GET, "/.well-known/jwks.json"),
          new Route(HttpMethod.POST, "/hooks/{token}"));

  static boolean contains(String method, String pattern) {
    return ALL.stream()
        .anyMatch(route -> route.method().matches(method) && route.pattern().equals(pattern));
  }

  /// Whether a request to this path needs no sign-in, so that what it sends to prove who it is,
  /// which may be meant for others, is not looked at.
  static boolean open(String method, String path) {
    return contains(method, path) || method.equals("POST") && path.startsWith("/hooks/");
  }

  private PublicRoutes() {}
}
