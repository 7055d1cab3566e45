package io.claritystream.maestro.definition;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.ApiClient.Answer;
import io.claritystream.ApiClient.Registered;
import io.claritystream.TestServer;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a role permits with workflows, and what a grant of one workflow adds to it.
class GrantApiTests {
  private static TestServer server;
  private static Registered owner;
  private static Registered colleague;
  private static String colleagueId;
  private String workflow;

  @BeforeAll
  static void begin() {
    server = TestServer.start(Map.of("clarity.identity.sign-ins-by-address", "1000"));
    owner = server.client().register("owner@example.com");
    colleague = server.client().register("colleague@example.com");
    colleagueId = colleague.session().at("/user/id").stringValue();
    // Into the owner's workspace, in place of the own one.
    server
        .database()
        .superuser()
        .sql("UPDATE control.members SET tenant_id = :tenant WHERE user_id = :user")
        .param("tenant", UUID.fromString(owner.organizationId()))
        .param("user", UUID.fromString(colleagueId))
        .update();
    server
        .database()
        .superuser()
        .sql("UPDATE control.session SET tenant_id = :tenant WHERE user_id = :user")
        .param("tenant", UUID.fromString(owner.organizationId()))
        .param("user", UUID.fromString(colleagueId))
        .update();
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @BeforeEach
  void workflow() {
    workflow =
        "/v1/workflows/"
            + owner
                .client()
                .post("/v1/workflows", Map.of("document", Documents.webhookToHttp("Shared")))
                .text("id");
  }

  @ParameterizedTest
  @CsvSource({
    "owner,    true,  true",
    "admin,    true,  true",
    "member,   true,  true",
    "operator, true,  false",
    "viewer,   false, false"
  })
  void a_role_permits_what_the_matrix_says(String role, boolean run, boolean edit) {
    owner.client().post(workflow + "/publish", "");
    Answer seen = as(role).get(workflow);

    assertThat(seen.body().at("/may_run").booleanValue()).isEqualTo(run);
    assertThat(seen.body().at("/may_edit").booleanValue()).isEqualTo(edit);
    assertThat(as(role).post(workflow + "/disable", "").status()).isEqualTo(edit ? 200 : 403);
    assertThat(as(role).get(workflow).body().at("/webhooks"))
        .as("whoever knows the address may call it")
        .hasSize(edit ? 1 : 0);
  }

  @Test
  void a_viewer_to_whom_one_workflow_is_granted_for_editing_edits_that_one_alone() {
    String other =
        "/v1/workflows/"
            + owner
                .client()
                .post("/v1/workflows", Map.of("document", Documents.webhookToHttp("Other")))
                .text("id");
    ApiClient viewer = as("viewer");
    assertThat(viewer.post(workflow + "/publish", "").status()).isEqualTo(403);

    Answer granted = grant("edit");

    assertThat(granted.status()).as(granted.response().body()).isEqualTo(200);
    assertThat(granted.text("email")).isEqualTo("colleague@example.com");
    assertThat(viewer.get(workflow).body().at("/may_edit").booleanValue()).isTrue();
    assertThat(viewer.get(workflow).body().at("/may_run").booleanValue()).isTrue();
    assertThat(viewer.post(workflow + "/publish", "").status()).isEqualTo(200);
    assertThat(viewer.post(other + "/publish", "").status()).isEqualTo(403);
    assertThat(
            viewer
                .send("PUT", workflow + "/grants/" + colleagueId, "{\"access\":\"edit\"}")
                .status())
        .as("it cannot be passed on")
        .isEqualTo(403);
  }

  @Test
  void a_grant_to_run_permits_no_editing_and_can_be_replaced_and_revoked() {
    ApiClient viewer = as("viewer");
    grant("run");
    assertThat(viewer.get(workflow).body().at("/may_run").booleanValue()).isTrue();
    assertThat(viewer.post(workflow + "/publish", "").status()).isEqualTo(403);

    grant("edit");
    assertThat(owner.client().get(workflow + "/grants").body().at("/data")).hasSize(1);
    assertThat(viewer.post(workflow + "/publish", "").status()).isEqualTo(200);

    String grant = workflow + "/grants/" + colleagueId;
    assertThat(owner.client().send("DELETE", grant, null).status()).isEqualTo(204);
    assertThat(owner.client().send("DELETE", grant, null).status()).isEqualTo(404);
    assertThat(viewer.get(workflow).body().at("/may_run").booleanValue()).isFalse();
    assertThat(viewer.post(workflow + "/disable", "").status()).isEqualTo(403);
  }

  @Test
  void nobody_outside_of_the_workspace_is_granted_anything() {
    Registered stranger = server.client().register("stranger@example.com");
    String theirs = stranger.session().at("/user/id").stringValue();

    assertThat(
            owner
                .client()
                .send("PUT", workflow + "/grants/" + theirs, "{\"access\": \"run\"}")
                .status())
        .isEqualTo(404);
    assertThat(
            owner
                .client()
                .send("PUT", workflow + "/grants/" + colleagueId, "{\"access\": \"own\"}")
                .status())
        .isEqualTo(400);
  }

  @Test
  void a_grant_ends_with_the_membership() {
    Registered leaving = server.client().register("leaving@example.com");
    UUID user = UUID.fromString(leaving.session().at("/user/id").stringValue());
    UUID tenant = UUID.fromString(owner.organizationId());
    server
        .database()
        .superuser()
        .sql(
            """
            INSERT INTO control.members (tenant_id, user_id, role, created_at)
            VALUES (:tenant, :user, 'viewer', now())
            """)
        .param("tenant", tenant)
        .param("user", user)
        .update();
    String grant = workflow + "/grants/" + user;
    assertThat(owner.client().send("PUT", grant, "{\"access\": \"edit\"}").status()).isEqualTo(200);

    String member = "/v1/organizations/" + tenant + "/users/" + user;
    assertThat(owner.client().send("DELETE", member, null).status()).isEqualTo(204);

    assertThat(owner.client().get(workflow + "/grants").body().at("/data")).isEmpty();
  }

  @Test
  void who_may_not_look_at_connections_publishes_none_that_the_workflow_did_not_use() {
    String connector =
        owner
            .client()
            .post(
                "/v1/connectors",
                Map.of(
                    "name",
                    "ERP",
                    "type",
                    "http",
                    "config",
                    Map.of("base_url", "https://erp.example")))
            .text("id");
    String used = connection(connector, "Used");
    String other = connection(connector, "Other");
    draft(owner.client(), "/orders", used);
    assertThat(owner.client().post(workflow + "/publish", "").status()).isEqualTo(200);
    grant("edit");
    ApiClient viewer = as("viewer");

    draft(viewer, "/orders", other);
    Answer refused = viewer.post(workflow + "/publish", "");
    assertThat(refused.status()).as(refused.response().body()).isEqualTo(403);
    assertThat(refused.text("detail")).contains("connections.read").contains("viewer");

    draft(viewer, "/orders/open", used);
    assertThat(viewer.post(workflow + "/publish", "").status()).isEqualTo(200);
    draft(owner.client(), "/orders", other);
    assertThat(owner.client().post(workflow + "/publish", "").status()).isEqualTo(200);
    Answer back = viewer.post(workflow + "/rollback", Map.of("version", 1));
    assertThat(back.status()).as(back.response().body()).isEqualTo(403);
  }

  private static String connection(String connector, String name) {
    return owner
        .client()
        .post(
            "/v1/connections",
            Map.of("connector_id", connector, "name", name, "config", Map.of("auth", "none")))
        .text("id");
  }

  private void draft(ApiClient client, String url, String connection) {
    Answer saved =
        client
            .with("If-Match", "*")
            .send(
                "PUT",
                workflow + "/draft",
                """
            {"name": "Shared", "triggers": [{"id": "api", "type": "api"}],
             "steps": [{"id": "call", "type": "http_request",
                        "config": {"method": "GET", "url": "%s", "connection": "%s"}}],
             "edges": [{"from": "api", "to": "call"}]}
            """
                    .formatted(url, connection));
    assertThat(saved.status()).as(saved.response().body()).isEqualTo(200);
  }

  private Answer grant(String access) {
    return owner
        .client()
        .send("PUT", workflow + "/grants/" + colleagueId, "{\"access\": \"" + access + "\"}");
  }

  private static ApiClient as(String role) {
    server
        .database()
        .superuser()
        .sql("UPDATE control.members SET role = :role WHERE user_id = :user")
        .param("role", role)
        .param("user", UUID.fromString(colleagueId))
        .update();
    Answer session =
        server
            .client()
            .post(
                "/v1/auth/login",
                Map.of("email", colleague.email(), "password", colleague.password()));
    return server.client().bearer(session.text("access_token"));
  }
}
