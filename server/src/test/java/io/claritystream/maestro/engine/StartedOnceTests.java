package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient.Answer;
import io.claritystream.base.db.TenantId;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// A request to start executions that is tried again under its Idempotency-Key, after the process
/// died that had the first.
class StartedOnceTests {
  private static EngineRig rig;

  private final String key = "key-" + UUID.randomUUID();

  @BeforeAll
  static void begin() {
    rig = EngineRig.start(Map.of());
  }

  @AfterAll
  static void end() {
    rig.close();
  }

  @Test
  void executions_that_have_ended_before_the_answer_was_kept_are_not_started_again() {
    var workflow = sum();
    var first = start(workflow, 3);
    var ids = ids(first);
    ids.forEach(rig::ended);

    forgetTheAnswer();
    var again = start(workflow, 3);

    assertThat(again.status()).isEqualTo(202);
    assertThat(again.header("Idempotent-Replayed")).isEmpty();
    assertThat(ids(again)).isEqualTo(ids);
    assertThat(executions(workflow)).isEqualTo(3);
    assertThat(start(workflow, 3).header("Idempotent-Replayed")).isEqualTo("true");
  }

  @Test
  void a_versions_document_is_read_once_and_that_it_was_disabled_seen_at_once() {
    var workflow = sum();
    var address = "/v1/workflows/" + workflow.id();
    var client = rig.owner.client();
    assertThat(client.post(address + "/executions", Map.of("input", Map.of("a", 1))).status())
        .isEqualTo(202);
    // Nobody changes a version. Who reads it again finds no trigger in it now.
    rig.server
        .database()
        .superuser()
        .sql(
            "UPDATE maestro.workflow_version SET document = '{\"name\": \"Empty\"}' WHERE workflow_id = :id")
        .param("id", workflow.id())
        .update();

    assertThat(client.post(address + "/executions", Map.of("input", Map.of("a", 2))).status())
        .isEqualTo(202);

    client.post(address + "/disable", "{}");
    var disabled = client.post(address + "/executions", Map.of("input", Map.of("a", 3)));
    assertThat(disabled.status()).isEqualTo(409);
    assertThat(disabled.text("detail")).contains("disabled");
  }

  @Test
  void executions_that_are_open_are_left_as_they_are() {
    var workflow = waiting();
    var ids = ids(start(workflow, 2));
    ids.forEach(StartedOnceTests::waits);
    var epochs =
        "SELECT sum(lease_epoch) FROM maestro.execution_open WHERE execution_id = ANY (:ids)";
    var before = read(epochs, ids);

    forgetTheAnswer();
    assertThat(ids(start(workflow, 2))).isEqualTo(ids);

    assertThat(executions(workflow)).isEqualTo(2);
    assertThat(
            read(
                "SELECT count(*) FROM maestro.execution_log WHERE execution_id = ANY (:ids) AND kind = 'trigger'",
                ids))
        .isEqualTo(2);
    assertThat(read(epochs, ids)).as("nobody took them a second time").isEqualTo(before);
  }

  @Test
  void those_of_a_batch_that_were_not_taken_in_are_and_the_others_are_not() {
    var workflow = sum();
    var ids = ids(start(workflow, 3));
    ids.forEach(rig::ended);
    var lost = ids.get(1);
    for (var table : List.of("execution_ended", "execution_log", "execution_body")) {
      rig.server
          .database()
          .superuser()
          .sql("DELETE FROM maestro.%s WHERE execution_id = :id".formatted(table))
          .param("id", lost)
          .update();
    }

    forgetTheAnswer();
    assertThat(ids(start(workflow, 3))).isEqualTo(ids);

    var ended = rig.ended(lost);
    assertThat(ended.at("/status").asString()).isEqualTo("success");
    assertThat(executions(workflow)).isEqualTo(3);
  }

  @Test
  void what_was_started_is_answered_though_the_workflow_was_disabled_since() {
    var workflow = sum();
    var ids = ids(start(workflow, 1));
    forgetTheAnswer();
    rig.owner.client().post("/v1/workflows/" + workflow.id() + "/disable", "{}");

    assertThat(ids(start(workflow, 1))).isEqualTo(ids);
  }

  /// As when a process stopped just before it took one in, and another has done all of it since.
  @Test
  void an_id_that_has_ended_is_not_taken_in_again_by_one_who_does_not_know() {
    var workflow = sum();
    var id = ids(start(workflow, 1)).getFirst();
    rig.ended(id);

    rig.server
        .bean(Executions.class)
        .start(
            new Executions.Start(
                TenantId.of(rig.owner.organizationId()), workflow.id(), 1, "api", "api", null),
            Collections.singletonList(null),
            new Executions.Ids(List.of(id), false));

    assertThat(executions(workflow)).isEqualTo(1);
  }

  private static EngineRig.Workflow sum() {
    return rig.publish(
        """
        {"name": "Sum", "triggers": [{"id": "api", "type": "api"}],
         "steps": [{"id": "sum", "type": "transform", "config": {"expression": "trigger.a + 1"}}],
         "edges": [{"from": "api", "to": "sum"}]}
        """);
  }

  /// Its call finds nobody, and is to be tried again in an hour.
  private static EngineRig.Workflow waiting() {
    return rig.publish(
        """
        {"name": "Wait", "triggers": [{"id": "api", "type": "api"}],
         "settings": {"timeout_s": 7200},
         "steps": [{"id": "call", "type": "http_request",
           "config": {"method": "POST", "url": "http://127.0.0.1:1/"},
           "retry": {"count": 1, "backoff_ms": 3600000, "backoff_max_ms": 3600000, "on": ["connect"]}}],
         "edges": [{"from": "api", "to": "call"}]}
        """);
  }

  private Answer start(EngineRig.Workflow workflow, int many) {
    var answer =
        rig.owner
            .client()
            .with("Idempotency-Key", key)
            .post(
                "/v1/workflows/" + workflow.id() + "/executions",
                Map.of("inputs", Collections.nCopies(many, Map.of("a", 1))));
    assertThat(answer.status()).as(answer.response().body()).isEqualTo(202);
    return answer;
  }

  private static List<UUID> ids(Answer answer) {
    return answer
        .body()
        .at("/execution_ids")
        .valueStream()
        .map(JsonNode::asString)
        .map(UUID::fromString)
        .toList();
  }

  /// What the database says when the process died after the executions' commit.
  private static void forgetTheAnswer() {
    var forgot =
        rig.server
            .database()
            .superuser()
            .sql(
                """
                UPDATE control.idempotency_key
                SET state = 'running', status = NULL, headers = NULL, body = NULL,
                  lease_until = now() - interval '1 second'
                WHERE route LIKE '%/executions' AND state = 'done'
                """)
            .update();
    assertThat(forgot).isPositive();
  }

  private static void waits(UUID execution) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                rig.owner
                    .client()
                    .get("/v1/executions/" + execution)
                    .text("status")
                    .equals("waiting"));
  }

  private static int executions(EngineRig.Workflow workflow) {
    return rig.server
        .database()
        .superuser()
        .sql("SELECT count(*) FROM maestro.execution WHERE workflow_id = :id")
        .param("id", workflow.id())
        .query(Integer.class)
        .single();
  }

  private static int read(String sql, List<UUID> ids) {
    return rig.server
        .database()
        .superuser()
        .sql(sql)
        .param("ids", ids.toArray(UUID[]::new))
        .query(Integer.class)
        .single();
  }
}
