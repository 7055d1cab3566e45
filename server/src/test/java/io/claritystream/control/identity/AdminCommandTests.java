package io.claritystream.control.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient.Registered;
import io.claritystream.TestServer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The command acts beside a running server, as in production.
class AdminCommandTests {

  private record Run(int status, String out, String err) {}

  private static TestServer server;

  @BeforeAll
  static void begin() {
    server = TestServer.start();
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @Test
  void grant_makes_a_platform_person_and_ungrant_takes_it_back() {
    server.client().register("ops@example.com");

    assertThat(admin("grant", "OPS@example.com").out()).contains("is internal_ops now");
    assertThat(role("ops@example.com")).isEqualTo("internal_ops");
    assertThat(admin("grant", "ops@example.com").out()).contains("already");
    assertThat(admin("user", "list").out()).containsPattern("ops@example.com +internal_ops");
    assertThat(admin("ungrant", "ops@example.com").status()).isZero();
    assertThat(role("ops@example.com")).isEqualTo("none");
    assertThat(audited("ops@example.com")).containsExactly("person.granted", "person.ungranted");
  }

  @Test
  void a_reset_password_signs_in_and_the_old_one_and_all_sessions_do_not() {
    Registered person = server.client().register("forgetful@example.com");

    Run reset = admin("user", "reset-password", person.email());

    assertThat(reset.status()).isZero();
    assertThat(signIn(person.email(), reset.out().strip())).isEqualTo(200);
    assertThat(signIn(person.email(), person.password())).isEqualTo(401);
    assertThat(
            server
                .client()
                .post("/v1/auth/refresh", Map.of("refresh_token", person.refreshToken()))
                .status())
        .isEqualTo(401);
    assertThat(audited(person.email())).containsExactly("person.password_reset");
  }

  @Test
  void revoked_sessions_cannot_be_refreshed() {
    Registered person = server.client().register("lost-laptop@example.com");

    assertThat(admin("revoke-sessions", person.email()).out()).contains("1 sessions ended");

    assertThat(
            server
                .client()
                .post("/v1/auth/refresh", Map.of("refresh_token", person.refreshToken()))
                .status())
        .isEqualTo(401);
  }

  @Test
  void a_person_who_is_not_there_and_a_word_that_is_not_known_are_told_apart() {
    Run nobody = admin("grant", "nobody@example.com");
    assertThat(nobody.status()).isEqualTo(1);
    assertThat(nobody.err()).contains("no account nobody@example.com");

    assertThat(admin("grant").status()).isEqualTo(2);
    assertThat(admin("promote", "a@example.com").err())
        .contains("admin does not know promote; ./clarity admin --help shows all");
    assertThat(admin("grant").err())
        .contains("admin grant is given as: ./clarity admin grant EMAIL");
    assertThat(admin("help").out()).contains("admin grant EMAIL");
  }

  private static Run admin(String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status =
        AdminCommand.run(
            List.of(arguments),
            Map.copyOf(server.database().settings()),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    return new Run(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private static int signIn(String email, String password) {
    return server
        .client()
        .post("/v1/auth/login", Map.of("email", email, "password", password))
        .status();
  }

  private static String role(String email) {
    return server
        .database()
        .superuser()
        .sql(
            """
            SELECT coalesce(platform_role, 'none') FROM control.user_account WHERE email = :email
            """)
        .param("email", email)
        .query(String.class)
        .single();
  }

  private static List<String> audited(String email) {
    return server
        .database()
        .superuser()
        .sql(
            """
            SELECT action FROM control.audit_log
            WHERE detail ->> 'email' = :email AND actor_kind = 'platform' ORDER BY at
            """)
        .param("email", email)
        .query(String.class)
        .list();
  }
}
