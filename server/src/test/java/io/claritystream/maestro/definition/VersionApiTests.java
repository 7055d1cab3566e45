package io.claritystream.maestro.definition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.ApiClient;
import io.claritystream.ApiClient.Answer;
import io.claritystream.ApiClient.Registered;
import io.claritystream.TestServer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Published versions over the API, and that nobody changes one.
class VersionApiTests {
  private static final JsonMapper JSON = JsonMapper.shared();

  private static final String ONE =
      """
      {"name": "One", "triggers": [{"id": "api", "type": "api"}],
       "steps": [{"id": "a", "type": "set", "config": {"values": {"x": 1, "y": [1, 2]}}},
                 {"id": "b", "type": "set"}, {"id": "d", "type": "set"}],
       "edges": [{"from": "api", "to": "a"}, {"from": "a", "to": "b"}, {"from": "a", "to": "d"}]}
      """;

  private static final String TWO =
      """
      {"name": "Two", "settings": {"timeout_s": 60}, "triggers": [{"id": "api", "type": "api"}],
       "steps": [{"id": "c", "type": "set"}, {"id": "d", "type": "set"},
                 {"id": "a", "type": "set", "config": {"values": {"x": 2, "y": [1, 3]}}}],
       "edges": [{"from": "api", "to": "a"}, {"from": "a", "to": "c"}, {"from": "a", "to": "d"}]}
      """;

  private static TestServer server;
  private static Registered owner;
  private static Registered stranger;

  @BeforeAll
  static void begin() {
    server = TestServer.start(Map.of("clarity.identity.sign-ins-by-address", "1000"));
    owner = server.client().register("owner@example.com");
    stranger = server.client().register("stranger@example.com");
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @Test
  void what_could_not_run_is_not_published_and_says_all_that_is_wrong() {
    String id = create("{\"name\": \"Nothing\"}");

    Answer told = owner.client().post("/v1/workflows/" + id + "/validate", "");
    assertThat(told.body().at("/valid").booleanValue()).isFalse();
    assertThat(told.body().at("/flaws").findValuesAsString("pointer"))
        .containsExactly("/triggers", "/steps");
    Answer refused = owner.client().post("/v1/workflows/" + id + "/publish", "");
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.text("code")).isEqualTo("workflow_invalid");
    assertThat(refused.body().at("/errors").findValuesAsString("pointer"))
        .containsExactly("/triggers", "/steps");
    assertThat(owner.client().get("/v1/workflows/" + id + "/versions").body().at("/data"))
        .isEmpty();
  }

  @Test
  void a_document_is_checked_without_being_saved_and_flaws_of_shape_are_told_alike() {
    String id = create(ONE);
    String path = "/v1/workflows/" + id + "/validate";

    assertThat(owner.client().post(path, "").body().at("/valid").booleanValue()).isTrue();
    Answer odd = owner.client().post(path, "{\"document\": {\"name\": \"x\", \"colour\": 1}}");
    assertThat(odd.status()).isEqualTo(200);
    assertThat(odd.text("flaws.0.pointer")).isEqualTo("/colour");
    assertThat(odd.text("flaws.0.code")).isEqualTo("unknown_field");
    assertThat(owner.client().get("/v1/workflows/" + id).text("name")).isEqualTo("One");
  }

  @Test
  void versions_are_listed_read_and_paged() {
    String id = published(ONE, TWO);

    Answer list = owner.client().get("/v1/workflows/" + id + "/versions?limit=1");
    assertThat(list.body().at("/data/0/version").intValue()).isEqualTo(2);
    assertThat(list.body().at("/data/0/current").booleanValue()).isTrue();
    assertThat(list.text("data.0.note")).isEqualTo("note of 2");
    Answer rest =
        owner
            .client()
            .get("/v1/workflows/" + id + "/versions?limit=1&cursor=" + list.text("next_cursor"));
    assertThat(rest.body().at("/data/0/version").intValue()).isEqualTo(1);
    assertThat(rest.body().at("/next_cursor").isNull()).isTrue();
    Answer one = owner.client().get("/v1/workflows/" + id + "/versions/1");
    assertThat(one.text("document.name")).isEqualTo("One");
    assertThat(one.body().at("/current").booleanValue()).isFalse();
    assertThat(owner.client().get("/v1/workflows/" + id + "/versions/3").status()).isEqualTo(404);
  }

  @Test
  void a_comparison_names_what_was_added_removed_changed_and_reordered() {
    String id = published(ONE, TWO);

    Answer compared = owner.client().get("/v1/workflows/" + id + "/compare?from=1&to=2");

    List<String> differences = new ArrayList<>();
    for (JsonNode each : compared.body().at("/differences")) {
      differences.add(
          "%s %s %s %s %s %s"
              .formatted(
                  each.at("/kind").stringValue(),
                  each.at("/part").stringValue(),
                  each.at("/id").asString("-"),
                  each.at("/pointer").stringValue(),
                  each.at("/before"),
                  each.at("/after")));
    }
    assertThat(differences)
        .containsExactly(
            "changed document - /name \"One\" \"Two\"",
            "added settings - /settings/timeout_s null 60",
            "removed step b /steps/1"
                + " {\"id\":\"b\",\"type\":\"set\",\"config\":{\"values\":{}}} null",
            "added step c /steps/0 null"
                + " {\"id\":\"c\",\"type\":\"set\",\"config\":{\"values\":{}}}",
            "changed step a /steps/2/config/values/x 1 2",
            "changed step a /steps/2/config/values/y/1 2 3",
            "reordered step - /steps [\"a\",\"d\"] [\"d\",\"a\"]",
            "removed edge - /edges/1 {\"from\":\"a\",\"to\":\"b\"} null",
            "added edge - /edges/1 null {\"from\":\"a\",\"to\":\"c\"}");
    assertThat(owner.client().get("/v1/workflows/" + id + "/compare").body().at("/differences"))
        .as("the draft is what was published last")
        .isEmpty();
    assertThat(owner.client().get("/v1/workflows/" + id + "/compare?to=later").status())
        .isEqualTo(400);
  }

  @Test
  void rolling_back_publishes_what_an_earlier_version_said_and_leaves_the_draft() {
    String id = published(ONE, TWO);

    Answer back = owner.client().post("/v1/workflows/" + id + "/rollback", Map.of("version", 1));
    assertThat(back.status()).as(back.response().body()).isEqualTo(200);
    assertThat(back.body().at("/published_version").intValue()).isEqualTo(3);
    assertThat(back.text("document.name")).isEqualTo("Two");
    assertThat(back.body().at("/unpublished_changes").booleanValue()).isTrue();
    Answer third = owner.client().get("/v1/workflows/" + id + "/versions/3");
    assertThat(third.text("document.name")).isEqualTo("One");
    assertThat(third.body().at("/rolled_back_to").intValue()).isEqualTo(1);
    assertThat(
            owner.client().post("/v1/workflows/" + id + "/rollback", Map.of("version", 1)).status())
        .as("it runs already")
        .isEqualTo(409);
    assertThat(
            owner.client().post("/v1/workflows/" + id + "/rollback", Map.of("version", 9)).status())
        .isEqualTo(404);
  }

  @Test
  void an_exported_file_is_imported_as_the_same_document() {
    String id = published(ONE, TWO);

    Answer file = owner.client().get("/v1/workflows/" + id + "/export?version=1");
    assertThat(file.header("Content-Disposition"))
        .isEqualTo("attachment; filename=\"one-v1.workflow.json\"");
    Answer imported = stranger.client().post("/v1/workflows/import", file.response().body());
    assertThat(imported.status()).as(imported.response().body()).isEqualTo(201);
    assertThat(imported.body().at("/document")).isEqualTo(file.body());
    assertThat(imported.body().at("/published_version").isNull()).isTrue();
  }

  @Test
  void a_second_import_of_a_name_is_refused_unless_it_is_asked_for() {
    ApiClient fresh = server.client().register("twice@example.com").client();
    String first = fresh.post("/v1/workflows/import", ONE).text("id");

    Answer again = fresh.post("/v1/workflows/import", ONE);

    assertThat(again.status()).as(again.response().body()).isEqualTo(409);
    assertThat(again.text("code")).isEqualTo("name_taken");
    assertThat(again.text("detail")).contains(first);
    assertThat(again.text("remedy")).contains("same_name=true");
    assertThat(fresh.get("/v1/workflows").body().at("/data").size()).isOne();

    Answer second = fresh.post("/v1/workflows/import?same_name=true", ONE);
    assertThat(second.status()).as(second.response().body()).isEqualTo(201);
    assertThat(second.text("id")).isNotEqualTo(first);

    fresh.send("DELETE", "/v1/workflows/" + first, null);
    fresh.send("DELETE", "/v1/workflows/" + second.text("id"), null);
    assertThat(fresh.post("/v1/workflows/import", ONE).status()).as("deleted ones").isEqualTo(201);
  }

  @Test
  void a_duplicate_has_the_draft_and_nothing_else() {
    String id = published(ONE);

    Answer copy = owner.client().post("/v1/workflows/" + id + "/duplicate", "");
    assertThat(copy.status()).isEqualTo(201);
    assertThat(copy.text("id")).isNotEqualTo(id);
    assertThat(copy.text("name")).isEqualTo("One (copy)");
    assertThat(copy.body().at("/published_version").isNull()).isTrue();
    assertThat(
            owner
                .client()
                .post("/v1/workflows/" + id + "/duplicate", Map.of("name", "Other"))
                .text("name"))
        .isEqualTo("Other");
  }

  @Test
  void of_two_who_publish_at_once_no_version_is_lost() throws Exception {
    String id = create(ONE);
    List<Callable<Answer>> publishers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      publishers.add(() -> owner.client().post("/v1/workflows/" + id + "/publish", ""));
    }
    List<Integer> statuses = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Answer> each : threads.invokeAll(publishers)) {
        statuses.add(each.get().status());
      }
    }

    assertThat(statuses).containsOnlyOnce(200).contains(409).containsOnly(200, 409);
    assertThat(owner.client().get("/v1/workflows/" + id + "/versions").body().at("/data"))
        .hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE maestro.workflow_version SET document = '{}'",
        "UPDATE maestro.workflow_version SET note = 'x'",
        "DELETE FROM maestro.workflow_version",
        "UPDATE maestro.step SET config = '{}'",
        "DELETE FROM maestro.step",
        "UPDATE maestro.trigger SET key = 'x'",
        "DELETE FROM maestro.action",
        "UPDATE maestro.workflow SET tenant_id = tenant_id",
        "DELETE FROM maestro.workflow"
      })
  void no_role_changes_what_was_published(String statement) {
    for (String role : List.of("auth", "tenant", "service", "engine", "internal", "admin")) {
      JdbcClient sql = server.database().as(role);
      assertThatThrownBy(() -> sql.sql(statement).update())
          .as(role)
          .rootCause()
          .hasMessageContaining("permission denied");
    }
  }

  @Test
  void a_row_cannot_name_another_tenants_workflow() {
    UUID id = UUID.fromString(published(ONE));
    UUID theirs = UUID.fromString(stranger.organizationId());

    assertThatThrownBy(
            () ->
                server
                    .database()
                    .superuser()
                    .sql(
                        """
                        INSERT INTO maestro.workflow_version
                          (tenant_id, workflow_id, version, document, published_at)
                        VALUES (:tenant, :workflow, 2, '{}', now())
                        """)
                    .param("tenant", theirs)
                    .param("workflow", id)
                    .update())
        .rootCause()
        .hasMessageContaining("foreign key");
  }

  @Test
  void of_another_workspace_no_version_is_there() {
    String id = published(ONE);
    for (String path : List.of("versions", "versions/1", "compare", "export", "grants")) {
      assertThat(stranger.client().get("/v1/workflows/" + id + "/" + path).status())
          .as(path)
          .isEqualTo(404);
    }
    for (String path : List.of("validate", "duplicate")) {
      assertThat(stranger.client().post("/v1/workflows/" + id + "/" + path, "").status())
          .as(path)
          .isEqualTo(404);
    }
    assertThat(
            stranger
                .client()
                .post("/v1/workflows/" + id + "/rollback", Map.of("version", 1))
                .status())
        .isEqualTo(404);
  }

  @Test
  void the_schema_is_served_to_everybody() {
    Answer schema = server.client().get("/v1/schemas/workflow");

    assertThat(schema.status()).isEqualTo(200);
    assertThat(schema.header("Content-Type")).startsWith("application/schema+json");
    assertThat(schema.text("title")).isEqualTo("Workflow");
  }

  @Test
  void every_act_is_in_the_audit_log() {
    Registered fresh = server.client().register("audited@example.com");
    String id = fresh.client().post("/v1/workflows/import", ONE).text("id");
    String workflow = "/v1/workflows/" + id;
    fresh.client().post(workflow + "/publish", "");
    fresh.client().with("If-Match", "*").send("PUT", workflow + "/draft", TWO);
    fresh.client().post(workflow + "/publish", "");
    fresh.client().post(workflow + "/rollback", Map.of("version", 1));
    fresh.client().post(workflow + "/disable", "");
    fresh.client().post(workflow + "/disable", "");
    fresh.client().post(workflow + "/enable", "");
    String user = fresh.session().at("/user/id").stringValue();
    fresh.client().send("PUT", workflow + "/grants/" + user, "{\"access\": \"run\"}");
    fresh.client().send("DELETE", workflow + "/grants/" + user, null);
    fresh.client().send("DELETE", workflow, null);

    assertThat(fresh.client().get("/v1/audit").body().at("/data").findValuesAsString("action"))
        .filteredOn(action -> action.startsWith("workflow."))
        .containsExactly(
            "workflow.deleted",
            "workflow.grant_revoked",
            "workflow.granted",
            "workflow.enabled",
            "workflow.disabled",
            "workflow.rolled_back",
            "workflow.published",
            "workflow.published",
            "workflow.imported");
  }

  private static String create(String document) {
    Answer made = owner.client().post("/v1/workflows", "{\"document\": " + document + "}");
    assertThat(made.status()).as(made.response().body()).isEqualTo(201);
    return made.text("id");
  }

  private static String published(String... documents) {
    String id = create(documents[0]);
    for (int i = 0; i < documents.length; i++) {
      if (i > 0) {
        assertThat(
                owner
                    .client()
                    .with("If-Match", "*")
                    .send("PUT", "/v1/workflows/" + id + "/draft", documents[i])
                    .status())
            .isEqualTo(200);
      }
      Answer published =
          owner
              .client()
              .post(
                  "/v1/workflows/" + id + "/publish",
                  JSON.writeValueAsString(Map.of("note", "note of " + (i + 1))));
      assertThat(published.status()).as(published.response().body()).isEqualTo(200);
    }
    return id;
  }
}
