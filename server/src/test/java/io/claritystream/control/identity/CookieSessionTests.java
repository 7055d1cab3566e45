package io.claritystream.control.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.ApiClient.Answer;
import io.claritystream.TestServer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CookieSessionTests {

  private static TestServer server;
  private static Answer session;

  @BeforeAll
  static void begin() {
    server = TestServer.start();
    session = register("cookie@example.com");
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @Test
  void the_tokens_travel_in_cookies_that_no_script_can_read_and_not_in_the_body() {
    assertThat(session.body().has("access_token")).isFalse();
    assertThat(session.body().has("refresh_token")).isFalse();
    assertThat(setCookies(session))
        .anySatisfy(
            cookie ->
                assertThat(cookie)
                    .startsWith("clarity_access=ey")
                    .contains("; Path=/v1;")
                    .contains("Max-Age=600")
                    .contains("HttpOnly")
                    .contains("SameSite=Lax")
                    .doesNotContain("Secure"))
        .anySatisfy(
            cookie ->
                assertThat(cookie)
                    .startsWith("clarity_refresh=")
                    .contains("; Path=/v1/auth;")
                    .contains("Max-Age=2592000")
                    .contains("HttpOnly")
                    .contains("SameSite=Strict"));
  }

  @Test
  void cookies_are_secure_when_the_platform_is_reached_from_elsewhere() {
    try (TestServer elsewhere =
        TestServer.start(Map.of("clarity.public-url", "https://clarity.example"))) {
      Map<String, Object> body =
          ApiClient.registration("secure@example.com", "a password of some length");
      body.put("session", "cookie");

      assertThat(setCookies(elsewhere.client().post("/v1/auth/register", body)))
          .hasSize(2)
          .allSatisfy(cookie -> assertThat(cookie).contains("; Secure"));
    }
  }

  @Test
  void reading_needs_the_cookie_alone() {
    assertThat(withCookies(session).get("/v1/me").status()).isEqualTo(200);
  }

  @Test
  void changing_needs_the_header_and_the_same_origin() {
    Answer own = register("csrf@example.com");
    ApiClient cookies = withCookies(own);
    ApiClient header = cookies.with("X-Clarity-Request", "1");

    for (ApiClient wrong :
        List.of(
            cookies,
            cookies.with("Sec-Fetch-Site", "same-origin"),
            header,
            header.with("Sec-Fetch-Site", "cross-site"),
            header.with("Sec-Fetch-Site", "same-site"),
            header.with("Sec-Fetch-Site", "none"),
            header.with("Origin", "https://evil.example"),
            header.with("Origin", "null"))) {
      Answer refused = wrong.send("POST", "/v1/auth/refresh", null);
      assertThat(refused.status()).isEqualTo(403);
      assertThat(refused.text("code")).isEqualTo("csrf");
    }
    assertThat(
            header
                .with("Origin", server.url().toString())
                .send("POST", "/v1/auth/refresh", null)
                .status())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bearer x", "Basic YTpi", "Bearer", ""})
  void an_authorization_header_is_no_way_round_the_rule(String authorization) {
    Answer own = register("round-" + Math.abs(authorization.hashCode()) + "@example.com");
    ApiClient both = withCookies(own).with("Authorization", authorization);

    assertThat(both.send("POST", "/v1/auth/refresh", null).status()).isEqualTo(401);
    both.send("POST", "/v1/auth/logout", null);
    assertThat(both.get("/v1/me").status()).isEqualTo(401);
    assertThat(both.post("/v1/agents/pairing-codes", "{}").status()).isIn(401, 403);
    assertThat(withCookies(own).get("/v1/me").status()).as("the cookie's session").isEqualTo(200);
  }

  @Test
  void with_both_the_token_alone_counts() {
    Answer own = register("both@example.com");
    ApiClient.Registered other = server.client().register("other-of-both@example.com");
    ApiClient both = withCookies(own).bearer(other.accessToken());

    assertThat(both.get("/v1/me").text("user.email")).isEqualTo("other-of-both@example.com");
    assertThat(both.send("POST", "/v1/auth/logout", null).status()).isEqualTo(204);
    assertThat(other.client().get("/v1/me").status()).isEqualTo(401);
    assertThat(withCookies(own).get("/v1/me").status()).isEqualTo(200);
  }

  @Test
  void a_refresh_by_cookie_answers_in_cookies_and_its_reuse_takes_them_away() {
    Answer own = register("cookie-refresh@example.com");
    ApiClient web =
        withCookies(own).with("X-Clarity-Request", "1").with("Sec-Fetch-Site", "same-origin");

    Answer refreshed = web.send("POST", "/v1/auth/refresh", null);
    assertThat(refreshed.status()).isEqualTo(200);
    assertThat(refreshed.body().has("refresh_token")).isFalse();
    assertThat(setCookies(refreshed)).hasSize(2);

    Answer reused = web.send("POST", "/v1/auth/refresh", null);
    assertThat(reused.status()).isEqualTo(401);
    assertThat(setCookies(reused)).hasSize(2).allMatch(cookie -> cookie.contains("Max-Age=0"));
  }

  @Test
  void logout_takes_the_cookies_away() {
    Answer own = register("cookie-logout@example.com");
    Answer out =
        withCookies(own)
            .with("X-Clarity-Request", "1")
            .with("Sec-Fetch-Site", "same-origin")
            .send("POST", "/v1/auth/logout", null);

    assertThat(out.status()).isEqualTo(204);
    assertThat(setCookies(out)).hasSize(2).allMatch(cookie -> cookie.contains("Max-Age=0"));
    assertThat(withCookies(own).get("/v1/me").status()).isEqualTo(401);
  }

  @Test
  void a_worn_out_cookie_does_not_stand_in_the_way_of_signing_in() {
    Answer answer =
        server
            .client()
            .with("Cookie", "clarity_access=worn.out.token")
            .with("X-Clarity-Request", "1")
            .with("Sec-Fetch-Site", "same-origin")
            .post(
                "/v1/auth/login",
                Map.of("email", "cookie@example.com", "password", "a password of some length"));

    assertThat(answer.status()).isEqualTo(200);
  }

  private static Answer register(String email) {
    Map<String, Object> body = ApiClient.registration(email, "a password of some length");
    body.put("session", "cookie");
    return server.client().post("/v1/auth/register", body);
  }

  private static ApiClient withCookies(Answer answer) {
    String cookies =
        String.join(
            "; ",
            setCookies(answer).stream()
                .map(cookie -> cookie.substring(0, cookie.indexOf(';')))
                .toList());
    return server.client().with("Cookie", cookies);
  }

  private static List<String> setCookies(Answer answer) {
    return answer.response().headers().allValues("Set-Cookie");
  }
}
