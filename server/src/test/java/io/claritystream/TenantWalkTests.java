package io.claritystream;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient.Answer;
import io.claritystream.ApiClient.Registered;
import io.claritystream.base.http.Role;
import io.claritystream.base.http.RouteTable;
import io.claritystream.base.http.RouteTable.Route;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Every route, as everybody there is, about what is one's own, another's, or nobody's. The routes
/// come from the server's own table and what they name from [Estate], so that a route made tomorrow
/// is walked tomorrow, or says what it lacks.
class TenantWalkTests {
  private static final String ANY_ID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

  /// What is named by an id in a body, and a body that names it.
  private static final Map<String, String> NAMED_IN_BODIES =
      Map.of(
          "POST /v1/auth/switch /organization_id", "{\"organization_id\": \"%s\"}",
          "POST /v1/connections /connector_id",
              "{\"connector_id\": \"%s\", \"name\": \"Anew\", \"config\": {\"auth\": \"none\"}}",
          "POST /v1/executions/cancel /ids", "{\"ids\": [\"%s\"]}",
          "POST /v1/executions/cancel /filter/workflow_id",
              "{\"filter\": {\"workflow_id\": \"%s\"}}",
          "POST /v1/redrives /filter/workflow_id", "{\"filter\": {\"workflow_id\": \"%s\"}}");

  private static final String CALLING =
      """
      {"document": {"name": "Calls", "triggers": [{"id": "api", "type": "api"}],
        "steps": [{"id": "call", "type": "http_request",
          "config": {"method": "GET", "url": "https://erp.example.com/", "connection": "%s"}}],
        "edges": [{"from": "api", "to": "call"}]}}
      """;

  private static TestServer server;
  private static List<Route> routes;
  private static JsonNode description;
  private static Estate ours;
  private static Estate theirs;
  private static final Map<Role, ApiClient> CALLERS = new EnumMap<>(Role.class);

  @BeforeAll
  static void begin() {
    Map<String, String> settings = new LinkedHashMap<>(Estate.settings());
    settings.put("logging.level.io.claritystream", "ERROR");
    server = TestServer.start(settings);
    routes = RouteTable.closed(server);
    description =
        JsonMapper.shared().readTree(server.client().get("/v1/openapi.json").response().body());
    ours = Estate.of(server, "wrenfield");
    theirs = Estate.of(server, "quillhaven");
    for (Role role : Role.values()) {
      CALLERS.put(role, role == Role.OWNER ? ours.owner().client() : ours.join(role));
    }
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @BeforeEach
  void renew() {
    ours.renew();
  }

  @Test
  void what_a_route_takes_is_known_here() {
    List<Route> unknown =
        routes.stream()
            .filter(route -> described(route).has("requestBody") && ours.body(route) == null)
            .toList();

    assertThat(unknown).as("say what they take, in Estate").isEmpty();
  }

  @Test
  void ones_own_is_done_as_the_role_permits_and_otherwise_forbidden() {
    List<String> wrong = new ArrayList<>();
    boolean changed = false;
    int cases = 0;
    for (Route route : routes) {
      for (Role role : Role.values()) {
        if (changed) {
          ours.renew();
          changed = false;
        }
        ApiClient caller = route.ends() ? ours.join(role) : CALLERS.get(role);
        Answer answer = ours.send(caller, route, ours::id);
        cases++;
        boolean right =
            !route.does(role)
                ? answer.status() == 403 && answer.text("code").equals("forbidden")
                : route.reads()
                    ? answer.status() == 200
                    : route.toString().equals("POST /v1/invitations/accept")
                        ? answer.status() == 400
                        : Set.of(200, 201, 202, 204, 409).contains(answer.status());
        if (!right) {
          wrong.add(said(role, route, answer));
        }
        changed |= !route.reads() && answer.status() < 300;
      }
    }
    RouteTable.counted("routes, of one's own", cases, routes.size());
    assertThat(wrong).isEmpty();
  }

  @Test
  void anothers_is_as_if_it_were_not_there_and_stays_as_it_is() {
    Map<String, String> before = theirs.rows();
    ApiClient operator = operatorOfThePlatform();
    List<String> wrong = new ArrayList<>();
    int cases = 0;
    int walked = 0;
    for (Route route : routes) {
      List<String> ids = route.variables().stream().filter(Estate::isId).toList();
      walked += ids.isEmpty() ? 0 : 1;
      for (Set<String> foreign : foreign(ids)) {
        for (Role role : Role.values()) {
          cases++;
          wrong.addAll(apart(CALLERS.get(role), role, route, foreign, theirs::id));
        }
        cases++;
        wrong.addAll(apart(operator, Role.VIEWER, route, foreign, theirs::id));
        if (foreign.contains("executions/{execution_id}")) {
          cases++;
          wrong.addAll(
              apart(
                  CALLERS.get(Role.OWNER),
                  Role.OWNER,
                  route,
                  foreign,
                  variable -> theirs.id("executions/open")));
        }
      }
    }
    RouteTable.counted("routes, of another tenant", cases, walked);
    assertThat(wrong).isEmpty();
    assertThat(theirs.rows()).isEqualTo(before);
  }

  /// All of the ids another's, and each alone beside one's own.
  private static Set<Set<String>> foreign(List<String> ids) {
    return ids.isEmpty()
        ? Set.of()
        : Stream.concat(Stream.of(Set.copyOf(ids)), ids.stream().map(Set::of))
            .collect(Collectors.toSet());
  }

  /// How an answer about another's tells it from what is nobody's, or from what the role permits.
  private static List<String> apart(
      ApiClient caller,
      Role role,
      Route route,
      Set<String> foreign,
      UnaryOperator<String> anothers) {
    Answer answer =
        ours.send(
            caller,
            route,
            variable -> foreign.contains(variable) ? anothers.apply(variable) : ours.id(variable));
    Answer nobodys =
        ours.send(
            caller,
            route,
            variable ->
                foreign.contains(variable) ? UUID.randomUUID().toString() : ours.id(variable));
    boolean right =
        !route.permits(role)
            ? answer.status() == 403
            : answer.status() == 404 || answer.status() == 403 && !route.does(role);
    return right && shape(answer).equals(shape(nobodys))
        ? List.of()
        : List.of(
            said(role, route, answer)
                + " for "
                + foreign
                + ", and of nobody's "
                + nobodys.status()
                + " "
                + nobodys.response().body());
  }

  @Test
  void what_a_query_names_of_another_tenant_finds_nothing() {
    List<String> wrong = new ArrayList<>();
    int cases = 0;
    Set<Route> walked = new HashSet<>();
    for (Route route : routes) {
      for (JsonNode parameter : described(route).path("parameters")) {
        if (!parameter.path("in").asString("").equals("query")
            || !parameter.at("/schema/format").asString("").equals("uuid")) {
          continue;
        }
        String name = parameter.path("name").asString();
        String id = theirs.parameter(name);
        Answer answer = query(ours.owner(), route, name, id, ours::id);
        Answer nobodys = query(ours.owner(), route, name, UUID.randomUUID().toString(), ours::id);
        Answer own = query(theirs.owner(), route, name, id, theirs::id);
        cases++;
        walked.add(route);
        if (answer.status() != nobodys.status()
            || !theirs.traces(answer.response().body().replace(id, "")).isEmpty()
            || own.status() != 200) {
          wrong.add(name + " of " + said(Role.OWNER, route, answer) + ", its own " + own.status());
        }
      }
    }
    RouteTable.counted("ids in queries, of another tenant", cases, walked.size());
    assertThat(walked).hasSizeGreaterThan(5);
    assertThat(wrong).isEmpty();
  }

  private static Answer query(
      Registered person, Route route, String name, String id, UnaryOperator<String> values) {
    String query = Estate.query(route);
    return person
        .client()
        .get(route.path(values) + query + (query.isEmpty() ? "?" : "&") + name + "=" + id);
  }

  @Test
  void what_a_body_names_of_another_tenant_is_not_there_and_stays_as_it_is() {
    TreeSet<String> found = new TreeSet<>();
    for (Route route : routes) {
      for (JsonNode content : described(route).path("requestBody").path("content")) {
        ids(content.path("schema"), "", 0).forEach(pointer -> found.add(route + " " + pointer));
      }
    }
    assertThat(found)
        .as("what bodies name by ids: give each a body that does")
        .isEqualTo(new TreeSet<>(NAMED_IN_BODIES.keySet()));

    Map<String, String> before = theirs.rows();
    NAMED_IN_BODIES.forEach(
        (place, body) -> {
          String path = place.split(" ")[1];
          String id =
              place.endsWith("/ids")
                  ? theirs.id("executions/open")
                  : place.endsWith("/organization_id")
                      ? theirs.organization()
                      : theirs.parameter(place.substring(place.lastIndexOf('/') + 1));
          Answer answer = ours.owner().client().post(path, body.formatted(id));
          Answer nobodys = ours.owner().client().post(path, body.formatted(UUID.randomUUID()));
          assertThat(answer.status()).as(place).isEqualTo(nobodys.status());
          assertThat(theirs.traces(answer.response().body().replace(id, ""))).as(place).isEmpty();
        });
    RouteTable.counted("ids in bodies, of another tenant", found.size(), found.size());
    assertThat(theirs.rows()).isEqualTo(before);
  }

  @Test
  void a_workflow_does_not_find_the_connection_of_another_tenant() {
    String nobodys = validated(UUID.randomUUID().toString());

    assertThat(validated(theirs.id("connections/{id}"))).isEqualTo(nobodys);
    assertThat(validated(ours.id("connections/{id}"))).isNotEqualTo(nobodys);
  }

  private static String validated(String connection) {
    return shape(
        ours.owner()
            .client()
            .post(
                "/v1/workflows/" + ours.id("workflows/{id}") + "/validate",
                CALLING.formatted(connection)));
  }

  @Test
  void lists_hold_nothing_of_another_tenant() {
    List<String> telling = new ArrayList<>();
    for (Route route : routes) {
      if (!route.reads() || route.streams() || !route.variables().isEmpty()) {
        continue;
      }
      if (!theirs
          .traces(theirs.send(theirs.owner().client(), route, theirs::id), route, theirs::id)
          .isEmpty()) {
        telling.add(route.toString());
      }
      for (Role role : Role.values()) {
        Answer answer = ours.send(CALLERS.get(role), route, ours::id);
        assertThat(theirs.traces(answer, route, theirs::id)).as(role + " " + route).isEmpty();
      }
    }
    RouteTable.counted("lists", telling.size() * Role.values().length, telling.size());
    assertThat(telling)
        .contains("GET /v1/devices", "GET /v1/events", "GET /v1/executions", "GET /v1/audit")
        .hasSizeGreaterThan(15);
  }

  @Test
  void who_belongs_nowhere_is_not_signed_in_anywhere() {
    Registered nobody = server.client().register("nowhere@example.com");
    server
        .database()
        .superuser()
        .sql("DELETE FROM control.members WHERE tenant_id = CAST(:tenant AS uuid)")
        .param("tenant", nobody.organizationId())
        .update();
    for (Route route : routes) {
      Answer answer = ours.send(nobody.client(), route, ours::id);
      assertThat(answer.status()).as(route.toString()).isEqualTo(401);
    }
    RouteTable.counted("routes, of whoever belongs nowhere", routes.size(), routes.size());
  }

  /// A viewer of ours who is one of the platform's people: of tenants that says nothing.
  private static ApiClient operatorOfThePlatform() {
    ApiClient operator = ours.join(Role.VIEWER);
    int changed =
        server
            .database()
            .superuser()
            .sql(
                "UPDATE control.user_account SET platform_role = 'internal_ops' WHERE user_id = CAST(:user AS uuid)")
            .param("user", operator.get("/v1/me").text("user.id"))
            .update();
    assertThat(changed).isOne();
    return operator;
  }

  /// The places of ids in what a schema describes.
  private static List<String> ids(JsonNode schema, String at, int depth) {
    String reference = schema.path("$ref").asString("");
    if (!reference.isEmpty()) {
      return depth > 5 ? List.of() : ids(description.at(reference.substring(1)), at, depth + 1);
    }
    if (schema.path("format").asString("").equals("uuid")) {
      return List.of(at);
    }
    List<String> found = new ArrayList<>(ids(schema, at, "items", depth));
    for (String all : List.of("allOf", "anyOf", "oneOf")) {
      schema.path(all).forEach(each -> found.addAll(ids(each, at, depth + 1)));
    }
    schema
        .path("properties")
        .properties()
        .forEach(one -> found.addAll(ids(one.getValue(), at + "/" + one.getKey(), depth)));
    return found;
  }

  private static List<String> ids(JsonNode schema, String at, String within, int depth) {
    return schema.has(within) ? ids(schema.path(within), at, depth + 1) : List.of();
  }

  private static JsonNode described(Route route) {
    JsonNode found =
        description
            .path("paths")
            .path(route.pattern())
            .path(route.method().toLowerCase(Locale.ROOT));
    assertThat(found.isMissingNode()).as(route + " is not described").isFalse();
    return found;
  }

  /// What an answer says, but for ids.
  private static String shape(Answer answer) {
    return answer.status() + " " + answer.response().body().replaceAll(ANY_ID, "ID");
  }

  private static String said(Role role, Route route, Answer answer) {
    String body = answer.response().body();
    return role
        + " "
        + route
        + " is answered "
        + answer.status()
        + " "
        + body.substring(0, Math.min(body.length(), 300));
  }
}
