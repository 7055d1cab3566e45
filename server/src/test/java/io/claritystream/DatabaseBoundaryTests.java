package io.claritystream;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient.Answer;
import io.claritystream.base.http.Role;
import io.claritystream.base.http.RouteTable;
import io.claritystream.base.http.RouteTable.Route;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The boundary between tenants where the code's own checks are of no use: the code is made to
/// believe that the caller is an owner of the tenant whose things are asked for, so that each of
/// its checks agrees and each condition of its statements names that tenant. The database alone is
/// told the truth: wherever a transaction names a tenant, it is another one.
///
/// So nothing in the code is switched off; it is all deceived, as it would be by a caller whose
/// tenant was mistaken. A transaction that names no tenant is as it always is: what it shows or
/// changes rests on the code, and the routes of which that is so are listed here.
class DatabaseBoundaryTests {

  /// They work before a tenant is known, or for the person rather than for a tenant, as the role
  /// `clarity_auth`, whose policies hold it to its tables and to no tenant.
  private static final List<String> OF_THE_CODE_ALONE =
      List.of(
          "DELETE /v1/organizations/{org_id}/invitations/{invitation_id}",
          "DELETE /v1/organizations/{org_id}/users/me",
          "DELETE /v1/organizations/{org_id}/users/{user_id}",
          "GET /v1/me",
          "GET /v1/organizations",
          "PATCH /v1/organizations/{org_id}/users/{user_id}",
          "POST /v1/auth/switch",
          "POST /v1/organizations/{org_id}/users");

  private static TestServer server;
  private static List<Route> routes;
  private static Estate ours;
  private static Estate theirs;

  @BeforeAll
  static void begin() {
    Map<String, String> settings = new LinkedHashMap<>(Estate.settings());
    // What the database refuses is, to code that is deceived, a fault of its own.
    settings.put("logging.level.io.claritystream", "OFF");
    server = TestServer.start(settings);
    // What takes away comes last, so that all else finds what it asks for.
    routes =
        RouteTable.closed(server).stream()
            .sorted(Comparator.comparing(route -> route.method().equals("DELETE")))
            .toList();
    ours = Estate.of(server, "wrenfield");
    theirs = Estate.of(server, "quillhaven");
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @Test
  void what_the_code_takes_for_the_callers_own_the_database_does_not_give() {
    TreeSet<String> told = told();
    TreeSet<String> given = new TreeSet<>();
    List<String> wrong = new ArrayList<>();
    ApiClient owner = theirs.owner().client();
    Map<Route, ApiClient> leaving = new LinkedHashMap<>();
    routes.stream()
        .filter(Route::ends)
        .forEach(route -> leaving.put(route, theirs.join(Role.OWNER)));

    speakFor(ours.organization());
    Map<String, String> before = theirs.rows();
    int cases = 0;
    for (Route route : routes) {
      for (UnaryOperator<String> values : theirs.ways(route)) {
        Answer answer = theirs.send(leaving.getOrDefault(route, owner), route, values);
        Map<String, String> after = theirs.rows();
        List<String> traces = theirs.traces(answer, route, values);
        cases++;
        if (answer.status() == 401 || answer.status() == 403) {
          wrong.add(route + " is held by the code: " + answer.response().body());
        }
        if (!traces.isEmpty() || !after.equals(before)) {
          given.add(route.toString());
          if (!OF_THE_CODE_ALONE.contains(route.toString())) {
            Map<String, String> changed = new TreeMap<>(after);
            changed.entrySet().removeAll(before.entrySet());
            wrong.add(route + " " + answer.status() + " shows " + traces + ", changes " + changed);
          }
        }
        before = after;
      }
    }

    RouteTable.counted("routes, by the database alone", cases, routes.size());
    assertThat(wrong).isEmpty();
    assertThat(given).isEqualTo(new TreeSet<>(OF_THE_CODE_ALONE));
    assertThat(told).as("what an owner is told of such things otherwise").hasSizeGreaterThan(40);
  }

  /// The routes by which an owner is told something of the tenant, of the same kinds of things.
  private static TreeSet<String> told() {
    TreeSet<String> told = new TreeSet<>();
    for (Route route : routes) {
      if (route.reads() && !route.streams()) {
        Answer answer = ours.send(ours.owner().client(), route, ours::id);
        assertThat(answer.status()).as(route.toString()).isEqualTo(200);
        if (!ours.traces(answer, route, ours::id).isEmpty()) {
          told.add(route.toString());
        }
      }
    }
    return told;
  }

  /// From here on each transaction that names a tenant speaks for this one.
  private static void speakFor(String tenant) {
    server
        .database()
        .superuser()
        .sql(
            """
            CREATE OR REPLACE FUNCTION control.current_tenant() RETURNS uuid
              LANGUAGE sql STABLE PARALLEL SAFE
              AS $$ SELECT CASE WHEN nullif(pg_catalog.current_setting('clarity.tenant', true), '') IS NOT NULL
                THEN CAST('%s' AS uuid) END $$
            """
                .formatted(tenant))
        .update();
  }
}
