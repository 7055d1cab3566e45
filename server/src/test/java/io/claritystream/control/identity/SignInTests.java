package io.claritystream.control.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.ApiClient.Answer;
import io.claritystream.TestServer;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

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
}
