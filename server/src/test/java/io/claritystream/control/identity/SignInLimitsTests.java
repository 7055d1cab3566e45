package io.claritystream.control.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient.Answer;
import io.claritystream.TestServer;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SignInLimitsTests {

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
