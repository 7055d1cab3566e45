package io.claritystream.base.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.ApiClient.Registered;
import io.claritystream.Clarity;
import io.claritystream.TestServer;
import io.claritystream.base.http.RouteTable.Route;
import io.claritystream.base.http.Wire.Reply;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.HandlerMapping;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.servlet.function.support.RouterFunctionMapping;
import org.springframework.web.servlet.handler.AbstractUrlHandlerMapping;
import org.springframework.web.servlet.mvc.method.RequestMappingInfoHandlerMapping;

/// Addresses of every route, spelled otherwise: whatever part of the server reads them in another
/// way than its rules do, nobody comes to a method that is not theirs.
class PathTrickTests {

  /// Which method was come to, past all rules.
  private static final String REACHED = "X-Reached";

  private static final Set<Integer> NOTHING = Set.of(400, 401, 404, 405);

  /// Another spelling of an address.
  private record Trick(String name, Function<String, String> spell) {}

  private static final List<Trick> TRICKS =
      List.of(
          new Trick("first letter encoded", path -> "/%76" + path.substring(2)),
          new Trick("second segment encoded", path -> second(path, PathTrickTests::encoded)),
          new Trick("last letter encoded", path -> last(path, PathTrickTests::encoded)),
          new Trick("letter encoded twice", path -> "/%2576" + path.substring(2)),
          new Trick("overlong letter", path -> "/%c1%b6" + path.substring(2)),
          new Trick("slash encoded", path -> "/v1%2f" + path.substring(4)),
          new Trick("slash encoded in capitals", path -> "/v1%2F" + path.substring(4)),
          new Trick("slash encoded twice", path -> "/v1%252f" + path.substring(4)),
          new Trick("first slash encoded", path -> "/%2f" + path.substring(1)),
          new Trick("backslash", path -> "/v1\\" + path.substring(4)),
          new Trick("backslash encoded", path -> "/v1%5c" + path.substring(4)),
          new Trick("slashes doubled in front", path -> "/" + path),
          new Trick("slashes doubled", path -> "/v1//" + path.substring(4)),
          new Trick("slashes doubled at the end", path -> path + "//"),
          new Trick("slash at the end", path -> path + "/"),
          new Trick("dot", path -> "/v1/./" + path.substring(4)),
          new Trick("dot encoded", path -> "/v1/%2e/" + path.substring(4)),
          new Trick("dot at the end", path -> path + "/."),
          new Trick("dots", path -> "/v1/x/../" + path.substring(4)),
          new Trick("dots encoded", path -> "/v1/x/%2e%2e/" + path.substring(4)),
          new Trick("dots encoded twice", path -> "/v1/x/%252e%252e/" + path.substring(4)),
          new Trick("dots and slash encoded", path -> "/v1/x/..%2f" + path.substring(4)),
          new Trick("dots with a parameter", path -> "/v1/x/..;/" + path.substring(4)),
          new Trick("dots at the end", path -> path + "/x/.."),
          new Trick("from an open page", path -> "/app/.." + path),
          new Trick("from an open page, encoded", path -> "/app/%2e%2e" + path),
          new Trick("from an open page, with a parameter", path -> "/app/..;" + path),
          new Trick("from an open file", path -> "/assets/..%2f.." + path),
          new Trick("from an open route", path -> "/v1/openapi.json/../.." + path),
          new Trick("from a hook", path -> "/hooks/.." + path),
          new Trick("from a hook, encoded", path -> "/hooks/%2e%2e" + path),
          new Trick("from a hook, with a parameter", path -> "/hooks/..;" + path),
          new Trick("from the health", path -> "/actuator/health/../.." + path),
          new Trick("parameter at the end", path -> path + ";a=b"),
          new Trick("parameter within", path -> "/v1;a=b/" + path.substring(4)),
          new Trick("parameter encoded", path -> path + "%3ba=b"),
          new Trick("suffix", path -> path + ".json"),
          new Trick("suffix of a page", path -> path + ".html"),
          new Trick("capitals", path -> path.toUpperCase(Locale.ROOT)),
          new Trick("one capital", path -> "/V1" + path.substring(3)),
          new Trick(
              "capital at the end", path -> last(path, text -> text.toUpperCase(Locale.ROOT))),
          new Trick("full stop", path -> path + "."),
          new Trick("full stop encoded", path -> path + "%2e"),
          new Trick("space", path -> path + "%20"),
          new Trick("space in front", path -> "/%20" + path.substring(1)),
          new Trick("tab", path -> path + "%09"),
          new Trick("line", path -> path + "%0a"),
          new Trick("nothing", path -> path + "%00"),
          new Trick("nothing and suffix", path -> path + "%00.json"),
          new Trick("nothing within", path -> "/v1%00/" + path.substring(4)),
          new Trick("wide letter", path -> "/%ef%bd%961/" + path.substring(4)),
          new Trick("question mark encoded", path -> path + "%3fa=b"),
          new Trick("number sign encoded", path -> path + "%23"),
          new Trick("whole address", path -> "http://localhost:{port}" + path));

  private static TestServer server;
  private static Registered owner;
  private static String viewer;
  private static List<Route> all;
  private static List<Route> closed;

  @BeforeAll
  static void begin() {
    server =
        TestServer.start(
            Map.of(
                "clarity.identity.refreshes-by-address", "1000000",
                "clarity.identity.registrations-by-address", "1000000",
                "clarity.identity.sign-ins-by-address", "1000000",
                "clarity.identity.organizations-by-person", "1000000",
                "logging.level.io.claritystream", "ERROR"),
            Clarity.class,
            Telling.class);
    all = RouteTable.of(server);
    closed = RouteTable.closed(server);
    owner = server.client().register("owner@example.com");
    Registered other = server.client().register("viewer@example.com");
    server
        .database()
        .superuser()
        .sql("UPDATE control.members SET role = 'viewer' WHERE tenant_id = CAST(:id AS uuid)")
        .param("id", other.organizationId())
        .update();
    viewer = other.accessToken();
  }

  @AfterAll
  static void end() {
    server.close();
  }

  /// Says which method an answer is of, if it came past the rules.
  @TestConfiguration(proxyBeanMethods = false)
  static class Telling {
    @Bean
    WebMvcConfigurer telling() {
      return new WebMvcConfigurer() {
        @Override
        public void addInterceptors(InterceptorRegistry registry) {
          registry
              .addInterceptor(
                  new HandlerInterceptor() {
                    @Override
                    public boolean preHandle(
                        HttpServletRequest request, HttpServletResponse response, Object handler) {
                      if (handler instanceof HandlerMethod) {
                        Object pattern =
                            request.getAttribute(HandlerMapping.BEST_MATCHING_PATTERN_ATTRIBUTE);
                        response.setHeader(REACHED, request.getMethod() + " " + pattern);
                      }
                      return true;
                    }
                  })
              .order(Ordered.LOWEST_PRECEDENCE);
        }
      };
    }
  }

  @Test
  void what_is_spelled_plainly_comes_to_its_method() throws IOException {
    try (Wire wire = new Wire(server.url().getPort())) {
      for (Route route : closed) {
        Reply reply = wire.send(request(route.method(), path(route), owner.accessToken()));
        assertThat(reply.header(REACHED.toLowerCase(Locale.ROOT)))
            .as(route.toString())
            .isEqualTo(route.method() + " " + route.pattern());
      }
    }
  }

  @Test
  void no_other_spelling_comes_to_a_method_that_is_not_the_callers() throws IOException {
    Map<String, Route> known =
        all.stream()
            .collect(
                Collectors.toMap(route -> route.method() + " " + route.pattern(), route -> route));
    List<String> wrong = new ArrayList<>();
    int cases = 0;
    try (Wire wire = new Wire(server.url().getPort())) {
      for (Route route : closed) {
        for (Trick trick : TRICKS) {
          String path =
              trick
                  .spell()
                  .apply(path(route))
                  .replace("{port}", Integer.toString(server.url().getPort()));
          String what = trick.name() + ": " + route.method() + " " + path + " ";

          cases += 3;
          Reply nobody = wire.send(request(route.method(), path, null));
          Route reached = known.get(nobody.header(REACHED.toLowerCase(Locale.ROOT)));
          if (reached != null && !reached.open() || !NOTHING.contains(nobody.status())) {
            wrong.add(what + "of nobody, " + nobody.status() + " of " + reached);
          }
          Reply low = wire.send(request(route.method(), path, viewer));
          reached = known.get(low.header(REACHED.toLowerCase(Locale.ROOT)));
          if (reached != null && !reached.permits(Role.VIEWER)) {
            wrong.add(what + "of a viewer, " + low.status() + " of " + reached);
          }
          Reply high = wire.send(request(route.method(), path, owner.accessToken()));
          reached = known.get(high.header(REACHED.toLowerCase(Locale.ROOT)));
          if (reached != null && !reached.equals(route) && high.status() < 400) {
            wrong.add(what + "of an owner, " + high.status() + " of " + reached);
          }
        }
      }
    }
    RouteTable.counted("spellings of addresses", cases, closed.size());
    assertThat(wrong).isEmpty();
  }

  @Test
  void whatever_else_answers_is_known() {
    TreeSet<String> others = new TreeSet<>();
    server
        .beans(HandlerMapping.class)
        .forEach(
            (name, mapping) -> {
              switch (mapping) {
                case RequestMappingInfoHandlerMapping methods ->
                    methods
                        .getHandlerMethods()
                        .forEach(
                            (rule, handler) -> {
                              if (!AccessRules.ours(handler)) {
                                others.addAll(rule.getPatternValues());
                              }
                            });
                case AbstractUrlHandlerMapping addresses ->
                    others.addAll(addresses.getHandlerMap().keySet());
                case RouterFunctionMapping functions ->
                    assertThat(functions.getRouterFunction()).as(name).isNull();
                default -> others.add(name + " " + mapping.getClass().getName());
              }
            });

    assertThat(others)
        .containsExactly(
            "/**",
            "/actuator/health",
            "/actuator/health/**",
            "/actuator/prometheus",
            "/assets/**",
            "/error");
    ApiClient nobody = server.client();
    assertThat(nobody.get("/error").status()).isEqualTo(404);
    assertThat(nobody.get("/actuator/health").body().propertyNames())
        .containsExactlyInAnyOrder("groups", "status");
    for (String more : List.of("/actuator", "/actuator/env", "/actuator/health/db/..;/env")) {
      assertThat(nobody.get(more).status()).as(more).isIn(400, 401);
    }
  }

  private static String path(Route route) {
    return route.path(
        variable ->
            switch (variable) {
              case "versions/{version}" -> "1";
              case "triggers/{key}", "steps/{step}" -> "hook";
              case "organizations/{org_id}" -> owner.organizationId();
              default ->
                  UUID.nameUUIDFromBytes(variable.getBytes(StandardCharsets.UTF_8)).toString();
            });
  }

  /// Its last letter as a number.
  private static String encoded(String segment) {
    int end = segment.length() - 1;
    return segment.substring(0, end) + "%%%02x".formatted((int) segment.charAt(end));
  }

  private static String second(String path, Function<String, String> spell) {
    int begin = path.indexOf('/', 1) + 1;
    int end = path.indexOf('/', begin);
    end = end < 0 ? path.length() : end;
    return path.substring(0, begin) + spell.apply(path.substring(begin, end)) + path.substring(end);
  }

  private static String last(String path, Function<String, String> spell) {
    int begin = path.lastIndexOf('/') + 1;
    return path.substring(0, begin) + spell.apply(path.substring(begin));
  }

  private static byte[] request(String method, String target, @Nullable String token) {
    String authorization = token == null ? "" : "Authorization: Bearer " + token + "\r\n";
    return (method
            + " "
            + target
            + " HTTP/1.1\r\nHost: localhost:"
            + server.url().getPort()
            + "\r\n"
            + authorization
            + "Content-Length: 0\r\n\r\n")
        .getBytes(StandardCharsets.ISO_8859_1);
  }
}
