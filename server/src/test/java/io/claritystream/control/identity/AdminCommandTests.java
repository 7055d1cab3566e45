package io.claritystream.control.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient.Registered;
import io.claritystream.TestServer;
import io.claritystream.base.crypto.EncryptionContext;
import io.claritystream.base.crypto.TenantSecrets;
import io.claritystream.base.db.TenantId;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

  @Test
  void an_organization_is_put_on_a_plan() {
    Registered person = server.client().register("large@example.com");
    String id = person.organizationId();

    assertThat(admin("plan", id, "enterprise").out()).contains("on the plan enterprise now");
    assertThat(person.client().get("/v1/organizations/" + id).text("plan")).isEqualTo("enterprise");
    assertThat(person.client().get("/v1/audit").response().body())
        .contains("organization.plan_changed");
    assertThat(admin("plan", id, "platinum").err())
        .contains("There is no plan platinum; there are starter, standard, enterprise.");
    assertThat(admin("plan", "00000000-0000-0000-0000-000000000000", "starter").err())
        .contains("There is no organization");
    assertThat(admin("plan", "x", "starter").status()).isEqualTo(1);
  }

  @Test
  void a_data_key_is_replaced_for_one_organization_or_all_and_each_is_audited() throws Exception {
    TenantId mine = TenantId.of(server.client().register("keys@example.com").organizationId());
    TenantSecrets secrets = server.bean(TenantSecrets.class);
    EncryptionContext context = new EncryptionContext("connection", "17");
    byte[] encrypted = secrets.encrypt(mine, context, new byte[] {42});

    assertThat(admin("keys", "rotate", "--organization", mine.toString()).status()).isZero();
    assertThat(admin("keys", "rotate").out()).contains("1 organizations encrypt with a new key");
    assertThat(
            admin("keys", "rotate", "--organization", "00000000-0000-0000-0000-000000000000").err())
        .contains("has no key");
    assertThat(admin("keys", "rotate", "--organization", "x").err()).contains("not the id");

    assertThat(secrets.decrypt(mine, context, encrypted)).containsExactly(42);
    assertThat(
            server
                .database()
                .superuser()
                .sql(
                    """
                    SELECT count(*) FROM control.audit_log
                    WHERE tenant_id = :tenant AND action = 'tenant_key.rotated'
                    """)
                .param("tenant", mine.value())
                .query(Long.class)
                .single())
        .isEqualTo(2);
  }

  @Test
  void keys_are_rewrapped_under_a_new_master_key_and_a_lost_one_is_told(@TempDir Path directory) {
    Path fresh = directory.resolve("fresh.key");
    String old = server.setting("clarity.crypto.master-key-file");
    Map<String, Object> both =
        Map.of(
            "clarity.crypto.master-key-file",
            fresh.toString(),
            "clarity.crypto.also-decrypt",
            "file:" + old);

    assertThat(admin(both, "keys", "rewrap").err()).contains(fresh + " is missing");
    assertThat(admin("keys", "make", fresh.toString()).status()).isZero();
    assertThat(admin("keys", "make", fresh.toString()).err()).contains("is there already");
    assertThat(
            admin(Map.of("clarity.crypto.master-key-file", fresh.toString()), "keys", "rewrap")
                .err())
        .contains("is not the one that this database's keys were encrypted with");
    assertThat(admin(both, "keys", "rewrap").out()).contains("keys were encrypted anew");
    assertThat(admin("keys").err()).contains("./clarity admin keys rewrap");

    // And back, for the tests beside this one.
    Map<String, Object> back = Map.of("clarity.crypto.also-decrypt", "file:" + fresh);
    assertThat(admin(back, "keys", "rewrap").status()).isZero();
  }

  private static Run admin(String... arguments) {
    return admin(Map.of(), arguments);
  }

  private static Run admin(Map<String, Object> more, String... arguments) {
    Map<String, Object> settings = new LinkedHashMap<>(server.database().settings());
    settings.put(
        "clarity.crypto.master-key-file", server.setting("clarity.crypto.master-key-file"));
    settings.putAll(more);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status =
        AdminCommand.run(
            List.of(arguments),
            settings,
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
