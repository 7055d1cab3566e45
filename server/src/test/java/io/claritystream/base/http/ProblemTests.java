package io.claritystream.base.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.ApiClient.Answer;
import io.claritystream.ApiClient.Registered;
import io.claritystream.Clarity;
import io.claritystream.TestRoutes;
import io.claritystream.TestServer;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class ProblemTests {

  private static TestServer server;
  private static Registered person;
  private static ApiClient client;

  @BeforeAll
  static void begin() {
    server = TestServer.start(Map.of(), Clarity.class, TestRoutes.class);
    person = server.client().register("ada@example.com");
    client = person.client();
  }

  @AfterAll
  static void end() {
    server.close();
  }

  static void assertProblem(Answer answer, ProblemCode code) {
    assertThat(answer.response().body()).as("body").contains("\"code\":\"" + code.code() + "\"");
    assertThat(answer.status()).isEqualTo(code.status().value());
    assertThat(answer.header("Content-Type")).startsWith("application/problem+json");
    assertThat(answer.text("type"))
        .isEqualTo("https://claritystream.example/problems/" + code.code());
    assertThat(answer.text("title")).isEqualTo(code.title());
    assertThat(answer.text("remedy")).isEqualTo(code.remedy());
    assertThat(answer.body().get("status").asInt()).isEqualTo(code.status().value());
    assertThat(answer.text("instance")).isEqualTo("urn:uuid:" + answer.header("X-Request-Id"));
    assertThat(answer.response().body()).doesNotContain("Exception").doesNotContain("\tat ");
  }

  static Stream<Arguments> bodies() {
    return Stream.of(
        Arguments.of("{\"name\":\"a\",\"count\":1,\"colour\":\"red\"}", "unknown_field", "/colour"),
        Arguments.of("{\"name\":\"a\",\"name\":\"b\",\"count\":1}", "malformed_json", ""),
        Arguments.of("{\"name\":\"a\",\"count\":1} {}", "malformed_json", ""),
        Arguments.of("{\"name\":\"a\",\"count\":1", "malformed_json", ""),
        Arguments.of("[]", "malformed_json", ""),
        Arguments.of("null", "malformed_json", ""),
        Arguments.of("", "malformed_json", ""),
        Arguments.of("{\"name\":7,\"count\":1}", "validation_failed", "/name"),
        Arguments.of("{\"name\":true,\"count\":1}", "validation_failed", "/name"),
        Arguments.of("{\"name\":\"a\",\"count\":\"1\"}", "validation_failed", "/count"),
        Arguments.of("{\"name\":\"a\",\"count\":1.5}", "validation_failed", "/count"),
        Arguments.of("{\"name\":\"a\",\"count\":null}", "validation_failed", "/count"),
        Arguments.of("{\"name\":\"a\"}", "validation_failed", "/count"),
        Arguments.of("{\"name\":\"a\",\"count\":99999999999}", "validation_failed", "/count"),
        Arguments.of(
            "{\"name\":\"a\",\"count\":1,\"tags\":[\"b\",3]}", "validation_failed", "/tags/1"),
        Arguments.of("{\"name\":\"a\",\"count\":1,\"at\":\"soon\"}", "validation_failed", "/at"),
        Arguments.of("{\"name\":\"a\",\"count\":1,\"at\":12}", "validation_failed", "/at"));
  }

  @ParameterizedTest
  @MethodSource("bodies")
  void a_body_that_is_not_exactly_as_described_is_refused(
      String body, String code, String pointer) {
    Answer answer = client.post("/v1/test/things", body);

    assertProblem(answer, ProblemCode.valueOf(code.toUpperCase(java.util.Locale.ROOT)));
    if (!pointer.isEmpty()) {
      assertThat(answer.body().at("/errors/0/pointer").asString()).isEqualTo(pointer);
    }
  }

  @Test
  void a_body_that_is_no_json_is_told_by_its_place() {
    Map.of(
            "{\"name\":\"a\",\"name\":\"b\"}",
                "The body has a key twice, before line 1, column 19.",
            "{\"name\":\"a\",\n\"count\":x", "The body is not JSON at line 2, column 9.",
            "{\"name\":\"a\",\"count\":1} {}",
                "The body has something after the value, at line 1, column 24.")
        .forEach(
            (body, detail) ->
                assertThat(client.post("/v1/test/things", body).text("detail"))
                    .as(body)
                    .isEqualTo(detail));
  }

  @Test
  void a_body_as_described_is_taken() {
    Answer answer =
        client.post(
            "/v1/test/things",
            "{\"name\":\"a\",\"count\":1,\"tags\":[\"b\"],\"at\":\"2026-01-02T03:04:05.123456Z\"}");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.text("at")).isEqualTo("2026-01-02T03:04:05.123456Z");
  }

  @Test
  void too_deep_a_body_is_malformed_and_breaks_nothing() {
    assertProblem(
        client.post("/v1/test/things", "{\"name\":".repeat(5_000)), ProblemCode.VALIDATION_FAILED);
    assertProblem(client.post("/v1/test/things", "[".repeat(5_000)), ProblemCode.MALFORMED_JSON);
  }

  @Test
  void a_fault_of_the_body_says_by_a_pointer_where_it_stands_and_nothing_else() {
    Map<String, String> pointers =
        Map.of(
            "{\"name\":7,\"count\":1}", "/name",
            "{\"name\":\"a\",\"count\":1,\"tags\":[\"b\",3]}", "/tags/1",
            "{\"name\":\"a\",\"count\":1,\"a.b/c~d\":2}", "/a.b~1c~0d",
            "{\"name\":\"/tags/1\",\"count\":1}", "/tags/1",
            "{\"name\":\"\",\"count\":1}", "");
    pointers.forEach(
        (body, pointer) ->
            assertThat(fault(client.post("/v1/test/things/x?at=1", body), "pointer"))
                .as(body)
                .isEqualTo(pointer));
    // Validation names the fields of records, which bodies spell otherwise.
    Map.of(
            "{\"delivery\":{\"lines\":[{\"unit_price\":0}]}}", "/delivery/lines/0/unit_price",
            "{\"delivery\":{\"by_name\":{\"a.bC/d\":{\"unit_price\":0}}}}",
                "/delivery/by_name/a.bC~1d/unit_price")
        .forEach(
            (body, pointer) ->
                assertThat(fault(client.post("/v1/test/order", body), "pointer"))
                    .as(body)
                    .isEqualTo(pointer));
  }

  @Test
  void a_fault_of_a_parameter_or_header_says_its_name_and_no_pointer() {
    String thing = "{\"name\":\"%s\",\"count\":1}";
    for (String name : new String[] {"id", "at", "If-Match"}) {
      assertThat(fault(client.post("/v1/test/things/x?at=1", thing.formatted(name)), "parameter"))
          .isEqualTo(name);
    }
    Map.of(
            "/v1/test/flag?flag=maybe", "flag",
            "/v1/test/flag?flaggy=1", "flaggy",
            "/v1/audit?limit=0", "limit")
        .forEach((path, name) -> assertThat(fault(client.get(path), "parameter")).isEqualTo(name));
    // A parameter that is missing beside a body is none of it.
    assertThat(fault(client.post("/v1/test/required", thing.formatted("a")), "parameter"))
        .isEqualTo("at");
    assertThat(
            fault(client.with("Idempotency-Key", "").post("/v1/organizations", "{}"), "parameter"))
        .isEqualTo("Idempotency-Key");
  }

  /// The one fault that is told, by the one member that says where it is.
  private static String fault(Answer answer, String by) {
    assertThat(answer.status()).as(answer.response().body()).isEqualTo(400);
    assertThat(answer.body().at("/errors").size()).isOne();
    assertThat(answer.body().at("/errors/0").propertyNames())
        .containsExactlyInAnyOrder("message", by);
    return answer.body().at("/errors/0/" + by).asString();
  }

  @Test
  void json_at_its_limits_is_taken_and_beyond_them_malformed() {
    Map<String, String> taken =
        Map.of(
            "depth", "{\"a\":" + "[".repeat(63) + "]".repeat(63) + "}",
            "name", "{\"" + "n".repeat(1_000) + "\":1}",
            "number", "{\"a\":" + "1".repeat(200) + "}",
            "values", "{\"a\":[0" + ",0".repeat(200_000) + "]}");
    Map<String, String> refused =
        Map.of(
            "depth", "{\"a\":" + "[".repeat(64) + "]".repeat(64) + "}",
            "name", "{\"" + "n".repeat(1_001) + "\":1}",
            "number", "{\"a\":" + "1".repeat(201) + "}",
            "values", "{\"a\":[0" + ",0".repeat(250_000) + "]}",
            "twice", "{\"a\":{\"b\":1,\"b\":2}}");
    taken.forEach(
        (what, body) ->
            assertThat(client.post("/v1/test/anything", body).status()).as(what).isEqualTo(200));
    refused.forEach(
        (what, body) ->
            assertProblem(client.post("/v1/test/anything", body), ProblemCode.MALFORMED_JSON));
  }

  @Test
  void a_body_beyond_the_limit_is_refused_with_and_without_its_length_told() {
    String large = "{\"name\":\"" + "x".repeat(1_100_000) + "\",\"count\":1}";

    assertProblem(client.post("/v1/test/things", large), ProblemCode.PAYLOAD_TOO_LARGE);
    assertThat(
            RawHttp.send(
                server,
                "POST /v1/test/things HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
                    + "Authorization: Bearer "
                    + person.accessToken()
                    + "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + Integer.toHexString(large.length())
                    + "\r\n"
                    + large
                    + "\r\n0\r\n\r\n"))
        .contains("\"code\":\"payload_too_large\"");
  }

  @Test
  void an_unknown_or_repeated_or_unreadable_parameter_is_refused() {
    // Whatever it is called, it is no place in a body.
    assertThat(fault(client.get("/v1/test/list?/email=x"), "parameter")).isEqualTo("?/email");

    String path = "/v1/test/things/" + UUID.randomUUID();

    assertThat(client.get(path + "?since=2026-01-01T00:00:00Z").status()).isEqualTo(200);
    assertProblem(client.get(path + "?sinse=2026-01-01T00:00:00Z"), ProblemCode.UNKNOWN_FIELD);
    assertProblem(client.get(path + "?since=yesterday"), ProblemCode.VALIDATION_FAILED);
    assertProblem(
        client.get(path + "?since=2026-01-01T00:00:00Z&since=2026-01-02T00:00:00Z"),
        ProblemCode.VALIDATION_FAILED);
    assertProblem(client.get("/v1/me?verbose=1"), ProblemCode.UNKNOWN_FIELD);
  }

  @Test
  void what_does_not_exist_is_not_found() {
    assertProblem(client.get("/v1/nothing"), ProblemCode.NOT_FOUND);
    assertProblem(client.get("/v1/test/things/17"), ProblemCode.NOT_FOUND);
    assertProblem(client.get("/error"), ProblemCode.NOT_FOUND);
    assertProblem(client.get("/nowhere/at/all.js"), ProblemCode.NOT_FOUND);
  }

  @Test
  void a_method_that_a_route_does_not_have_is_not_allowed_and_the_others_are_named() {
    Answer answer = client.send("DELETE", "/v1/me", null);

    assertProblem(answer, ProblemCode.METHOD_NOT_ALLOWED);
    assertThat(answer.header("Allow")).contains("GET");
  }

  @Test
  void other_forms_than_json_are_neither_given_nor_taken() {
    assertProblem(
        client.with("Accept", "application/xml").get("/v1/me"), ProblemCode.NOT_ACCEPTABLE);
    assertProblem(
        client.with("Content-Type", "text/plain").post("/v1/test/things", "{}"),
        ProblemCode.UNSUPPORTED_MEDIA_TYPE);
    assertProblem(
        client
            .with("Content-Type", "application/x-www-form-urlencoded")
            .post("/v1/test/things", "name=a"),
        ProblemCode.UNSUPPORTED_MEDIA_TYPE);
  }

  @Test
  void pages_follow_one_another_to_the_end() {
    Answer first = client.get("/v1/test/list?limit=200");
    assertThat(first.body().get("data").size()).isEqualTo(200);
    Answer second = client.get("/v1/test/list?limit=200&cursor=" + first.text("next_cursor"));

    assertThat(second.body().at("/data/0").asInt()).isEqualTo(200);
    assertThat(second.body().get("data").size()).isEqualTo(50);
    assertThat(second.body().get("next_cursor").isNull()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "%20", "dGVzdA", "b3RoZXIfMQ", "dGVzdB9hYmM", "____", "a.b.c"})
  void a_cursor_that_this_list_did_not_give_is_refused(String cursor) {
    assertProblem(client.get("/v1/test/list?cursor=" + cursor), ProblemCode.INVALID_CURSOR);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "1001", "many", "1e2", "99999999999"})
  void a_limit_out_of_bounds_is_refused(String limit) {
    assertProblem(client.get("/v1/test/list?limit=" + limit), ProblemCode.VALIDATION_FAILED);
  }

  @Test
  void a_fault_of_ours_tells_its_id_and_nothing_else() {
    Answer answer = client.get("/v1/test/broken");

    assertProblem(answer, ProblemCode.INTERNAL);
    assertThat(answer.response().body()).doesNotContain("hunter2").doesNotContain("detail");
  }

  @Test
  void a_database_that_is_gone_makes_the_service_unavailable_for_a_while() {
    Answer answer = client.get("/v1/test/down");

    assertProblem(answer, ProblemCode.UNAVAILABLE);
    assertThat(answer.header("Retry-After")).isEqualTo("2");
    assertThat(answer.response().body()).doesNotContain("db-17");
  }

  @Test
  void a_pool_without_a_free_connection_is_told_from_a_database_that_is_gone() {
    Answer busy = client.get("/v1/test/busy");
    assertProblem(busy, ProblemCode.UNAVAILABLE);
    assertThat(busy.text("detail")).contains("busy").doesNotContain("database");
    assertThat(busy.header("Retry-After")).isEqualTo("2");

    Answer away = client.get("/v1/test/away");
    assertProblem(away, ProblemCode.UNAVAILABLE);
    assertThat(away.text("detail")).contains("database cannot be reached");

    Answer lost = client.get("/v1/test/lost");
    assertProblem(lost, ProblemCode.UNAVAILABLE);
    assertThat(lost.text("detail")).contains("database cannot be reached");
  }

  @ParameterizedTest
  @ValueSource(strings = {"on", "yes", "1", "TRUE", "True", "", "off", "0", "null"})
  void a_boolean_is_true_or_false_and_nothing_like_it(String text) {
    Answer answer = client.get("/v1/test/flag?flag=" + text);
    assertProblem(answer, ProblemCode.VALIDATION_FAILED);
    assertThat(answer.body().at("/errors/0/parameter").asString()).isEqualTo("flag");
    assertThat(answer.body().at("/errors/0/message").asString()).isEqualTo("must be true or false");
    assertThat(client.get("/v1/test/flag?flag=true").response().body()).isEqualTo("true");
    assertThat(client.get("/v1/test/flag").response().body()).isEqualTo("false");
    assertThat(client.get("/v1/sources?removed=" + text).status()).isEqualTo(400);
  }

  @Test
  void without_a_token_nothing_but_the_public_routes_answers() {
    Answer answer = server.client().get("/v1/me");

    assertProblem(answer, ProblemCode.UNAUTHENTICATED);
    assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer");
    assertProblem(server.client().get("/v1/nothing"), ProblemCode.UNAUTHENTICATED);
    assertProblem(server.client().post("/elsewhere", "{}"), ProblemCode.UNAUTHENTICATED);
    assertThat(server.client().get("/v1/auth/options").status()).isEqualTo(200);
  }

  @Test
  void a_role_that_does_not_permit_is_forbidden() {
    assertThat(client.get("/v1/test/owners").status()).isEqualTo(200);
    Registered viewer = server.client().register("viewer@example.com");
    server
        .database()
        .superuser()
        .sql(
            """
            UPDATE control.members m SET role = 'viewer'
            FROM control.user_account u WHERE u.user_id = m.user_id AND u.email = :email
            """)
        .param("email", viewer.email())
        .update();

    assertProblem(viewer.client().get("/v1/test/owners"), ProblemCode.FORBIDDEN);
    assertProblem(viewer.client().get("/v1/audit"), ProblemCode.FORBIDDEN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /%zz HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "GET /a|b HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "GET /v1/%2e%2e/%2e%2e/etc HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        "GET /v1//me HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        "GET /v1/me;x=1 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        "GET /v1/me HTTP/1.1\r\n\r\n",
        "TRACE /v1/me HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        "GET /v1/auth/options?x=%ff HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        "GET /v1/openapi.json?%zz=1 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        "POST /v1/auth/login HTTP/1.1\r\nHost: {host}\r\nContent-Type: */*\r\n"
            + "Content-Length: 2\r\nConnection: close\r\n\r\n{}",
        "POST /v1/auth/login HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nZZ\r\n"
      })
  void what_tomcat_or_the_firewall_refuse_is_a_problem_too(String request) {
    String answer = RawHttp.send(server, request);

    assertThat(answer).startsWith("HTTP/1.1 4").contains("application/problem+json");
    String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
    assertThat(
            JsonMapper.shared().readTree(body.substring(body.indexOf('{'))).get("code").asString())
        .isNotBlank();
  }

  @Test
  void a_stream_goes_on_under_the_rules_of_sign_in() throws Exception {
    assertProblem(server.client().get("/v1/test/stream"), ProblemCode.UNAUTHENTICATED);
    TestRoutes.STREAMING.countDown();

    Answer answer = client.with("Accept", "text/event-stream").get("/v1/test/stream");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.response().body()).contains("event:hello").contains("event:more");
  }

  @Test
  void every_answer_carries_the_headers_that_keep_browsers_safe() {
    Answer answer = client.get("/v1/me");

    assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(answer.header("X-Frame-Options")).isEqualTo("DENY");
    assertThat(answer.header("Content-Security-Policy"))
        .contains("script-src 'self';")
        .contains("frame-ancestors 'none'");
    assertThat(answer.header("Cache-Control")).contains("no-store");
    assertThat(answer.header("X-Request-Id")).isNotBlank();
    assertThat(answer.header("Server")).isEmpty();
  }

  @Test
  void health_is_for_everybody_and_the_rest_of_the_actuator_for_nobody() {
    ApiClient anyone = server.client();

    assertThat(anyone.get("/actuator/health/readiness").status()).isEqualTo(200);
    assertThat(anyone.get("/actuator/health/readiness").response().body())
        .doesNotContain("components");
    assertThat(anyone.get("/actuator/prometheus").response().body()).contains("jvm_memory");
    assertThat(anyone.get("/actuator/env").status()).isEqualTo(401);
    assertThat(anyone.get("/actuator").status()).isEqualTo(401);
    assertProblem(client.get("/actuator/heapdump"), ProblemCode.FORBIDDEN);
  }
}
