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
          new Route(HttpMethod.GET, "/.well-known/jwks.json"));

  static boolean contains(String method, String pattern) {
    return ALL.stream()
        .anyMatch(route -> route.method().matches(method) && route.pattern().equals(pattern));
  }

  private PublicRoutes() {}
}
