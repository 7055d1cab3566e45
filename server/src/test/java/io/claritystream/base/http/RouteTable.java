package io.claritystream.base.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.TestServer;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/// The routes of ours that a server answers, each with its rule: what those go along who try each
/// route as each caller.
public final class RouteTable {
  private static final int MANY = 90;

  /// After these the caller's session is over.
  private static final Set<String> ENDS =
      Set.of("POST /v1/auth/switch", "DELETE /v1/organizations/{org_id}/users/me");

  /// @param permission what the role must permit; null where to be signed in is enough, or not even
  ///     that is needed
  /// @param beyond what the method itself wants the role to permit; null if nothing
  /// @param streams whether its answer does not end by itself
  public record Route(
      String method,
      String pattern,
      boolean open,
      @Nullable Permission permission,
      @Nullable Permission beyond,
      boolean streams) {

    /// Whether the role comes as far as the method.
    public boolean permits(Role role) {
      return permission == null || role.permits(permission);
    }

    /// Whether the method does what it is asked for by such a role.
    public boolean does(Role role) {
      return permits(role) && (beyond == null || role.permits(beyond));
    }

    public boolean reads() {
      return method.equals("GET");
    }

    /// Whether the session that asks it is over by that.
    public boolean ends() {
      return ENDS.contains(toString());
    }

    /// How it is asked: of what does not end by itself, for the head.
    public String verb() {
      return streams ? "HEAD" : method;
    }

    /// The variables of the address, each as `segment/{name}`, by what stands before it.
    public List<String> variables() {
      List<String> found = new ArrayList<>();
      String before = "";
      for (String part : pattern.substring(1).split("/")) {
        if (part.startsWith("{")) {
          found.add(before + "/" + part);
        }
        before = part;
      }
      return found;
    }

    /// The address, with something in each variable's place.
    public String path(UnaryOperator<String> values) {
      StringBuilder path = new StringBuilder();
      String before = "";
      for (String part : pattern.substring(1).split("/")) {
        path.append('/').append(part.startsWith("{") ? values.apply(before + "/" + part) : part);
        before = part;
      }
      return path.toString();
    }

    @Override
    public String toString() {
      return method + " " + pattern;
    }
  }

  /// All of them, in order.
  public static List<Route> of(TestServer server) {
    Map<Method, AccessRules.Rule> rules = server.bean(AccessRules.class).rules();
    List<Route> all = new ArrayList<>();
    server
        .bean("requestMappingHandlerMapping", RequestMappingHandlerMapping.class)
        .getHandlerMethods()
        .forEach(
            (mapping, handler) -> {
              if (!AccessRules.ours(handler)) {
                return;
              }
              boolean streams =
                  mapping
                      .getProducesCondition()
                      .getProducibleMediaTypes()
                      .contains(MediaType.TEXT_EVENT_STREAM);
              for (String pattern : mapping.getPatternValues()) {
                mapping
                    .getMethodsCondition()
                    .getMethods()
                    .forEach(
                        method ->
                            all.add(
                                route(
                                    method.name(),
                                    pattern,
                                    handler,
                                    rules.get(handler.getMethod()),
                                    streams)));
              }
            });
    all.sort(Comparator.comparing(Route::pattern).thenComparing(Route::method));
    assertThat(all).hasSizeGreaterThan(MANY);
    return all;
  }

  /// Those that need a sign-in.
  public static List<Route> closed(TestServer server) {
    return of(server).stream().filter(route -> !route.open()).toList();
  }

  /// Says how much was tried, for the count that the build ends with.
  public static void counted(String what, int cases, int routes) {
    System.out.printf("Counted: %s: %,d cases over %d routes%n", what, cases, routes);
  }

  private static Route route(
      String method,
      String pattern,
      HandlerMethod handler,
      AccessRules.@Nullable Rule rule,
      boolean streams) {
    assertThat(rule).as(method + " " + pattern + " has a rule").isNotNull();
    RequiresPermission asked = handler.getMethodAnnotation(RequiresPermission.class);
    return new Route(
        method,
        pattern,
        rule instanceof AccessRules.Rule.Open,
        rule instanceof AccessRules.Rule.Permitted(Permission permission) ? permission : null,
        asked == null || asked.beyond().isEmpty() ? null : permission(asked.beyond()),
        streams);
  }

  /// The permission that a text begins with.
  private static Permission permission(String beyond) {
    String key = beyond.split("[ ,]", 2)[0];
    return Arrays.stream(Permission.values())
        .filter(one -> one.key().equals(key))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no permission " + key));
  }

  private RouteTable() {}
}
