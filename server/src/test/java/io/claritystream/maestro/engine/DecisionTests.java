package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.claritystream.ApiClient.Answer;
import io.claritystream.ApiClient.Registered;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// What people decide about executions that wait, and how they cancel many.
class DecisionTests {
  private static final String ENDS_BY_ITSELF =
      """
      WITH gone AS (DELETE FROM maestro.execution_open WHERE execution_id = ? RETURNING *)
      INSERT INTO maestro.execution_ended (execution_id, ended, tenant_id, workflow_id, version, status,
        trigger_type, created_at, finished_at, outcome, effects_of, steps_done, worker_us, lease_epoch)
      SELECT execution_id, true, tenant_id, workflow_id, version, 'success', trigger_type, created_at,
        now(), 'success', effects_of, 0, 0, lease_epoch
      FROM gone
      """;

  private static EngineRig rig;
  private static Counterpart counterpart;
  private static Registered stranger;

  @BeforeAll
  static void begin() {
    rig = EngineRig.start(Map.of());
    counterpart = new Counterpart();
    stranger = rig.server.client().register("stranger@example.com");
  }

  @AfterAll
  static void end() {
    rig.close();
    counterpart.close();
  }

  /// call → after, and along an error → mend; parked when nobody knows whether the call has acted.
  private static EngineRig.Workflow workflow(String path, String onError, int retries) {
    return rig.publish(
        """
        {"name": "Parked", "settings": {"timeout_s": 600},
         "triggers": [{"id": "api", "type": "api"}],
         "steps": [
           {"id": "call", "type": "http_request", "on_error": "%s",
            "config": {"method": "POST", "url": "%s", "body": 1, "on_unknown": "park"},
            "retry": {"count": %d, "backoff_ms": 600000, "backoff_max_ms": 600000, "on": ["http_5xx"]}},
           {"id": "after", "type": "set", "config": {"values": {"got": "=steps.call.number", "error": "=steps.call.error.code"}}},
           {"id": "mend", "type": "set", "config": {"values": {"error": "=steps.call.error.message"}}}],
         "edges": [{"from": "api", "to": "call"}, {"from": "call", "to": "after"}%s]}
        """
            .formatted(
                onError,
                counterpart.url(path),
                retries,
                onError.equals("edge")
                    ? ", {\"from\": \"call\", \"to\": \"mend\", \"on\": \"error\"}"
                    : ", {\"from\": \"after\", \"to\": \"mend\"}"));
  }

  private static UUID start(EngineRig.Workflow workflow) {
    var started =
        rig.owner
            .client()
            .post("/v1/workflows/" + workflow.id() + "/executions", Map.of("input", 1));
    assertThat(started.status()).as(started.response().body()).isEqualTo(202);
    return UUID.fromString(started.body().at("/execution_ids/0").asString());
  }

  private static JsonNode waits(UUID execution, String what) {
    return Awaitility.await("that " + execution + " waits for " + what)
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> rig.owner.client().get("/v1/executions/" + execution).body(),
            seen -> seen.at("/waiting_for").asString("").equals(what));
  }

  private static UUID parked(EngineRig.Workflow workflow) {
    counterpart.answersWith(0);
    try {
      var execution = start(workflow);
      waits(execution, "decision");
      return execution;
    } finally {
      counterpart.answersWith(200);
    }
  }

  private static Answer resolve(UUID execution, Map<String, Object> body) {
    return rig.owner.client().post("/v1/executions/" + execution + "/resolve", body);
  }

  private static JsonNode resolved(UUID execution, Map<String, Object> body) {
    var answer = resolve(execution, body);
    assertThat(answer.status()).as(answer.response().body()).isEqualTo(200);
    return rig.ended(execution);
  }

  private static JsonNode output(UUID execution, String step) {
    return rig.owner
        .client()
        .get("/v1/executions/" + execution + "/steps/" + step + "/output")
        .body()
        .at("/output");
  }

  @Test
  void decided_to_be_tried_again_it_is_done_again_under_the_same_key() {
    var execution = parked(workflow("/again", "stop", 0));

    var ended = resolved(execution, Map.of("decision", "retry", "note", "nothing arrived"));

    assertThat(ended.at("/status").asString()).as(ended.toString()).isEqualTo("success");
    var asked = counterpart.asked("/again");
    assertThat(asked).hasSize(2);
    assertThat(asked.get(0).key()).isEqualTo(asked.get(1).key());
    assertThat(rig.owner.client().get("/v1/executions/" + execution + "/logs").response().body())
        .contains("nothing arrived");
  }

  @Test
  void decided_to_have_succeeded_it_goes_on_with_the_output_that_was_said() {
    var execution = parked(workflow("/succeeded", "stop", 0));

    var ended = resolved(execution, Map.of("decision", "succeeded", "output", Map.of("number", 7)));

    assertThat(ended.at("/status").asString()).as(ended.toString()).isEqualTo("success");
    assertThat(output(execution, "after").at("/got").intValue()).isEqualTo(7);
    assertThat(counterpart.asked("/succeeded")).hasSize(1);
  }

  @Test
  void what_nobody_decides_in_time_fails_whatever_the_step_says_of_errors() {
    var execution = parked(workflow("/undecided", "continue", 0));
    var waits = rig.owner.client().get("/v1/executions/" + execution).body();
    assertThat(Instant.parse(waits.at("/waiting_until").asString()))
        .isCloseTo(Instant.now().plus(30, ChronoUnit.DAYS), within(5, ChronoUnit.MINUTES));
    rig.server
        .database()
        .superuser()
        .sql("UPDATE maestro.execution_open SET ready_at = now() WHERE execution_id = :id")
        .param("id", execution)
        .update();

    var ended = rig.ended(execution);

    assertThat(ended.at("/status").asString()).isEqualTo("failed");
    assertThat(ended.at("/outcome").asString()).isEqualTo("decision_timeout");
    assertThat(ended.at("/error_step").asString()).isEqualTo("call");
    assertThat(counterpart.asked("/undecided")).as("it is not done again").hasSize(1);
    assertThat(resolve(execution, Map.of("decision", "retry")).status()).isEqualTo(409);
  }

  @Test
  void decided_to_have_failed_it_does_what_the_step_says_of_errors() {
    var stopped = parked(workflow("/failed-stop", "stop", 0));
    var continued = parked(workflow("/failed-continue", "continue", 0));
    var mended = parked(workflow("/failed-edge", "edge", 0));

    var ended = resolved(stopped, Map.of("decision", "failed", "note", "it never came"));
    assertThat(ended.at("/status").asString()).isEqualTo("failed");
    assertThat(ended.at("/outcome").asString()).isEqualTo("said_failed");
    assertThat(ended.at("/error_step").asString()).isEqualTo("call");
    assertThat(ended.at("/error").asString()).contains("it never came");

    assertThat(resolved(continued, Map.of("decision", "failed")).at("/status").asString())
        .isEqualTo("success");
    assertThat(output(continued, "after").at("/error").asString()).isEqualTo("said_failed");

    assertThat(resolved(mended, Map.of("decision", "failed")).at("/status").asString())
        .isEqualTo("success");
    assertThat(output(mended, "mend").at("/error").asString()).contains("decided");
    assertThat(rig.owner.client().get("/v1/executions/" + mended + "/steps/after/output").status())
        .isEqualTo(404);
  }

  @Test
  void the_time_for_which_it_waited_for_a_person_is_not_its_own() {
    var execution = parked(workflow("/late", "stop", 0));
    // As if it had been parked an hour ago, and its time of ten minutes had long been over.
    var sql = rig.server.database().superuser();
    sql.sql(
            """
            UPDATE maestro.execution_open SET deadline_at = deadline_at - interval '1 hour'
            WHERE execution_id = :id
            """)
        .param("id", execution)
        .update();
    sql.sql(
            """
            UPDATE maestro.execution_log SET "timestamp" = "timestamp" - interval '1 hour'
            WHERE execution_id = :id
            """)
        .param("id", execution)
        .update();

    var ended = resolved(execution, Map.of("decision", "retry"));

    assertThat(ended.at("/status").asString()).as(ended.toString()).isEqualTo("success");
  }

  @Test
  void a_decision_is_made_once_and_only_where_one_is_waited_for() {
    var execution = parked(workflow("/once", "stop", 0));
    var path = "/v1/executions/" + execution;
    var owner = rig.owner.client();

    assertThat(stranger.client().post(path + "/resolve", Map.of("decision", "retry")).status())
        .isEqualTo(404);
    assertThat(stranger.client().post(path + "/wake", "").status()).isEqualTo(404);
    assertThat(owner.post(path + "/resolve", Map.of("decision", "perhaps")).status())
        .isEqualTo(400);
    assertThat(owner.post(path + "/resolve", Map.of("decision", "failed", "output", 1)).status())
        .isEqualTo(400);
    assertThat(owner.post(path + "/wake", "").status()).isEqualTo(409);
    assertThat(owner.post(path + "/retry", "{}").status()).as("it is open").isEqualTo(409);
    var colleague = new Colleague(rig, "viewer@example.com").as("viewer");
    assertThat(colleague.post(path + "/resolve", Map.of("decision", "retry")).status())
        .isEqualTo(403);

    resolved(execution, Map.of("decision", "retry"));

    assertThat(owner.post(path + "/resolve", Map.of("decision", "retry")).status()).isEqualTo(409);
    assertThat(
            owner
                .get("/v1/audit?action=execution.resolved")
                .body()
                .at("/data")
                .valueStream()
                .map(told -> told.at("/subject_id").asString()))
        .contains(execution.toString());
  }

  @Test
  void what_is_to_be_tried_again_in_ten_minutes_is_tried_at_once() {
    var workflow = workflow("/wake", "stop", 1);
    counterpart.answersWith(503);
    var execution = start(workflow);
    waits(execution, "retry");
    counterpart.answersWith(200);

    var woken = rig.owner.client().post("/v1/executions/" + execution + "/wake", "");

    assertThat(woken.status()).as(woken.response().body()).isEqualTo(200);
    assertThat(rig.ended(execution).at("/status").asString()).isEqualTo("success");
    assertThat(counterpart.asked("/wake")).hasSize(2);
  }

  @Test
  void many_are_canceled_by_filter_if_they_are_as_many_as_expected() {
    var workflow = workflow("/many", "stop", 0);
    var executions = List.of(parked(workflow), parked(workflow), parked(workflow));
    var other = parked(workflow("/not-these", "stop", 0));
    Map<String, Object> filter = Map.of("workflow_id", workflow.id(), "status", "waiting");
    var owner = rig.owner.client();

    var refused = owner.post("/v1/executions/cancel", Map.of("filter", filter, "expect", 2));
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.text("detail")).startsWith("3 executions");
    assertThat(stranger.client().post("/v1/executions/cancel", Map.of("filter", filter)).body())
        .isEqualTo(
            EngineRig.JSON.readTree(
                "{\"matched\":0,\"canceled\":0,\"already_ended\":0,\"left\":0}"));

    var canceled = owner.post("/v1/executions/cancel", Map.of("filter", filter, "expect", 3));

    assertThat(canceled.body())
        .isEqualTo(
            EngineRig.JSON.readTree(
                "{\"matched\":3,\"canceled\":3,\"already_ended\":0,\"left\":0}"));
    for (var execution : executions) {
      assertThat(owner.get("/v1/executions/" + execution).text("status")).isEqualTo("canceled");
    }
    assertThat(owner.get("/v1/executions/" + other).text("status")).isEqualTo("waiting");
    var never = Map.of("from", "+999999999-12-31T23:59:59Z");
    assertThat(owner.post("/v1/executions/cancel", Map.of("filter", never)).status())
        .isLessThan(500);
    assertThat(owner.post("/v1/executions/" + other + "/cancel", "").status()).isEqualTo(200);
    assertThat(
            owner
                .get("/v1/audit?action=execution.canceled")
                .body()
                .at("/data/0/subject_id")
                .asString())
        .isEqualTo(other.toString());
  }

  @Test
  void what_ends_by_itself_while_many_are_canceled_is_told_beside_them() throws Exception {
    var workflow = workflow("/meanwhile", "stop", 0);
    var canceled = parked(workflow);
    var ends = parked(workflow);
    CompletableFuture<Answer> answer;
    try (var other = rig.server.database().superuserConnections().getConnection();
        var end = other.prepareStatement(ENDS_BY_ITSELF)) {
      other.setAutoCommit(false);
      end.setObject(1, ends);
      assertThat(end.executeUpdate()).isEqualTo(1);
      answer =
          CompletableFuture.supplyAsync(
              () ->
                  rig.owner
                      .client()
                      .post(
                          "/v1/executions/cancel",
                          Map.of("filter", Map.of("workflow_id", workflow.id()))));
      rig.server.database().awaitWaiting(1);
      other.commit();
    }

    assertThat(answer.get(30, TimeUnit.SECONDS).body())
        .isEqualTo(
            EngineRig.JSON.readTree(
                "{\"matched\":2,\"canceled\":1,\"already_ended\":1,\"left\":0}"));
    assertThat(rig.ended(canceled).at("/status").asString()).isEqualTo("canceled");
    assertThat(rig.ended(ends).at("/status").asString()).isEqualTo("success");
  }

  @Test
  void many_are_canceled_by_their_ids() {
    var first = parked(workflow("/ids", "stop", 0));
    var second = parked(workflow("/ids", "stop", 0));
    var owner = rig.owner.client();
    var both = Map.of("ids", List.of(first, second));

    assertThat(stranger.client().post("/v1/executions/cancel", both).status()).isEqualTo(404);
    assertThat(owner.post("/v1/executions/cancel", Map.of()).status()).isEqualTo(400);
    assertThat(owner.post("/v1/executions/cancel", Map.of("ids", List.of())).status())
        .isEqualTo(400);
    assertThat(
            owner
                .post("/v1/executions/cancel", Map.of("filter", Map.of("status", "failed")))
                .status())
        .isEqualTo(400);
    assertThat(
            new Colleague(rig, "onlooker@example.com")
                .as("viewer")
                .post("/v1/executions/cancel", both)
                .status())
        .isEqualTo(403);

    assertThat(owner.post("/v1/executions/cancel", both).body().at("/canceled").intValue())
        .isEqualTo(2);
    assertThat(owner.post("/v1/executions/cancel", both).body().at("/matched").intValue())
        .isEqualTo(0);
  }
}
