package io.claritystream.maestro.definition;

import static org.assertj.core.api.Assertions.assertThat;

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
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A workflow from its first draft to its last version, over the API.
class WorkflowApiTests {
  private static final JsonMapper JSON = JsonMapper.shared();

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
  void a_workflow_begins_with_a_name_alone_and_runs_nothing() {
    Answer made = owner.client().post("/v1/workflows", Map.of("name", "Order to ERP"));

    assertThat(made.status()).as(made.response().body()).isEqualTo(201);
    assertThat(made.text("organization_id")).isEqualTo(owner.organizationId());
    assertThat(made.text("name")).isEqualTo("Order to ERP");
    assertThat(made.body().at("/enabled").booleanValue()).isFalse();
    assertThat(made.body().at("/published_version").isNull()).isTrue();
    assertThat(made.body().at("/document"))
        .isEqualTo(
            JSON.readTree("{\"name\":\"Order to ERP\",\"triggers\":[],\"steps\":[],\"edges\":[]}"));
    assertThat(owner.client().get("/v1/workflows/" + made.text("id")).body())
        .isEqualTo(made.body());
  }

  @Test
  void a_document_with_flaws_of_shape_is_refused_with_a_pointer_for_each() {
    Answer refused =
        owner
            .client()
            .post(
                "/v1/workflows",
                Map.of(
                    "document",
                    Map.of(
                        "name",
                        "x",
                        "colour",
                        "red",
                        "steps",
                        List.of(Map.of("id", "Bad Id", "type", "transform"), Map.of("id", "a")))));

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.text("code")).isEqualTo("validation_failed");
    assertThat(refused.body().at("/errors").findValuesAsString("pointer"))
        .containsExactlyInAnyOrder(
            "/document/colour",
            "/document/steps/0/id",
            "/document/steps/0/config/expression",
            "/document/steps/1/type");
    assertThat(refused.text("detail")).doesNotContain("..");
  }

  @Test
  void a_draft_is_replaced_only_by_who_read_it() {
    String id = create(Documents.webhookToHttp("Guarded"));
    Answer read = owner.client().get("/v1/workflows/" + id);
    String draft = "/v1/workflows/" + id + "/draft";
    String other = JSON.writeValueAsString(Documents.webhookToHttp("Another"));

    assertThat(owner.client().send("PUT", draft, other).status()).isEqualTo(428);
    Answer saved = owner.client().with("If-Match", read.header("ETag")).send("PUT", draft, other);
    assertThat(saved.status()).as(saved.response().body()).isEqualTo(200);
    assertThat(saved.header("ETag")).isNotEqualTo(read.header("ETag"));
    assertThat(saved.text("name")).isEqualTo("Another");
    Answer late = owner.client().with("If-Match", read.header("ETag")).send("PUT", draft, other);
    assertThat(late.status()).isEqualTo(412);
    assertThat(late.text("code")).isEqualTo("precondition_failed");
  }

  @Test
  void publishing_makes_the_next_version_and_enables_with_the_first() {
    String id = create(Documents.webhookToHttp("Numbered"));
    Answer first = publish(id);

    assertThat(first.status()).as(first.response().body()).isEqualTo(200);
    assertThat(first.body().at("/published_version").intValue()).isEqualTo(1);
    assertThat(first.body().at("/enabled").booleanValue()).isTrue();
    assertThat(publish(id).status()).as("the same draft again").isEqualTo(409);

    save(id, Documents.webhookToHttp("Numbered anew"));
    Answer disabled = owner.client().post("/v1/workflows/" + id + "/disable", "");
    assertThat(disabled.body().at("/enabled").booleanValue()).isFalse();
    Answer second = publish(id);
    assertThat(second.body().at("/published_version").intValue()).isEqualTo(2);
    assertThat(second.body().at("/enabled").booleanValue()).as("stays as it was").isFalse();

    Workflows workflows = server.bean(Workflows.class);
    UUID workflow = UUID.fromString(id);
    assertThat(workflows.published(workflow).orElseThrow().name()).isEqualTo("Numbered anew");
    assertThat(workflows.version(workflow, 1).orElseThrow().name()).isEqualTo("Numbered");
    assertThat(workflows.version(workflow, 3)).isEmpty();
  }

  @Test
  void a_webhooks_address_stays_over_versions_until_it_is_rotated() {
    String id = create(Documents.webhookToHttp("Hooked"));
    Workflows workflows = server.bean(Workflows.class);
    String first = token(publish(id));

    save(id, Documents.webhookToHttp("Hooked still"));
    assertThat(token(publish(id))).isEqualTo(first);
    WebhookTarget target = workflows.byWebhook(WebhookToken.hash(first)).orElseThrow();
    assertThat(target.workflowId()).hasToString(id);
    assertThat(target.triggerKey()).isEqualTo("hook");
    assertThat(target.version()).isEqualTo(2);
    assertThat(target.enabled()).isTrue();

    String second = token(rotate(id, 3_600));
    assertThat(second).isNotEqualTo(first);
    assertThat(workflows.byWebhook(WebhookToken.hash(first))).as("in its grace").isPresent();
    server
        .database()
        .superuser()
        .sql(
            """
            UPDATE maestro.webhook_token SET expires_at = now() - interval '1 s'
            WHERE token_hash = :hash
            """)
        .param("hash", WebhookToken.hash(first))
        .update();
    assertThat(workflows.byWebhook(WebhookToken.hash(first))).as("after its grace").isEmpty();
    String third = token(rotate(id, 0));
    assertThat(workflows.byWebhook(WebhookToken.hash(first))).isEmpty();
    assertThat(workflows.byWebhook(WebhookToken.hash(second))).isEmpty();
    assertThat(workflows.byWebhook(WebhookToken.hash(third))).isPresent();
  }

  @Test
  void a_token_is_nowhere_in_the_database_as_it_is() {
    String token = token(publish(create(Documents.webhookToHttp("Secret"))));
    String stored =
        server
            .database()
            .superuser()
            .sql("SELECT string_agg(t::text, ' ') FROM maestro.webhook_token t")
            .query(String.class)
            .single();

    assertThat(WebhookToken.possible(token)).isTrue();
    assertThat(stored).isNotBlank().doesNotContain(token.substring(4));
  }

  @Test
  void a_deleted_workflow_is_gone_from_every_address_but_its_executions_find_their_version() {
    String id = create(Documents.webhookToHttp("Short-lived"));
    String token = token(publish(id));
    Workflows workflows = server.bean(Workflows.class);

    assertThat(owner.client().send("DELETE", "/v1/workflows/" + id, null).status()).isEqualTo(204);
    assertThat(owner.client().get("/v1/workflows/" + id).status()).isEqualTo(404);
    assertThat(owner.client().send("DELETE", "/v1/workflows/" + id, null).status()).isEqualTo(404);
    assertThat(owner.client().get("/v1/workflows?name=short").body().at("/data")).isEmpty();
    assertThat(workflows.published(UUID.fromString(id))).isEmpty();
    assertThat(workflows.byWebhook(WebhookToken.hash(token))).isEmpty();
    assertThat(workflows.version(UUID.fromString(id), 1).orElseThrow().enabled()).isFalse();
  }

  @Test
  void the_list_is_paged_and_filtered() {
    Registered fresh = server.client().register("lists@example.com");
    for (String name : List.of("Alpha", "Beta", "Alphabet")) {
      fresh.client().post("/v1/workflows", Map.of("name", name));
    }

    assertThat(names(fresh, "/v1/workflows")).containsExactly("Alphabet", "Beta", "Alpha");
    assertThat(names(fresh, "/v1/workflows?name=ALPHA")).containsExactly("Alphabet", "Alpha");
    assertThat(names(fresh, "/v1/workflows?enabled=true")).isEmpty();
    Answer page = fresh.client().get("/v1/workflows?limit=2");
    assertThat(names(fresh, "/v1/workflows?limit=2&cursor=" + page.text("next_cursor")))
        .containsExactly("Alpha");
  }

  @Test
  void a_plan_permits_so_many_workflows_and_a_deleted_one_makes_room() throws Exception {
    Registered small = server.client().register("small@example.com");
    server
        .database()
        .superuser()
        .sql("UPDATE control.dim_tenant SET plan = 'starter' WHERE tenant_id = :tenant")
        .param("tenant", UUID.fromString(small.organizationId()))
        .update();
    for (int i = 0; i < 48; i++) {
      small.client().post("/v1/workflows", Map.of("name", "W" + i));
    }
    List<Callable<Answer>> more = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      more.add(() -> small.client().post("/v1/workflows", Map.of("name", "More")));
    }
    List<Answer> answers = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Answer> each : threads.invokeAll(more)) {
        answers.add(each.get());
      }
    }

    assertThat(answers.stream().filter(each -> each.status() == 201)).hasSize(2);
    assertThat(answers.stream().filter(each -> each.text("code").equals("plan_limit"))).hasSize(4);
    String id =
        answers.stream()
            .map(each -> each.text("id"))
            .filter(each -> !each.isEmpty())
            .findFirst()
            .orElseThrow();
    assertThat(small.client().send("DELETE", "/v1/workflows/" + id, null).status()).isEqualTo(204);
    assertThat(small.client().post("/v1/workflows/import", Map.of("name", "Again")).status())
        .isEqualTo(201);
  }

  @Test
  void of_another_workspace_nothing_is_there() {
    String id = create(Documents.webhookToHttp("Ours"));
    publish(id);
    ApiClient them = stranger.client();

    assertThat(them.get("/v1/workflows").body().at("/data")).isEmpty();
    assertThat(them.get("/v1/workflows/" + id).status()).isEqualTo(404);
    for (String act : List.of("publish", "enable", "disable", "triggers/hook/rotate")) {
      assertThat(them.post("/v1/workflows/" + id + "/" + act, "").status()).as(act).isEqualTo(404);
    }
    assertThat(them.send("DELETE", "/v1/workflows/" + id, null).status()).isEqualTo(404);
    assertThat(
            them.with("If-Match", "*")
                .send(
                    "PUT",
                    "/v1/workflows/" + id + "/draft",
                    JSON.writeValueAsString(Documents.webhookToHttp("Theirs")))
                .status())
        .isEqualTo(404);
  }

  static String create(Object document) {
    Answer made = owner.client().post("/v1/workflows", Map.of("document", document));
    assertThat(made.status()).as(made.response().body()).isEqualTo(201);
    return made.text("id");
  }

  private static void save(String id, Object document) {
    Answer saved =
        owner
            .client()
            .with("If-Match", "*")
            .send("PUT", "/v1/workflows/" + id + "/draft", JSON.writeValueAsString(document));
    assertThat(saved.status()).as(saved.response().body()).isEqualTo(200);
  }

  private static Answer publish(String id) {
    return owner.client().post("/v1/workflows/" + id + "/publish", Map.of("note", "because"));
  }

  private static Answer rotate(String id, int graceS) {
    Answer rotated =
        owner
            .client()
            .post("/v1/workflows/" + id + "/triggers/hook/rotate", Map.of("grace_s", graceS));
    assertThat(rotated.status()).as(rotated.response().body()).isEqualTo(200);
    return rotated;
  }

  private static String token(Answer workflow) {
    String url = workflow.text("webhooks.0.url");
    assertThat(url).contains("/hooks/whk_");
    return url.substring(url.lastIndexOf('/') + 1);
  }

  private static List<String> names(Registered person, String path) {
    return person
        .client()
        .get(path)
        .body()
        .at("/data")
        .valueStream()
        .map((JsonNode each) -> each.get("name").stringValue())
        .toList();
  }
}
