package io.claritystream.control.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.ApiClient.Answer;
import io.claritystream.ApiClient.Registered;
import io.claritystream.TestServer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The organizations of a person, and the way from one to the other.
class OrganizationsTests {

  private static final AtomicInteger PEOPLE = new AtomicInteger();
  private static TestServer server;
  private Registered person;

  @BeforeAll
  static void begin() {
    server = TestServer.start(Map.of("clarity.identity.registrations-by-address", "1000"));
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @BeforeEach
  void register() {
    person = server.client().register("founder-" + PEOPLE.incrementAndGet() + "@example.com");
  }

  @Test
  void a_person_makes_another_organization_and_goes_on_in_it_as_its_owner() {
    Answer made =
        create(Map.of("name", "Southgate", "domain", "SouthGate.example", "plan", "starter"));

    assertThat(made.status()).isEqualTo(201);
    assertThat(made.text("plan")).isEqualTo("starter");
    assertThat(made.text("domain")).isEqualTo("southgate.example");
    assertThat(
            person.client().get("/v1/organizations").body().get("data").findValuesAsString("name"))
        .containsExactly("Northgate", "Southgate");
    String address = "/v1/organizations/" + made.text("id");
    assertThat(person.client().get(address).status()).isEqualTo(404);

    Answer switched =
        person.client().post("/v1/auth/switch", Map.of("organization_id", made.text("id")));

    assertThat(switched.text("role")).isEqualTo("owner");
    ApiClient there = server.client().bearer(switched.text("access_token"));
    assertThat(there.get(address).text("name")).isEqualTo("Southgate");
    assertThat(there.get("/v1/me").text("organization.id")).isEqualTo(made.text("id"));
    assertThat(there.get("/v1/audit").body().get("data").findValuesAsString("action"))
        .containsExactly("session.opened", "organization.created");
    // The session before has ended, and cannot be gone on with.
    assertThat(person.client().get("/v1/me").status()).isEqualTo(401);
    assertThat(
            server
                .client()
                .post("/v1/auth/refresh", Map.of("refresh_token", person.refreshToken()))
                .status())
        .isEqualTo(401);
  }

  @Test
  void an_organization_of_others_is_not_there_to_go_on_in() {
    Registered other = server.client().register("other-" + PEOPLE.get() + "@example.com");

    for (String id : List.of(other.organizationId(), UUID.randomUUID().toString())) {
      Answer answer = person.client().post("/v1/auth/switch", Map.of("organization_id", id));
      assertThat(answer.status()).isEqualTo(404);
    }
    assertThat(person.client().post("/v1/auth/switch", Map.of()).status()).isEqualTo(400);
    assertThat(person.client().get("/v1/me").status()).isEqualTo(200);
  }

  @Test
  void under_cookies_the_new_session_comes_in_cookies() {
    Map<String, Object> login =
        Map.of("email", person.email(), "password", person.password(), "session", "cookie");
    List<String> cookies =
        server.client().post("/v1/auth/login", login).response().headers().allValues("Set-Cookie");
    String access = cookies.getFirst().split(";")[0];
    String id = create(Map.of("name", "Southgate")).text("id");
    ApiClient browser =
        server
            .client()
            .with("Cookie", access)
            .with("X-Clarity-Request", "1")
            .with("Origin", server.url().toString());

    Answer switched = browser.post("/v1/auth/switch", Map.of("organization_id", id));

    assertThat(switched.status()).isEqualTo(200);
    assertThat(switched.body().has("access_token")).isFalse();
    assertThat(switched.response().headers().allValues("Set-Cookie"))
        .anyMatch(cookie -> cookie.startsWith("clarity_access="))
        .anyMatch(cookie -> cookie.startsWith("clarity_refresh="));
  }

  @Test
  void a_person_owns_twenty_at_most() {
    for (int i = 1; i < SignIn.OWNED_MAX; i++) {
      assertThat(create(Map.of("name", "Plant " + i)).status()).isEqualTo(201);
    }
    Answer refused = create(Map.of("name", "One more"));

    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.text("detail")).contains("20 organizations");
  }

  @Test
  void what_is_wrong_with_a_new_one_is_told_all_at_once() {
    Map<String, Object> body = new HashMap<>();
    body.put("name", " ");
    body.put("industry", "magic");
    body.put("domain", "not a domain");
    body.put("plan", "enterprise");
    Answer answer = person.client().post("/v1/organizations", body);

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body().get("errors").findValuesAsString("pointer"))
        .containsExactlyInAnyOrder("/name", "/industry", "/region", "/domain", "/plan");
    assertThat(answer.response().body()).contains("is one of starter, standard");
  }

  @Test
  void the_plans_are_told_with_their_limits() {
    Answer plans = person.client().get("/v1/plans");

    assertThat(plans.body().get("data").findValuesAsString("id"))
        .containsExactly("starter", "standard", "enterprise");
    assertThat(plans.body().at("/data/0/executions_at_once_max").asInt()).isEqualTo(20);
    assertThat(plans.body().at("/data/1/executions_backlog_max").asInt()).isEqualTo(100_000);
    assertThat(plans.body().at("/data/2/self_service").asBoolean()).isFalse();
    assertThat(plans.body().at("/data/0/events_per_s_max").asInt()).isEqualTo(5_000);
    assertThat(plans.body().at("/data/0/bytes_per_s_max").asInt()).isEqualTo(10_485_760);
  }

  @Test
  void a_role_that_there_is_not_is_told_with_those_that_there_are() {
    Answer refused =
        person
            .client()
            .post(
                "/v1/organizations/" + person.organizationId() + "/users",
                Map.of("email", "boss@example.com", "role", "boss"));

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.text("detail"))
        .isEqualTo("/role: must be one of owner, admin, member, operator, viewer.");
  }

  @Test
  void what_an_organization_says_of_itself_is_changed_by_its_owners_and_audited() {
    String address = "/v1/organizations/" + person.organizationId();

    Answer changed =
        person
            .client()
            .send("PATCH", address, "{\"name\": \"Eastgate\", \"domain\": \"east.example\"}");

    assertThat(changed.status()).isEqualTo(200);
    assertThat(changed.text("name")).isEqualTo("Eastgate");
    assertThat(changed.text("industry")).isEqualTo("food-and-beverage");
    assertThat(person.client().get(address).body()).isEqualTo(changed.body());
    assertThat(person.client().get("/v1/audit?action=organization.changed").response().body())
        .contains("Northgate, no domain")
        .contains("Eastgate, east.example");
    assertThat(
            person
                .client()
                .send("PATCH", address, "{\"domain\": \"\"}")
                .body()
                .get("domain")
                .isNull())
        .isTrue();
    assertThat(person.client().send("PATCH", address, "{\"region\": \"moon\"}").status())
        .isEqualTo(400);
    assertThat(person.client().send("PATCH", address, "{\"plan\": \"enterprise\"}").text("code"))
        .isEqualTo("unknown_field");
    Registered other = server.client().register("east-" + PEOPLE.get() + "@example.com");
    assertThat(other.client().send("PATCH", address, "{\"name\": \"Mine\"}").status())
        .isEqualTo(404);
  }

  @Test
  void who_changes_what_another_has_changed_since_is_told_so_if_they_said_what_they_read() {
    String address = "/v1/organizations/" + person.organizationId();
    ApiClient client = person.client();
    String read = client.get(address).header("ETag");

    Answer changed = client.with("If-Match", read).send("PATCH", address, "{\"name\": \"East\"}");
    Answer late = client.with("If-Match", read).send("PATCH", address, "{\"name\": \"West\"}");

    assertThat(changed.status()).isEqualTo(200);
    assertThat(changed.header("ETag")).isNotEmpty().isNotEqualTo(read);
    assertThat(late.status()).isEqualTo(412);
    assertThat(late.text("code")).isEqualTo("precondition_failed");
    assertThat(client.get(address).text("name")).isEqualTo("East");
    Answer same = client.with("If-None-Match", changed.header("ETag")).get(address);
    assertThat(same.status()).isEqualTo(304);
    assertThat(client.with("If-None-Match", read).get(address).status()).isEqualTo(200);
    assertThat(client.send("PATCH", address, "{\"name\": \"South\"}").status())
        .as("who does not say is held to nothing")
        .isEqualTo(200);
  }

  @Test
  void of_ten_who_read_the_same_and_change_it_at_once_one_does() throws Exception {
    String address = "/v1/organizations/" + person.organizationId();
    ApiClient reader =
        person.client().with("If-Match", person.client().get(address).header("ETag"));
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> answers = new ArrayList<>();
      for (int at = 0; at < 10; at++) {
        String body = "{\"name\": \"Name " + at + "\"}";
        answers.add(threads.submit(() -> reader.send("PATCH", address, body).status()));
      }
      List<Integer> statuses = new ArrayList<>();
      for (Future<Integer> answer : answers) {
        statuses.add(answer.get(30, TimeUnit.SECONDS));
      }
      assertThat(statuses).containsOnly(200, 412).containsOnlyOnce(200);
    }
  }

  private Answer create(Map<String, Object> fields) {
    Map<String, Object> body = new HashMap<>(fields);
    body.put("industry", "energy");
    body.put("region", "eu-north");
    return person.client().post("/v1/organizations", body);
  }
}
