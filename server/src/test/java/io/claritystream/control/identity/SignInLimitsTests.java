package io.claritystream.control.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient.Answer;
import io.claritystream.TestServer;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SignInLimitsTests {

  private static final String LOOPBACK = "127\\.0\\.0\\.1|::1|0:0:0:0:0:0:0:1";

  @Test
  void an_address_may_try_so_often_and_is_told_how_often() {
    try (TestServer server =
        TestServer.start(Map.of("clarity.identity.sign-ins-by-address", "3"))) {
      for (int left = 2; left >= 0; left--) {
        Answer answer = login(server, "somebody" + left + "@example.com");
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.header("RateLimit-Limit")).isEqualTo("3");
        assertThat(answer.header("RateLimit-Remaining")).isEqualTo(Integer.toString(left));
      }

      Answer refused = login(server, "somebody@example.com");

      assertThat(refused.status()).isEqualTo(429);
      assertThat(refused.text("code")).isEqualTo("rate_limited");
      assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 20);
      assertThat(refused.header("RateLimit-Remaining")).isEqualTo("0");
    }
  }

  @Test
  void an_account_may_fail_so_often_whether_it_exists_or_not_and_others_go_on() {
    try (TestServer server =
        TestServer.start(Map.of("clarity.identity.sign-ins-by-account", "2"))) {
      var person = server.client().register("known@example.com");
      assertThat(right(server, person.email(), person.password())).isEqualTo(200);
      assertThat(right(server, person.email(), person.password())).isEqualTo(200);
      assertThat(right(server, person.email(), person.password())).isEqualTo(200);

      for (String email : new String[] {"known@example.com", "unknown@example.com"}) {
        assertThat(login(server, email).status()).isEqualTo(401);
        assertThat(login(server, email).status()).isEqualTo(401);
        assertThat(login(server, email).status()).isEqualTo(429);
      }
      assertThat(right(server, person.email(), person.password())).isEqualTo(429);
      assertThat(login(server, "third@example.com").status()).isEqualTo(401);
    }
  }

  @Test
  void a_person_makes_so_many_invitations_and_organizations_in_an_hour() {
    try (TestServer server =
        TestServer.start(
            Map.of(
                "clarity.identity.invitations-by-person", "1",
                "clarity.identity.organizations-by-person", "1"))) {
      var person = server.client().register("eager@example.com");
      var other = server.client().register("other@example.com");
      String users = "/v1/organizations/" + person.organizationId() + "/users";
      String others = "/v1/organizations/" + other.organizationId() + "/users";
      Map<String, Object> invitation = Map.of("email", "who@example.com", "role", "viewer");
      Map<String, Object> plant =
          Map.of("name", "Southgate", "industry", "energy", "region", "eu-north");

      assertThat(person.client().post(users, invitation).status()).isEqualTo(201);
      assertThat(person.client().post(users, invitation).status()).isEqualTo(429);
      assertThat(person.client().post("/v1/organizations", plant).status()).isEqualTo(201);
      assertThat(person.client().post("/v1/organizations", plant).status()).isEqualTo(429);
      assertThat(other.client().post(others, invitation).status()).isEqualTo(201);
      assertThat(other.client().post("/v1/organizations", plant).status()).isEqualTo(201);
    }
  }

  @Test
  void one_who_knows_an_email_cannot_keep_its_owner_out_from_elsewhere() {
    try (TestServer server =
        TestServer.start(
            Map.of(
                "clarity.identity.sign-ins-by-account",
                "2",
                "clarity.trusted-proxies",
                LOOPBACK))) {
      var person = server.client().register("known@example.com");
      var credentials = Map.of("email", person.email(), "password", person.password());
      var wrong = Map.of("email", person.email(), "password", "not the right password");
      var stranger = server.client().with("X-Forwarded-For", "203.0.113.7");
      for (int i = 0; i < 20; i++) {
        stranger.post("/v1/auth/login", wrong);
      }
      assertThat(stranger.post("/v1/auth/login", credentials).status()).isEqualTo(429);

      var owner = server.client().with("X-Forwarded-For", "198.51.100.4");
      assertThat(owner.post("/v1/auth/login", credentials).status()).isEqualTo(200);
    }
  }

  @Test
  void whom_a_stranger_claims_to_speak_for_counts_for_nothing() {
    try (TestServer server =
        TestServer.start(Map.of("clarity.identity.sign-ins-by-address", "3"))) {
      int status = 0;
      for (int i = 0; i < 4; i++) {
        status =
            server
                .client()
                .with("X-Forwarded-For", "203.0.113." + i)
                .post(
                    "/v1/auth/login",
                    Map.of("email", "a" + i + "@example.com", "password", "not the right one"))
                .status();
      }
      assertThat(status).isEqualTo(429);
    }
  }

  private static int right(TestServer server, String email, String password) {
    return server
        .client()
        .post("/v1/auth/login", Map.of("email", email, "password", password))
        .status();
  }

  private static Answer login(TestServer server, String email) {
    return server
        .client()
        .post("/v1/auth/login", Map.of("email", email, "password", "not the right password"));
  }
}
