package io.claritystream.base.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.ApiClient;
import io.claritystream.Clarity;
import io.claritystream.TestServer;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/// That every route has a rule, and which are open. `TenantWalkTests` and `TokenWalkTests` walk
/// them.
class AccessRulesTests {

  private static TestServer server;
  private static List<RouteTable.Route> routes;

  @BeforeAll
  static void begin() {
    server = TestServer.start(Map.of("clarity.identity.sign-ins-by-address", "1000"));
    routes = RouteTable.of(server);
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @Test
  void the_open_routes_are_those_on_the_list_and_no_others() {
    TreeSet<String> open = new TreeSet<>();
    routes.stream()
        .filter(RouteTable.Route::open)
        .forEach(route -> open.add(route.method() + " " + route.pattern()));
    TreeSet<String> listed = new TreeSet<>();
    PublicRoutes.ALL.forEach(route -> listed.add(route.method() + " " + route.pattern()));

    assertThat(open).isEqualTo(listed);
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
}
