package io.claritystream.control.workspace;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient.Answer;
import io.claritystream.ApiClient.Registered;
import io.claritystream.TestServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Two tenants side by side: neither sees that the other is there.
class TwoTenantsTests {

  private static TestServer server;
  private static Registered ours;
  private static Registered theirs;

  @BeforeAll
  static void begin() {
    server = TestServer.start();
    ours = server.client().register("ours@example.com");
    theirs = server.client().register("theirs@example.com");
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @Test
  void the_list_of_organizations_holds_ones_own() {
    Answer list = ours.client().get("/v1/organizations");

    assertThat(list.body().get("data").size()).isOne();
    assertThat(list.body().at("/data/0/id").asString()).isEqualTo(ours.organizationId());
    assertThat(list.body().at("/data/0/industry").asString()).isEqualTo("food-and-beverage");
  }

  @Test
  void an_organization_is_there_for_its_own_people_and_not_for_others() {
    assertThat(ours.client().get("/v1/organizations/" + ours.organizationId()).status())
        .isEqualTo(200);
    assertThat(ours.client().get("/v1/organizations/" + theirs.organizationId()).status())
        .isEqualTo(404);
    assertThat(
            ours.client().get("/v1/organizations/" + theirs.organizationId() + "/users").status())
        .isEqualTo(404);
  }

  @Test
  void the_members_are_ones_own() {
    Answer members = ours.client().get("/v1/organizations/" + ours.organizationId() + "/users");

    assertThat(members.body().get("data").size()).isOne();
    assertThat(members.body().at("/data/0/email").asString()).isEqualTo("ours@example.com");
    assertThat(members.body().at("/data/0/role").asString()).isEqualTo("owner");
    assertThat(members.response().body()).doesNotContain("argon2");
  }

  @Test
  void the_audit_log_is_ones_own_and_comes_in_pages_newest_first() {
    for (int i = 0; i < 3; i++) {
      server
          .client()
          .post(
              "/v1/auth/login",
              java.util.Map.of("email", ours.email(), "password", ours.password()));
    }
    Answer first = ours.client().get("/v1/audit?limit=2");
    Answer second = ours.client().get("/v1/audit?limit=2&cursor=" + first.text("next_cursor"));

    assertThat(first.body().at("/data/0/action").asString()).isEqualTo("session.opened");
    assertThat(second.body().at("/data/1/action").asString()).isEqualTo("organization.created");
    assertThat(second.body().get("next_cursor").isNull()).isTrue();
    assertThat(first.response().body() + second.response().body())
        .contains("ours@example.com")
        .doesNotContain("theirs@example.com");
    assertThat(ours.client().get("/v1/audit?action=organization.created").body().get("data").size())
        .isOne();
  }
}
