package io.claritystream.base.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.ApiClient;
import io.claritystream.ApiClient.Answer;
import io.claritystream.ApiClient.Registered;
import io.claritystream.Clarity;
import io.claritystream.TestServer;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/// Walks every route there is, as everybody there is.
class AccessRulesTests {

  /// A route and its rule.
  private record Route(String method, String pattern, AccessRules.Rule rule, boolean streams) {
    String path() {
      return pattern.replaceAll("\\{[^}]+}", UUID.randomUUID().toString());
    }
  }

  private static TestServer server;
  private static List<Route> routes;

  @BeforeAll
  static void begin() {
    server = TestServer.start(Map.of("clarity.identity.sign-ins-by-address", "1000"));
    routes = routes();
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @Test
  void every_method_of_ours_has_one_rule() {
    assertThat(routes).hasSizeGreaterThan(10).allMatch(route -> route.rule() != null);
  }

  @Test
  void the_open_routes_are_those_on_the_list_and_no_others() {
    TreeSet<String> open = new TreeSet<>();
    routes.stream()
        .filter(route -> route.rule() instanceof AccessRules.Rule.Open)
        .forEach(route -> open.add(route.method() + " " + route.pattern()));
    TreeSet<String> listed = new TreeSet<>();
    PublicRoutes.ALL.forEach(route -> listed.add(route.method() + " " + route.pattern()));

    assertThat(open).isEqualTo(listed);
  }

  @Test
  void without_a_token_every_other_route_asks_to_sign_in() {
    for (Route route : routes) {
      if (!(route.rule() instanceof AccessRules.Rule.Open)) {
        Answer answer = server.client().send(route.method(), route.path(), null);
        assertThat(answer.status()).as(route.toString()).isEqualTo(401);
        assertThat(answer.text("code")).as(route.toString()).isEqualTo("unauthenticated");
      }
    }
  }

  @Test
  void each_role_may_do_what_the_matrix_says_and_nothing_else() {
    Map<Role, ApiClient> clients = new EnumMap<>(Role.class);
    for (Role role : Role.values()) {
      clients.put(role, as(role));
    }
    for (Route route : routes) {
      if (route.rule() instanceof AccessRules.Rule.Permitted(Permission permission)) {
        for (Role role : Role.values()) {
          if (role.permits(permission) && route.streams()) {
            continue;
          }
          Answer answer = clients.get(role).send(route.method(), route.path(), null);
          String what = role + " " + route;
          if (role.permits(permission)) {
            assertThat(answer.status()).as(what).isNotIn(401, 403);
            assertThat(answer.status()).as(what).isLessThan(500);
          } else {
            assertThat(answer.status()).as(what).isEqualTo(403);
            assertThat(answer.text("code")).as(what).isEqualTo("forbidden");
          }
        }
      }
    }
  }

  @Test
  void what_a_proxy_on_this_machine_relays_reads_no_metrics() {
    ApiClient here = server.client();

    assertThat(here.get("/actuator/prometheus").status()).isNotIn(401, 403);
    for (String header : new String[] {"X-Forwarded-For", "Forwarded"}) {
      assertThat(here.with(header, "203.0.113.7").get("/actuator/prometheus").status())
          .isIn(401, 403);
    }
  }

  @Test
  void a_controller_method_without_a_rule_fails_the_start() {
    assertThatThrownBy(() -> TestServer.start(Map.of(), Clarity.class, Ruleless.class).close())
        .hasMessageContaining("/v1/test/ruleless")
        .hasMessageContaining("@RequiresPermission");
  }

  @RestController
  static class Ruleless {
    @GetMapping("/v1/test/ruleless")
    String anything() {
      return "";
    }
  }

  private static ApiClient as(Role role) {
    Registered person = server.client().register(role.key() + "@example.com");
    server
        .database()
        .superuser()
        .sql(
            """
            UPDATE control.members m SET role = :role
            FROM control.user_account u WHERE u.user_id = m.user_id AND u.email = :email
            """)
        .param("role", role.key())
        .param("email", person.email())
        .update();
    return person.client();
  }

  private static List<Route> routes() {
    Map<Method, AccessRules.Rule> rules = server.bean(AccessRules.class).rules();
    List<Route> routes = new ArrayList<>();
    server
        .bean("requestMappingHandlerMapping", RequestMappingHandlerMapping.class)
        .getHandlerMethods()
        .forEach(
            (mapping, handler) -> {
              if (!AccessRules.ours(handler)) {
                return;
              }
              Set<MediaType> produced = mapping.getProducesCondition().getProducibleMediaTypes();
              for (String pattern : mapping.getPatternValues()) {
                mapping
                    .getMethodsCondition()
                    .getMethods()
                    .forEach(
                        method ->
                            routes.add(
                                new Route(
                                    method.name(),
                                    pattern,
                                    rules.get(handler.getMethod()),
                                    produced.contains(MediaType.TEXT_EVENT_STREAM)
                                        || pattern.equals("/v1/live"))));
              }
            });
    return routes;
  }
}
