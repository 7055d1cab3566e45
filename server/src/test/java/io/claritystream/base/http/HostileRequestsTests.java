package io.claritystream.base.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient.Registered;
import io.claritystream.TestServer;
import io.claritystream.base.http.Wire.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Whatever is sent to whichever route, by its owner or by a stranger: it is answered, by no 5xx
/// but a 503 that says when to come again, and what is refused is refused by a problem.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HostileRequestsTests {
  private static final JsonMapper JSON = JsonMapper.shared();

  private static final String DOCUMENT =
      """
      {"name": "All", "description": "of it",
       "settings": {"timeout_s": 60, "redact": ["trigger.a"], "correlation_key": "=trigger.a", "execution_name": "=trigger.b"},
       "triggers": [{"id": "hook", "type": "webhook", "config": {"respond": "at_once", "body_max_bytes": 1000, "timeout_s": 3}},
         {"id": "api", "type": "api"}],
       "steps": [
         {"id": "map", "type": "transform", "input": {"a": "=trigger"}, "config": {"expression": "$"}},
         {"id": "check", "type": "branch", "config": {"cases": [{"name": "big", "when": "=steps.map.a > 1"}], "otherwise": "small"}},
         {"id": "vars", "type": "set", "config": {"values": {"a": "=steps.map", "b": 1}},
          "timeout_ms": 1000, "retry": {"count": 1, "backoff_ms": 1, "factor": 2, "backoff_max_ms": 2, "jitter": 0.2}, "on_error": "edge"},
         {"id": "call", "type": "http_request", "config": {"method": "POST", "url": "http://127.0.0.1:1/", "headers": {"X-A": "b"},
           "query": {"q": "1"}, "body": "=steps.map", "ok_statuses": ["2xx"], "on_unknown": "fail"}, "idempotency_key": "=trigger.a"},
         {"id": "bad", "type": "fail", "config": {"message": "no"}}],
       "edges": [{"from": "hook", "to": "map"}, {"from": "api", "to": "map"}, {"from": "map", "to": "check"},
         {"from": "check", "to": "vars", "case": "big"}, {"from": "check", "to": "call", "case": "small"},
         {"from": "vars", "to": "bad", "on": "error"}]}
      """;

  private record Route(String method, String pattern) {
    boolean writes() {
      return !method.equals("GET");
    }

    @Override
    public String toString() {
      return method + " " + pattern;
    }
  }

  private static TestServer server;
  private static Siege siege;
  private static Registered owner;
  private static Registered stranger;
  private static List<Route> routes;
  private static JsonNode description;
  private static UUID workflow;
  private static String hook;
  private static UUID execution;

  @BeforeAll
  static void begin() {
    server =
        TestServer.start(
            Map.of(
                "clarity.roles", "api,maestro",
                "clarity.identity.sign-ins-by-address", "100000",
                "clarity.identity.registrations-by-address", "100000",
                "clarity.outbound.allow", "127.0.0.1/32:*",
                // What is wrong is asserted; the log of every refusal would say nothing more.
                "logging.level.io.claritystream", "ERROR"));
    owner = server.client().register("owner@example.com");
    stranger = server.client().register("stranger@example.com");
    Registered leaver = server.client().register("leaver@example.com");
    siege = new Siege(server, owner, stranger, leaver);
    description = JSON.readTree(server.client().get("/v1/openapi.json").response().body());
    routes = routes();
    publish();
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @Test
  @Order(1)
  void addresses() throws Exception {
    List<Attack> attacks = new ArrayList<>();
    for (Route route : routes) {
      List<String> parts = List.of(route.pattern.split("/"));
      for (String part : parts) {
        if (part.startsWith("{")) {
          for (String text : Hostile.TEXTS) {
            attacks.add(attack(route, path(route).replace(filled(route, part), text), "{}"));
          }
        }
      }
      for (String text : Hostile.RAW) {
        attacks.add(attack(route, path(route) + text, "{}"));
        attacks.add(attack(route, path(route) + "?a=" + text, "{}"));
      }
      for (String method :
          List.of("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "NONE")) {
        String path = route.pattern.replaceAll("\\{[^}]+}", "0");
        attacks.add(new Attack(route.toString(), method, path, List.of(), new byte[0]));
      }
    }
    siege.hold("addresses", attacks);
  }

  @Test
  @Order(2)
  void parameters() throws Exception {
    List<Attack> attacks = new ArrayList<>();
    for (Route route : routes) {
      for (JsonNode parameter : described(route).path("parameters")) {
        if (parameter.path("in").asString("").equals("query")) {
          String name = parameter.path("name").asString();
          for (String text : Hostile.TEXTS) {
            attacks.add(
                attack(route, path(route) + "?" + required(route, name) + name + "=" + text, "{}"));
          }
          attacks.add(
              attack(route, path(route) + "?" + name + "=a&" + name + "=b&" + name + "[]=c", "{}"));
        }
      }
      attacks.add(attack(route, path(route) + "?unknown=1", "{}"));
      attacks.add(attack(route, path(route) + "?" + "a&".repeat(3_000), "{}"));
    }
    siege.hold("parameters", attacks);
  }

  @Test
  @Order(3)
  void cursors() throws Exception {
    List<String> lists =
        List.of(
            "agents",
            "audit",
            "connections",
            "connectors",
            "dead-letters",
            "devices",
            "events",
            "execution_log",
            "executions",
            "extras",
            "extras-by-value",
            "invitations",
            "members",
            "metrics",
            "sessions",
            "sites",
            "sources",
            "workflow_grants",
            "workflow_versions",
            "workflows",
            "rebuilds",
            "snapshots",
            "gaps",
            "extra-keys",
            "extra-conflicts");
    List<Attack> attacks = new ArrayList<>();
    int known = 0;
    try (Wire wire = new Wire(server.url().getPort())) {
      for (Route route : routes) {
        if (!described(route).path("parameters").toString().contains("\"cursor\"")) {
          continue;
        }
        for (String list : lists) {
          for (int many = 1; many <= 3; many++) {
            String probe =
                path(route) + "?cursor=" + cursor(list, List.of("0", "0", "0").subList(0, many));
            Reply reply = wire.send(attack(route, probe, "").bytes(server, owner));
            assertThat(reply.status()).as(route.toString()).isNotEqualTo(401);
            if (reply.status() != 404 && !reply.body().contains("belongs to another list")) {
              known++;
              for (String first : Hostile.PARTS) {
                for (String second : many == 1 ? List.of("") : Hostile.PARTS) {
                  List<String> all = List.of(first, second, second).subList(0, many);
                  attacks.add(attack(route, path(route) + "?cursor=" + cursor(list, all), ""));
                }
              }
            }
          }
        }
      }
    }
    assertThat(known).as("lists whose cursors are known here").isGreaterThan(10);
    siege.hold("cursors", attacks);
  }

  @Test
  @Order(4)
  void headers() throws Exception {
    List<Attack> attacks = new ArrayList<>();
    for (Route route : routes) {
      String body =
          route.writes() ? HostileJson.sample(description, body(route), workflow).toString() : "";
      for (Map.Entry<String, String> header : Hostile.HEADERS) {
        attacks.add(
            new Attack(
                route.toString(),
                route.method,
                path(route),
                List.of(header.getKey() + ": " + header.getValue()),
                body.getBytes(StandardCharsets.UTF_8)));
      }
    }
    siege.hold("headers", attacks);
  }

  @Test
  @Order(5)
  void bodies() throws Exception {
    List<Attack> attacks = new ArrayList<>();
    for (Route route : routes) {
      if (route.writes()) {
        for (byte[] body : Hostile.BODIES) {
          attacks.add(new Attack(route.toString(), route.method, path(route), json(route), body));
        }
      }
    }
    siege.hold("bodies", attacks);
  }

  @Test
  @Order(6)
  void values_of_bodies() throws Exception {
    List<Attack> attacks = new ArrayList<>();
    for (Route route : routes) {
      JsonNode schema = body(route);
      if (!schema.isMissingNode()) {
        JsonNode whole = HostileJson.sample(description, schema, workflow);
        attacks.add(attack(route, path(route), whole.toString()));
        for (String changed : HostileJson.changed(whole)) {
          attacks.add(attack(route, path(route), changed));
        }
      }
    }
    siege.hold("values of bodies", attacks);
  }

  @Test
  @Order(7)
  void documents_of_workflows() throws Exception {
    List<Attack> attacks = new ArrayList<>();
    String base = "/v1/workflows/" + workflow;
    int number = 0;
    for (String changed : HostileJson.changed(JSON.readTree(DOCUMENT))) {
      number++;
      attacks.add(
          number % 2 == 0
              ? attack(
                  new Route("POST", "/v1/workflows/{id}/validate"),
                  base + "/validate",
                  "{\"document\":" + changed + "}")
              : attack(new Route("PUT", "/v1/workflows/{id}/draft"), base + "/draft", changed));
      if (number % 9 == 0) {
        attacks.add(
            attack(new Route("POST", "/v1/workflows/{id}/publish"), base + "/publish", "{}"));
        attacks.add(
            attack(new Route("GET", "/v1/workflows/{id}/compare"), base + "/compare?from=1", ""));
        attacks.add(
            attack(
                new Route("POST", "/v1/workflows/{workflow_id}/executions"),
                base + "/executions",
                "{\"trigger\":\"api\",\"input\":{\"a\":2}}"));
      }
    }
    siege.hold("documents", attacks);
  }

  @Test
  @Order(8)
  void the_server_answers_as_before() {
    assertThat(owner.client().get("/v1/me").status()).isEqualTo(200);
    assertThat(stranger.client().get("/v1/me").status()).isEqualTo(200);
    assertThat(owner.client().get("/v1/workflows/" + workflow).status()).isEqualTo(200);
  }

  private static Attack attack(Route route, String target, String body) {
    byte[] bytes = route.writes() ? body.getBytes(StandardCharsets.UTF_8) : new byte[0];
    return new Attack(route.toString(), route.method, target, json(route), bytes);
  }

  /// As the web sends them; a draft is not looked at without.
  private static List<String> json(Route route) {
    return route.pattern.endsWith("/draft") ? List.of("If-Match: *") : List.of();
  }

  private static String cursor(String list, List<String> parts) {
    String text = list + "\u001f" + String.join("\u001f", parts);
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  /// The route's address with what there is; nothing that is there is deleted.
  private static String path(Route route) {
    StringBuilder path = new StringBuilder();
    for (String part : route.pattern.substring(1).split("/")) {
      path.append('/').append(part.startsWith("{") ? filled(route, part) : part);
    }
    return path.toString();
  }

  private static String filled(Route route, String part) {
    if (route.method.equals("DELETE")) {
      return UUID.nameUUIDFromBytes(part.getBytes(StandardCharsets.UTF_8)).toString();
    }
    return switch (part) {
      case "{token}" -> hook;
      case "{org_id}" -> owner.organizationId();
      case "{user_id}" -> owner.session().at("/user/id").asString("0");
      case "{workflow_id}" -> workflow.toString();
      case "{execution_id}" -> execution.toString();
      case "{version}" -> "1";
      case "{key}" -> "hook";
      default ->
          route.pattern.startsWith("/v1/workflows/")
              ? workflow.toString()
              : UUID.nameUUIDFromBytes(part.getBytes(StandardCharsets.UTF_8)).toString();
    };
  }

  /// The other parameters that the route cannot do without.
  private static String required(Route route, String but) {
    StringBuilder query = new StringBuilder();
    for (JsonNode parameter : described(route).path("parameters")) {
      String name = parameter.path("name").asString();
      if (parameter.path("in").asString("").equals("query")
          && parameter.path("required").asBoolean(false)
          && !name.equals(but)) {
        String format = parameter.at("/schema/format").asString("");
        query
            .append(name)
            .append('=')
            .append(format.equals("date-time") ? "2026-01-01T00:00:00Z" : "1")
            .append('&');
      }
    }
    return query.toString();
  }

  private static JsonNode described(Route route) {
    return description
        .path("paths")
        .path(route.pattern)
        .path(route.method.toLowerCase(java.util.Locale.ROOT));
  }

  private static JsonNode body(Route route) {
    return described(route)
        .path("requestBody")
        .path("content")
        .path("application/json")
        .path("schema");
  }

  private static void publish() {
    var made = owner.client().post("/v1/workflows", "{\"document\":" + DOCUMENT + "}");
    assertThat(made.status()).as(made.response().body()).isEqualTo(201);
    workflow = UUID.fromString(made.text("id"));
    var published = owner.client().post("/v1/workflows/" + workflow + "/publish", "{}");
    assertThat(published.status()).as(published.response().body()).isEqualTo(200);
    String url =
        owner.client().get("/v1/workflows/" + workflow).body().at("/webhooks/0/url").asString();
    hook = url.substring(url.indexOf("/hooks/") + "/hooks/".length());
    var started =
        owner.client().post("/v1/workflows/" + workflow + "/executions", "{\"input\":{\"a\":1}}");
    assertThat(started.status()).as(started.response().body()).isEqualTo(202);
    execution = UUID.fromString(started.body().at("/execution_ids/0").asString());
  }

  /// All there are but the stream of live updates, which does not end.
  private static List<Route> routes() {
    List<Route> all = new ArrayList<>();
    server
        .bean("requestMappingHandlerMapping", RequestMappingHandlerMapping.class)
        .getHandlerMethods()
        .forEach(
            (mapping, handler) -> {
              if (AccessRules.ours(handler)) {
                for (String pattern : mapping.getPatternValues()) {
                  mapping
                      .getMethodsCondition()
                      .getMethods()
                      .forEach(method -> all.add(new Route(method.name(), pattern)));
                }
              }
            });
    all.removeIf(route -> route.pattern.equals("/v1/live"));
    all.sort(Comparator.comparing(Route::toString));
    assertThat(all).hasSizeGreaterThan(80);
    return all;
  }
}
