package io.claritystream;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.maestro.engine.ExecutionStatus;
import io.claritystream.stream.deadletter.Cause;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;

/// Holds `docs/api/openapi.json` to the controllers. To write it anew after a change of the API:
///
/// ```
/// mvn -pl server -am test -Dskip.web -Dtest=OpenApiTests -Dclarity.openapi.write \
///   -Dsurefire.failIfNoSpecifiedTests=false
/// ```
class OpenApiTests {

  private static final Path COMMITTED = Path.of("../docs/api/openapi.json");
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(JsonNodeFeature.WRITE_PROPERTIES_SORTED)
          .build();

  private static TestServer server;

  @BeforeAll
  static void begin() {
    server =
        TestServer.start(
            Map.of(
                "springdoc.api-docs.enabled", "true",
                "springdoc.api-docs.version", "openapi_3_1",
                "springdoc.default-produces-media-type", "application/json",
                "springdoc.packages-to-scan", "io.claritystream"),
            Clarity.class,
            OpenApiSettings.class);
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @Test
  void the_committed_description_is_what_the_controllers_say() throws IOException {
    String generated = JSON.writeValueAsString(generated()) + "\n";
    if (System.getProperty("clarity.openapi.write") != null) {
      Files.createDirectories(COMMITTED.getParent());
      Files.writeString(COMMITTED, generated);
    }

    assertThat(Files.exists(COMMITTED)).as("docs/api/openapi.json exists").isTrue();
    assertThat(Files.readString(COMMITTED))
        .as("docs/api/openapi.json; -Dclarity.openapi.write writes it anew")
        .isEqualTo(generated);
  }

  @Test
  void every_operation_has_a_name_of_its_own_and_says_what_can_go_wrong() {
    TreeSet<String> names = new TreeSet<>();
    generated()
        .get("paths")
        .forEachEntry(
            (path, item) ->
                item.forEachEntry(
                    (method, operation) -> {
                      String name = operation.at("/operationId").asString("");
                      assertThat(name).as(method + " " + path).matches("[a-z][A-Za-z]+");
                      assertThat(names.add(name)).as(name + " is unique").isTrue();
                      assertThat(operation.at("/summary").asString("")).as(name).isNotBlank();
                      assertThat(operation.at("/responses/default").isMissingNode())
                          .as(name)
                          .isFalse();
                    }));
    assertThat(names).contains("register", "login", "me", "listAudit");
  }

  @Test
  void what_takes_no_key_and_who_may_run_and_what_a_webhook_answers_is_as_it_is_told() {
    JsonNode paths = generated().get("paths");
    for (String path : new String[] {"/v1/auth/switch", "/v1/expressions/preview"}) {
      assertThat(at(paths, path).toString()).as(path).doesNotContain("Idempotency-Key");
    }
    assertThat(at(paths, "/v1/organizations").toString()).contains("Idempotency-Key");
    assertThat(
            at(paths, "/v1/executions/{execution_id}/cancel")
                .at("/responses/403/description")
                .asString())
        .isEqualTo(
            "Needs the permission executions.read, and executions.write or a grant of the workflow"
                + " for running.");
    JsonNode webhook = at(paths, "/hooks/{token}").get("responses");
    assertThat(webhook.at("/202/content/application~1json/schema/$ref").asString())
        .endsWith("/CalledWebhook");
    assertThat(webhook.propertyNames()).contains("404", "409", "413", "429", "502", "504");
    assertThat(webhook.propertyNames()).doesNotContain("200");
  }

  @Test
  void a_filter_that_takes_few_words_names_them() {
    Map.of(
            "listExecutions status", words(ExecutionStatus.values(), ExecutionStatus::key),
            "listExecutionsOfWorkflow status",
                words(ExecutionStatus.values(), ExecutionStatus::key),
            "listExecutions trigger_type", List.of("webhook", "api", "retry"),
            "listDeadLetters cause", words(Cause.values(), Cause::key),
            "listDeadLetterGroups cause", words(Cause.values(), Cause::key))
        .forEach(
            (filter, words) -> {
              String[] names = filter.split(" ");
              JsonNode parameter =
                  operation(names[0])
                      .at("/parameters")
                      .valueStream()
                      .filter(one -> one.at("/name").asString().equals(names[1]))
                      .findFirst()
                      .orElseThrow();
              assertThat(parameter.at("/schema/enum").valueStream().map(JsonNode::asString))
                  .as(filter)
                  .containsExactlyElementsOf(words);
            });
    for (String property :
        new String[] {
          "Execution/properties/trigger_type",
          "Execution/properties/waiting_for",
          "ExecutionLogEntry/properties/kind",
          "ExecutionLogEntry/properties/level",
          "DeadLetterGroup/properties/cause",
          "Redrive/properties/state",
          "RedriveFilter/properties/trigger_type"
        }) {
      assertThat(generated().at("/components/schemas/" + property + "/enum").isArray())
          .as(property)
          .isTrue();
    }
  }

  private static <T> List<String> words(T[] values, Function<T, String> key) {
    return Arrays.stream(values).map(key).toList();
  }

  @Test
  void what_may_be_refused_for_the_state_of_things_says_so() {
    for (JsonNode operation : operations()) {
      String name = operation.at("/operationId").asString();
      Collection<String> answers = operation.at("/responses").propertyNames();
      String headers = operation.at("/parameters").toString();
      if (headers.contains("\"If-Match\"")) {
        assertThat(answers).as(name).contains("412");
      }
      if (headers.contains("\"Idempotency-Key\"")) {
        assertThat(answers).as(name).contains("409");
      }
      assertThat(answers.contains("428")).as(name).isEqualTo(name.equals("saveWorkflowDraft"));
    }
    for (String name :
        new String[] {
          "changeConnection",
          "deleteConnection",
          "deleteConnector",
          "changeMember",
          "removeMember",
          "leaveOrganization",
          "changeSource",
          "changeSourceTable",
          "login",
          "register"
        }) {
      assertThat(operation(name).at("/responses").propertyNames()).as(name).contains("409");
    }
  }

  private static JsonNode operation(String name) {
    return operations().stream()
        .filter(one -> one.at("/operationId").asString().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static List<JsonNode> operations() {
    return generated().get("paths").valueStream().flatMap(JsonNode::valueStream).toList();
  }

  @Test
  void what_a_retry_is_given_instead_of_outputs_is_an_object_by_step() {
    JsonNode outputs = generated().at("/components/schemas/RetryExecution/properties/outputs");

    assertThat(outputs.at("/type").asString()).isEqualTo("object");
    assertThat(outputs.at("/additionalProperties").isMissingNode()).isFalse();
  }

  private static JsonNode at(JsonNode paths, String path) {
    return paths.get(path).get("post");
  }

  /// Two records of one name would be described as one that has nothing.
  @Test
  void every_object_says_what_is_in_it() {
    TreeSet<String> empty = new TreeSet<>();
    generated()
        .at("/components/schemas")
        .forEachEntry(
            (name, schema) -> {
              if (schema.at("/type").asString("").equals("object")
                  && schema.at("/properties").isEmpty()) {
                empty.add(name);
              }
            });

    assertThat(empty).isEmpty();
  }

  private static JsonNode generated() {
    return server.client().get("/v3/api-docs").body();
  }
}
