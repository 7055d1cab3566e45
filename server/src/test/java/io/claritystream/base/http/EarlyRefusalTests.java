package io.claritystream.base.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.ApiClient.Answer;
import io.claritystream.TestServer;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is answered before, beside and without a route.
class EarlyRefusalTests {

  private static final String END = "Connection: close\r\n\r\n";

  private static TestServer server;
  private static ApiClient person;

  @BeforeAll
  static void begin() {
    server =
        TestServer.start(
            Map.of(
                "clarity.public-url",
                "https://clarity.example",
                "clarity.http.hosts",
                "clarity.internal:8080"));
    person = server.client().register("ada@example.com").client();
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @ParameterizedTest
  @CsvSource({
    "400, validation_failed, 'GET /%zz HTTP/1.1\r\nHost: {host}\r\n\r\n'",
    "400, validation_failed, 'GET /a|b HTTP/1.1\r\nHost: {host}\r\n\r\n'",
    "400, validation_failed, 'GET / HTTP/1.1\r\n\r\n'",
    "400, validation_failed, 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'",
    "400, validation_failed, 'GET / HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n\r\n'",
    "400, validation_failed, 'GET / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'",
    "400, validation_failed, 'GET / HTTP/1.1\r\nHost: {host}\r\nA b: c\r\n\r\n'",
    "400, validation_failed, 'G<T / HTTP/1.1\r\nHost: {host}\r\n\r\n'",
    "400, validation_failed, 'GET / HTTP/1.1 x\r\nHost: {host}\r\n\r\n'",
    "400, validation_failed, 'GET /v1//me HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n'",
    "505, not_implemented, 'GET / HTTP/7.0\r\nHost: {host}\r\n\r\n'",
    "501, not_implemented, 'POST /v1/auth/login HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: zip\r\n\r\n'",
    "413, payload_too_large, 'POST /v1/auth/login HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9999999\r\nConnection: close\r\n\r\n'",
    "415, unsupported_media_type, 'POST /v1/auth/login HTTP/1.1\r\nHost: {host}\r\nContent-Type: */*\r\nConnection: close\r\n\r\n'",
    "421, misdirected_request, 'GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'",
    "401, unauthenticated, 'GET /v1/me HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n'",
  })
  void every_refusal_is_a_problem_with_the_headers_that_keep_browsers_safe(
      int status, String code, String request) {
    String answer = RawHttp.send(server, request);

    assertThat(answer).startsWith("HTTP/1.1 " + status);
    assertThat(answer).contains("\"code\":\"" + code + "\"");
    assertSafe(answer);
  }

  @Test
  void headers_that_are_too_long_are_refused_like_anything_else() {
    String answer =
        RawHttp.send(
            server, "GET / HTTP/1.1\r\nHost: {host}\r\nX-Long: " + "x".repeat(20_000) + "\r\n\r\n");

    assertThat(answer).startsWith("HTTP/1.1 4").contains("\"code\":\"validation_failed\"");
    assertSafe(answer);
  }

  @ParameterizedTest
  @ValueSource(strings = {"TRACE /v1/me", "CONNECT {host}", "TRACE /", "CONNECT /v1/me"})
  void to_trace_and_to_connect_are_methods_that_are_not_allowed(String line) {
    String answer = RawHttp.send(server, line + " HTTP/1.1\r\nHost: {host}\r\n" + END);

    assertThat(answer).startsWith("HTTP/1.1 405").contains("\"code\":\"method_not_allowed\"");
    assertThat(header(answer, "Allow")).contains("GET").doesNotContain("TRACE");
    assertSafe(answer);
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/me, 'GET, HEAD, OPTIONS'",
    "/v1/auth/login, 'POST, OPTIONS'",
    "/.well-known/jwks.json, 'GET, HEAD, OPTIONS'",
    "/actuator/health, 'GET, HEAD, OPTIONS'",
  })
  void options_name_the_methods_that_a_route_has(String path, String methods) {
    Answer answer = server.client().send("OPTIONS", path, null);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(Set.of(answer.header("Allow").split(", ?"))).isEqualTo(Set.of(methods.split(", ")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET * HTTP/1.1\r\nHost: {host}\r\n",
        "GET /v1/me HTTP/1.1\r\nHost: {host}\r\nExpect: 200-ok\r\n",
        "GET /v1/me;a=b HTTP/1.1\r\nHost: {host}\r\n",
        "GET /v1/%2e%2e/me HTTP/1.1\r\nHost: {host}\r\n",
        "GET http://{host}/v1/me HTTP/1.1\r\nHost: {host}\r\n",
        "PRI * HTTP/2.0\r\n",
      })
  void what_is_answered_before_any_route_is_looked_for_is_safe_too(String request) {
    String answer = RawHttp.send(server, request + END);

    assertThat(answer).startsWith("HTTP/1.1 ");
    assertSafe(answer);
  }

  @Test
  void options_of_the_whole_server_are_answered_with_the_safe_headers() {
    String answer = RawHttp.send(server, "OPTIONS * HTTP/1.1\r\nHost: {host}\r\n" + END);

    assertThat(answer).startsWith("HTTP/1.1 200");
    assertThat(header(answer, "Allow")).contains("GET").doesNotContain("TRACE");
    assertSafeHeaders(answer);
  }

  @Test
  void options_of_what_does_not_exist_find_nothing() {
    assertThat(person.send("OPTIONS", "/v1/nothing", null).text("code")).isEqualTo("not_found");
    assertThat(server.client().send("OPTIONS", "/actuator/env", null).status()).isEqualTo(401);
  }

  @Test
  void the_head_of_a_stream_ends() {
    Answer head = person.send("HEAD", "/v1/live", null);

    assertThat(head.status()).isEqualTo(200);
    assertThat(head.header("Content-Type")).startsWith("text/event-stream");
    assertThat(server.client().send("HEAD", "/v1/live", null).status()).isEqualTo(401);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/actuator/health",
        "/actuator/health/readiness",
        "/actuator/prometheus",
        "/actuator/env"
      })
  void a_head_is_answered_as_the_get_is(String path) {
    assertThat(server.client().send("HEAD", path, null).status())
        .isEqualTo(server.client().get(path).status());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{host}",
        "LOCALHOST:{port}",
        "127.0.0.1:{port}",
        "clarity.example",
        "clarity.example:443",
        "Clarity.Example",
        "clarity.internal:8080",
        "localhost",
        "localhost:1",
        "127.0.0.1:1"
      })
  void the_names_it_is_reached_by_are_answered(String host) {
    assertThat(hello(host)).startsWith("HTTP/1.1 200");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example",
        "evil.example:{port}",
        "localhost.evil.example:{port}",
        "clarity.example.evil.example",
        "clarity.example:{port}",
        "clarity.internal",
        "10.1.2.3:{port}",
        "[::1]:{port}",
        "[::ffff:127.0.0.2]:{port}",
        "0.0.0.0:{port}"
      })
  void other_names_are_other_servers(String host) {
    assertThat(hello(host))
        .startsWith("HTTP/1.1 421")
        .contains("\"code\":\"misdirected_request\"")
        .contains("clarity.public-url");
  }

  @Test
  void an_address_in_the_first_line_counts_as_the_host_does() {
    assertThat(RawHttp.send(server, "GET http://evil.example/v1/auth/options HTTP/1.0\r\n" + END))
        .startsWith("HTTP/1.1 421");
  }

  @Test
  void a_probe_that_names_no_host_is_answered() {
    assertThat(RawHttp.send(server, "GET /actuator/health HTTP/1.0\r\n\r\n"))
        .startsWith("HTTP/1.1 200");
  }

  private static String hello(String host) {
    String filled = host.replace("{port}", Integer.toString(server.url().getPort()));
    return RawHttp.send(server, "GET /v1/auth/options HTTP/1.1\r\nHost: " + filled + "\r\n" + END);
  }

  private static void assertSafe(String answer) {
    assertSafeHeaders(answer);
    assertThat(header(answer, "Content-Type")).startsWith("application/problem+json");
    assertThat(answer).contains("\"instance\":\"urn:uuid:" + header(answer, "X-Request-Id"));
  }

  private static void assertSafeHeaders(String answer) {
    assertThat(header(answer, "X-Request-Id")).isNotBlank();
    assertThat(header(answer, "X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(header(answer, "Referrer-Policy")).isNotBlank();
    assertThat(header(answer, "X-Frame-Options")).isEqualTo("DENY");
    assertThat(header(answer, "Content-Security-Policy")).startsWith("default-src 'none'");
    assertThat(header(answer, "Cache-Control")).contains("no-store");
  }

  private static String header(String answer, String name) {
    return answer
        .lines()
        .takeWhile(line -> !line.isEmpty())
        .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
        .map(line -> line.substring(name.length() + 1).strip())
        .findFirst()
        .orElse("");
  }
}
