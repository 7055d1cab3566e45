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
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SignInTests {

  private static TestServer server;
  private static ApiClient client;

  @BeforeAll
  static void begin() {
    server =
        TestServer.start(
            Map.of(
                "clarity.identity.sign-ins-by-address", "1000",
                "clarity.identity.registrations-by-address", "1000"));
    client = server.client();
  }

  @AfterAll
  static void end() {
    server.close();
  }

  // Registering

  @Test
  void a_registration_makes_person_tenant_and_owner_and_signs_in() {
    Answer answer =
        client.post(
            "/v1/auth/register",
            ApiClient.registration(" Grace@Example.COM ", "a password of some length"));

    assertThat(answer.status()).isEqualTo(201);
    assertThat(answer.text("user.email")).isEqualTo("grace@example.com");
    assertThat(answer.text("organization.name")).isEqualTo("Northgate");
    assertThat(answer.text("organization.plan")).isEqualTo("standard");
    assertThat(answer.text("role")).isEqualTo("owner");
    assertThat(answer.text("token_type")).isEqualTo("Bearer");
    assertThat(answer.body().get("expires_in").asInt()).isEqualTo(600);
    assertThat(answer.header("Cache-Control")).isEqualTo("no-store");

    Answer me = client.bearer(answer.text("access_token")).get("/v1/me");
    assertThat(me.status()).isEqualTo(200);
    assertThat(me.text("user.id")).isEqualTo(answer.text("user.id"));
    assertThat(me.body().get("permissions").toString()).contains("\"dead_letters.read\"");
    assertThat(me.body().at("/organizations/0/role").asString()).isEqualTo("owner");
  }

  @Test
  void the_same_email_cannot_register_twice_however_it_is_written() {
    client.register("twice@example.com");

    Answer answer =
        client.post(
            "/v1/auth/register",
            ApiClient.registration("TWICE@example.com", "a password of some length"));

    assertThat(answer.status()).isEqualTo(409);
    assertThat(answer.text("code")).isEqualTo("email_taken");
  }

  @Test
  void of_many_registrations_of_one_email_at_once_one_succeeds_and_leaves_one_tenant()
      throws Exception {
    long before = tenants();
    List<Callable<Integer>> tries = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      tries.add(
          () ->
              client
                  .post(
                      "/v1/auth/register",
                      ApiClient.registration("race@example.com", "a password of some length"))
                  .status());
    }
    assertThat(together(tries)).containsExactlyInAnyOrder(201, 409, 409, 409, 409, 409);
    assertThat(tenants()).isEqualTo(before + 1);
  }

  static Stream<Arguments> wrongRegistrations() {
    return Stream.of(
        Arguments.of("email", "nobody"),
        Arguments.of("email", "a@b"),
        Arguments.of("email", "a b@example.com"),
        Arguments.of("email", "a@exa mple.com"),
        Arguments.of("email", "x".repeat(250) + "@example.com"),
        Arguments.of("password", "eleven char"),
        Arguments.of("password", "x".repeat(257)),
        Arguments.of("password", "password1234"),
        Arguments.of("password", "aaaabbbbaaaabbbb"),
        Arguments.of("password", "wrong.registration@example.com"),
        Arguments.of("name", " "),
        Arguments.of("name", "x".repeat(201)),
        Arguments.of("name", "two\nlines"),
        Arguments.of("name", "Ada \u202eecalevoL"),
        Arguments.of("name", "Ada\u200b"),
        Arguments.of("name", "\u2800"),
        Arguments.of("organization.name", "North\u0085gate"),
        Arguments.of("organization.name", "North\u0000gate"),
        Arguments.of("organization.name", "\u2066Northgate\u2069"),
        Arguments.of("organization.industry", "farming"),
        Arguments.of("organization.region", "moon"),
        Arguments.of("organization.name", ""));
  }

  @ParameterizedTest
  @MethodSource("wrongRegistrations")
  void a_registration_names_the_field_that_is_wrong(String field, String value) {
    Map<String, Object> body =
        ApiClient.registration("wrong.registration@example.com", "a password of some length");
    if (field.startsWith("organization.")) {
      Map<String, Object> organization = new HashMap<>();
      ((Map<?, ?>) body.get("organization"))
          .forEach((key, given) -> organization.put((String) key, given));
      organization.put(field.substring("organization.".length()), value);
      body.put("organization", organization);
    } else {
      body.put(field, value);
    }

    Answer answer = client.post("/v1/auth/register", body);

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.text("code")).isEqualTo("validation_failed");
    assertThat(answer.body().at("/errors/0/pointer").asString())
        .isEqualTo("/" + field.replace('.', '/'));
    assertThat(answer.body().get("errors").size()).isOne();
  }

  @Test
  void all_that_is_wrong_is_told_at_once() {
    Answer answer = client.post("/v1/auth/register", "{}");

    List<String> fields = new ArrayList<>();
    answer.body().get("errors").forEach(error -> fields.add(error.get("pointer").asString()));
    assertThat(fields).containsExactly("/email", "/password", "/name", "/organization");
  }

  @Test
  void the_options_name_what_a_registration_takes() {
    Answer options = client.get("/v1/auth/options");

    assertThat(options.body().get("industries").toString()).contains("food-and-beverage");
    assertThat(options.body().get("regions").toString()).contains("eu-west");
    assertThat(options.body().at("/password/min_length").asInt()).isEqualTo(12);
  }

  // Signing in

  @Test
  void the_right_password_signs_in_and_leaves_an_entry_in_the_audit_log() {
    Registered person = client.register("login@example.com");

    Answer answer = login("LOGIN@example.com ", person.password());

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.text("organization.id")).isEqualTo(person.organizationId());
    assertThat(person.client().get("/v1/audit").body().get("data").toString())
        .contains("organization.created")
        .contains("session.opened")
        .contains("login@example.com");
  }

  @Test
  void a_wrong_password_and_an_unknown_email_are_answered_alike() {
    client.register("alike@example.com");

    Answer wrong = login("alike@example.com", "not the right password");
    Answer unknown = login("nobody-at-all@example.com", "not the right password");

    assertThat(wrong.status()).isEqualTo(401);
    assertThat(wrong.text("code")).isEqualTo("invalid_credentials");
    assertThat(unknown.status()).isEqualTo(401);
    assertThat(unknown.text("code")).isEqualTo("invalid_credentials");
    assertThat(unknown.text("title")).isEqualTo(wrong.text("title"));
    assertThat(unknown.text("detail")).isEqualTo(wrong.text("detail"));
  }

  @Test
  void a_refused_sign_in_is_audited_for_a_person_and_counted_for_a_stranger() {
    Registered person = client.register("audited@example.com");
    login("audited@example.com", "not the right password");
    login("made-up-name@example.com", "not the right password");

    assertThat(refusals("audited@example.com")).isOne();
    assertThat(refusals("made-up-name@example.com")).isZero();
    assertThat(person.client().get("/v1/audit").body().get("data").toString())
        .contains("session.refused");
    assertThat(client.get("/actuator/prometheus").response().body())
        .containsPattern("clarity_sign_ins_of_strangers_total [1-9]");
  }

  private static long refusals(String name) {
    return server
        .database()
        .superuser()
        .sql(
            """
            SELECT count(*) FROM control.audit_log
            WHERE action = 'session.refused' AND actor_name = :name
            """)
        .param("name", name)
        .query(Long.class)
        .single();
  }

  // Going on with a session

  @Test
  void refresh_tokens_that_were_used_long_ago_are_not_kept() {
    Registered person = client.register("long-session@example.com");
    Answer second = refresh(person.refreshToken());
    server
        .database()
        .superuser()
        .sql(
            """
            UPDATE control.refresh_token t SET used_at = now() - interval '25 hours'
            FROM control.session s JOIN control.user_account u ON u.user_id = s.user_id
            WHERE t.session_id = s.session_id AND u.email = 'long-session@example.com'
              AND t.used_at IS NOT NULL
            """)
        .update();

    Answer third = refresh(second.text("refresh_token"));

    assertThat(third.status()).isEqualTo(200);
    long kept =
        server
            .database()
            .superuser()
            .sql(
                """
                SELECT count(*) FROM control.refresh_token t
                JOIN control.session s ON s.session_id = t.session_id
                JOIN control.user_account u ON u.user_id = s.user_id
                WHERE u.email = 'long-session@example.com'
                """)
            .query(Long.class)
            .single();
    assertThat(kept).isEqualTo(2);
  }

  @Test
  void a_refresh_token_is_good_once_and_its_reuse_ends_the_session() {
    Registered person = client.register("reuse@example.com");
    Answer second = refresh(person.refreshToken());
    assertThat(second.status()).isEqualTo(200);
    assertThat(second.text("refresh_token")).isNotEqualTo(person.refreshToken());
    assertThat(person.client().get("/v1/me").status()).isEqualTo(200);

    Answer reused = refresh(person.refreshToken());

    assertThat(reused.status()).isEqualTo(401);
    assertThat(reused.text("code")).isEqualTo("unauthenticated");
    assertThat(refresh(second.text("refresh_token")).status()).isEqualTo(401);
    assertThat(client.bearer(second.text("access_token")).get("/v1/me").status()).isEqualTo(401);
    assertThat(person.client().get("/v1/me").status()).isEqualTo(401);
    assertThat(revokedReason("reuse@example.com")).isEqualTo("reuse");
  }

  @Test
  void of_two_refreshes_with_one_token_at_once_one_succeeds() throws Exception {
    Registered person = client.register("refresh-race@example.com");
    Callable<Integer> attempt = () -> refresh(person.refreshToken()).status();

    assertThat(together(List.of(attempt, attempt, attempt)))
        .containsExactlyInAnyOrder(200, 401, 401);
  }

  @Test
  void another_session_of_the_same_person_is_untouched() {
    Registered person = client.register("two-sessions@example.com");
    Answer other = login(person.email(), person.password());
    refresh(person.refreshToken());
    refresh(person.refreshToken());

    assertThat(client.bearer(other.text("access_token")).get("/v1/me").status()).isEqualTo(200);
  }

  @Test
  void a_refresh_token_that_is_none_is_refused() {
    assertThat(refresh("made-up").text("code")).isEqualTo("unauthenticated");
    assertThat(client.post("/v1/auth/refresh", "{}").text("code")).isEqualTo("unauthenticated");
    assertThat(client.send("POST", "/v1/auth/refresh", null).status()).isEqualTo(401);
  }

  @Test
  void an_expired_refresh_token_says_so() {
    Registered person = client.register("expired@example.com");
    server
        .database()
        .superuser()
        .sql(
            """
            UPDATE control.refresh_token t SET expires_at = now() - interval '1 minute'
            FROM control.session s JOIN control.user_account u ON u.user_id = s.user_id
            WHERE t.session_id = s.session_id AND u.email = 'expired@example.com'
            """)
        .update();

    assertThat(refresh(person.refreshToken()).text("code")).isEqualTo("token_expired");
  }

  @Test
  void logout_ends_the_session_at_once_by_either_token() {
    Registered person = client.register("logout@example.com");
    assertThat(
            client.post("/v1/auth/logout", Map.of("refresh_token", person.refreshToken())).status())
        .isEqualTo(204);
    assertThat(person.client().get("/v1/me").status()).isEqualTo(401);
    assertThat(refresh(person.refreshToken()).status()).isEqualTo(401);

    Answer again = login(person.email(), person.password());
    ApiClient second = client.bearer(again.text("access_token"));
    assertThat(second.send("POST", "/v1/auth/logout", null).status()).isEqualTo(204);
    assertThat(second.get("/v1/me").status()).isEqualTo(401);
    assertThat(second.send("POST", "/v1/auth/logout", null).status()).isEqualTo(204);
  }

  // The database keeps no secret

  @Test
  void passwords_and_refresh_tokens_are_stored_as_hashes_alone() {
    Registered person = client.register("hashes@example.com");

    String hash =
        server
            .database()
            .superuser()
            .sql("SELECT password_hash FROM control.user_account WHERE email = :email")
            .param("email", person.email())
            .query(String.class)
            .single();
    assertThat(hash).startsWith("$argon2id$v=19$m=19456,t=2,p=1$");
    assertThat(PasswordHashes.OF_NOBODY).startsWith("$argon2id$v=19$m=19456,t=2,p=1$");
    assertThat(PasswordHashes.OF_NOBODY).hasSameSizeAs(hash);
    long found =
        server
            .database()
            .superuser()
            .sql("SELECT count(*) FROM control.refresh_token WHERE token_hash = :token")
            .param("token", person.refreshToken().getBytes(java.nio.charset.StandardCharsets.UTF_8))
            .query(Long.class)
            .single();
    assertThat(found).isZero();
  }

  private static Answer login(String email, String password) {
    return client.post("/v1/auth/login", Map.of("email", email, "password", password));
  }

  private static Answer refresh(String token) {
    return client.post("/v1/auth/refresh", Map.of("refresh_token", token));
  }

  private static String revokedReason(String email) {
    return server
        .database()
        .superuser()
        .sql(
            """
            SELECT s.revoked_reason FROM control.session s
            JOIN control.user_account u ON u.user_id = s.user_id WHERE u.email = :email
            """)
        .param("email", email)
        .query(String.class)
        .single();
  }

  private static long tenants() {
    return server
        .database()
        .superuser()
        .sql("SELECT count(*) FROM control.dim_tenant")
        .query(Long.class)
        .single();
  }

  private static List<Integer> together(List<Callable<Integer>> tries) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Integer> statuses = new ArrayList<>();
      for (Future<Integer> done : threads.invokeAll(tries)) {
        statuses.add(done.get());
      }
      return statuses;
    }
  }
}
