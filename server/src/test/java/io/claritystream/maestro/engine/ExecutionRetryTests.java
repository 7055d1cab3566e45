package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient.Answer;
import io.claritystream.ApiClient.Registered;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Running executions again, as they were and edited.
class ExecutionRetryTests {
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

  /// map → check → (big) call → last, or (small) → last.
  private static EngineRig.Workflow order(String path) {
    return rig.publish(document(path, "sku"));
  }

  private static String document(String path, String named) {
    return """
    {"name": "Order", "settings": {"redact": ["trigger.secret", "steps.call.body.token"],
       "execution_name": "='Order ' & trigger.%s", "correlation_key": "=trigger.sku"},
     "triggers": [{"id": "api", "type": "api"}],
     "steps": [
       {"id": "map", "type": "set", "config": {"values": {"total": "=trigger.total", "sku": "=trigger.sku"}}},
       {"id": "check", "type": "branch",
        "config": {"cases": [{"name": "big", "when": "=steps.map.total > 100"}], "otherwise": "small"}},
       {"id": "call", "type": "http_request", "config": {"method": "POST", "url": "%s", "body": "=steps.map"},
        "retry": {"count": 0}},
       {"id": "last", "type": "set", "config": {"values": {"ok": "=steps.call.body.ok", "total": "=steps.map.total"}}}],
     "edges": [{"from": "api", "to": "map"}, {"from": "map", "to": "check"},
       {"from": "check", "to": "call", "case": "big"}, {"from": "check", "to": "last", "case": "small"},
       {"from": "call", "to": "last"}]}
    """
        .formatted(named, counterpart.url(path));
  }

  private static UUID run(EngineRig.Workflow workflow, Object input) {
    var started =
        rig.owner
            .client()
            .post("/v1/workflows/" + workflow.id() + "/executions", Map.of("input", input));
    assertThat(started.status()).as(started.response().body()).isEqualTo(202);
    var id = UUID.fromString(started.body().at("/execution_ids/0").asString());
    rig.ended(id);
    return id;
  }

  private static UUID runFailing(EngineRig.Workflow workflow, Object input) {
    counterpart.answersWith(503);
    try {
      return run(workflow, input);
    } finally {
      counterpart.answersWith(200);
    }
  }

  private static Answer retry(UUID execution, Object body) {
    return rig.owner.client().post("/v1/executions/" + execution + "/retry", body);
  }

  private static JsonNode retried(UUID execution, Object body) {
    var retried = retry(execution, body);
    assertThat(retried.status()).as(retried.response().body()).isEqualTo(202);
    return rig.ended(UUID.fromString(retried.text("execution_id")));
  }

  private static JsonNode apartFromRetries(UUID execution) {
    var told = (ObjectNode) rig.owner.client().get("/v1/executions/" + execution).body();
    told.remove("retry_id");
    return told;
  }

  private static List<String> log(JsonNode execution) {
    return rig.owner
        .client()
        .get("/v1/executions/" + execution.at("/id").asString() + "/logs")
        .body()
        .at("/data")
        .valueStream()
        .map(line -> line.at("/kind").asString() + " " + line.at("/step").asString("-"))
        .toList();
  }

  private static JsonNode output(JsonNode execution, String step) {
    return rig.owner
        .client()
        .get("/v1/executions/" + execution.at("/id").asString() + "/steps/" + step + "/output")
        .body()
        .at("/output");
  }

  private static final Map<String, Object> BIG =
      Map.of("total", 500, "sku", "A-1", "secret", "s-1");

  @Test
  void a_log_is_read_page_by_page_by_its_own_workspace_alone() {
    var at = "/v1/executions/" + run(order("/pages"), BIG) + "/logs";
    var whole = rig.owner.client().get(at).body().at("/data").valueStream().toList();
    var paged = new ArrayList<JsonNode>();
    var cursor = "";
    do {
      var page = rig.owner.client().get(at + "?limit=4" + cursor).body();
      page.at("/data").forEach(paged::add);
      cursor = "&cursor=" + page.at("/next_cursor").asString("");
    } while (!cursor.equals("&cursor="));

    assertThat(paged).hasSize(6).isEqualTo(whole);
    assertThat(stranger.client().get(at).status()).isEqualTo(404);
    assertThat(rig.owner.client().get("/v1/executions/" + UUID.randomUUID() + "/logs").status())
        .isEqualTo(404);
  }

  @Test
  void one_that_was_retried_since_names_its_newest_retry_wherever_it_is_shown() {
    var workflow = order("/since");
    var failed = runFailing(workflow, BIG);
    var other = runFailing(workflow, BIG);
    assertThat(retryId(failed, workflow)).isEmpty();

    var first = retry(failed, Map.of()).text("execution_id");
    assertThat(retryId(failed, workflow)).isEqualTo(first);
    rig.ended(UUID.fromString(first));
    assertThat(retryId(failed, workflow)).isEqualTo(first);
    var second = retried(failed, Map.of("from_step", "map")).at("/id").asString();
    var ofSecond = retried(UUID.fromString(second), Map.of("from_step", "map"));

    assertThat(retryId(failed, workflow)).isEqualTo(second);
    assertThat(retryId(UUID.fromString(second), workflow)).isEqualTo(ofSecond.at("/id").asString());
    assertThat(retryId(UUID.fromString(first), workflow)).isEmpty();
    assertThat(retryId(other, workflow)).isEmpty();
  }

  /// Alone and in both lists.
  private static String retryId(UUID execution, EngineRig.Workflow workflow) {
    var alone = rig.owner.client().get("/v1/executions/" + execution).body().at("/retry_id");
    assertThat(alone.isMissingNode()).isFalse();
    for (var list :
        List.of(
            "/v1/executions?workflow_id=" + workflow.id(),
            "/v1/workflows/" + workflow.id() + "/executions")) {
      var listed =
          rig.owner
              .client()
              .get(list)
              .body()
              .at("/data")
              .valueStream()
              .filter(one -> one.at("/id").asString().equals(execution.toString()))
              .map(one -> one.at("/retry_id"))
              .toList();
      assertThat(listed).as(list).containsExactly(alone);
    }
    return alone.asString("");
  }

  @Test
  void a_retry_begins_where_the_execution_failed_and_repeats_its_key() {
    var workflow = order("/failed");
    var failed = runFailing(workflow, BIG);
    var before = apartFromRetries(failed);

    var retry = retried(failed, Map.of());

    assertThat(retry.at("/status").asString()).as(retry.toString()).isEqualTo("success");
    assertThat(retry.at("/origin_id").asString()).isEqualTo(failed.toString());
    assertThat(retry.at("/from_step").asString()).isEqualTo("call");
    assertThat(retry.at("/trigger_type").asString()).isEqualTo("retry");
    assertThat(retry.at("/trigger").asString()).isEqualTo("api");
    assertThat(retry.at("/name").asString()).isEqualTo("Order A-1");
    assertThat(retry.at("/correlation_key").asString()).isEqualTo("A-1");
    assertThat(log(retry))
        .containsExactly(
            "trigger -",
            "succeeded map",
            "succeeded check",
            "intent call",
            "succeeded call",
            "succeeded last");
    assertThat(counterpart.asked("/failed")).hasSize(2);
    assertThat(counterpart.asked("/failed").get(1)).isEqualTo(counterpart.asked("/failed").get(0));
    assertThat(apartFromRetries(failed)).as("what has ended never changes").isEqualTo(before);
  }

  @Test
  void what_is_taken_over_is_told_at_the_time_at_which_the_retry_was_taken_in() {
    var retry = retried(runFailing(order("/taken"), BIG), Map.of());

    var taken =
        rig.owner
            .client()
            .get("/v1/executions/" + retry.at("/id").asString() + "/logs")
            .body()
            .at("/data")
            .valueStream()
            .filter(line -> line.at("/timestamp").equals(retry.at("/created_at")))
            .filter(line -> line.at("/duration_ms").isNull())
            .map(line -> line.at("/step").asString("-"))
            .toList();
    assertThat(taken).containsExactly("-", "map", "check");
  }

  @Test
  void without_a_body_it_is_the_same() {
    var failed = runFailing(order("/bodiless"), BIG);

    var answer = rig.owner.client().send("POST", "/v1/executions/" + failed + "/retry", null);

    assertThat(answer.status()).as(answer.response().body()).isEqualTo(202);
  }

  @Test
  void a_retry_of_a_retry_repeats_the_first_ones_key() {
    var workflow = order("/twice");
    var failed = runFailing(workflow, BIG);
    counterpart.answersWith(503);
    var again = retried(failed, Map.of());
    counterpart.answersWith(200);

    retried(UUID.fromString(again.at("/id").asString()), Map.of());

    assertThat(counterpart.asked("/twice").stream().map(Counterpart.Asked::key).distinct())
        .hasSize(1);
  }

  @Test
  void from_an_earlier_step_those_from_there_on_are_run_again() {
    var failed = runFailing(order("/earlier"), BIG);

    var retry = retried(failed, Map.of("from_step", "check"));

    assertThat(log(retry))
        .startsWith("trigger -", "succeeded map", "succeeded check", "intent call");
    assertThat(retry.at("/from_step").asString()).isEqualTo("check");
  }

  @Test
  void an_edited_input_runs_from_the_beginning_under_keys_of_its_own() {
    var workflow = order("/input");
    var failed = runFailing(workflow, BIG);

    var retry = retried(failed, Map.of("input", Map.of("total", 700, "sku", "B-2")));

    assertThat(retry.at("/status").asString()).as(retry.toString()).isEqualTo("success");
    assertThat(retry.at("/name").asString()).isEqualTo("Order B-2");
    assertThat(retry.at("/correlation_key").asString()).isEqualTo("B-2");
    assertThat(retry.at("/from_step").isNull()).isTrue();
    var asked = counterpart.asked("/input");
    assertThat(asked.get(1).body().at("/total").intValue()).isEqualTo(700);
    assertThat(asked.get(1).key()).isNotEqualTo(asked.get(0).key());
  }

  @Test
  void an_edited_output_is_what_later_steps_see() {
    var workflow = order("/output");
    var failed = runFailing(workflow, BIG);

    var retry = retried(failed, Map.of("outputs", Map.of("map", Map.of("total", 800, "sku", "x"))));

    assertThat(retry.at("/from_step").asString()).isEqualTo("call");
    assertThat(output(retry, "last").at("/total").intValue()).isEqualTo(800);
    var asked = counterpart.asked("/output");
    assertThat(asked.get(1).body().at("/total").intValue()).isEqualTo(800);
    assertThat(asked.get(1).key()).isNotEqualTo(asked.get(0).key());
  }

  @Test
  void an_edited_branch_leads_elsewhere() {
    var failed = runFailing(order("/branch"), BIG);

    var retry = retried(failed, Map.of("outputs", Map.of("check", Map.of("case", "small"))));

    assertThat(log(retry))
        .containsExactly("trigger -", "succeeded map", "succeeded check", "succeeded last");
    assertThat(counterpart.asked("/branch")).hasSize(1);
  }

  @Test
  void a_step_that_was_done_by_hand_is_told_by_its_output() {
    var failed = runFailing(order("/by-hand"), BIG);

    var retry =
        retried(failed, Map.of("outputs", Map.of("call", Map.of("body", Map.of("ok", "by hand")))));

    assertThat(retry.at("/from_step").asString()).isEqualTo("last");
    assertThat(output(retry, "last").at("/ok").asString()).isEqualTo("by hand");
    assertThat(counterpart.asked("/by-hand")).hasSize(1);
  }

  @Test
  void of_a_success_it_has_to_be_said_where_to_begin_or_what_is_other() {
    var done = run(order("/success"), BIG);

    var refused = retry(done, Map.of());
    assertThat(refused.status()).as(refused.response().body()).isEqualTo(400);
    assertThat(refused.body().at("/errors/0/pointer").asString()).isEqualTo("/from_step");

    var edited = retried(done, Map.of("outputs", Map.of("map", Map.of("total", 5))));
    assertThat(edited.at("/from_step").asString()).isEqualTo("check");
    assertThat(log(edited))
        .containsExactly("trigger -", "succeeded map", "succeeded check", "succeeded last");
  }

  @Test
  void the_published_version_may_be_run_instead() {
    var workflow = order("/version");
    var failed = runFailing(workflow, BIG);
    var path = "/v1/workflows/" + workflow.id();
    var etag = rig.owner.client().get(path).header("ETag");
    var saved =
        rig.owner
            .client()
            .with("If-Match", etag)
            .send("PUT", path + "/draft", document("/version-2", "total"));
    assertThat(saved.status()).as(saved.response().body()).isEqualTo(200);
    assertThat(rig.owner.client().post(path + "/publish", "{}").status()).isLessThan(300);

    var same = retried(failed, Map.of("version", "same"));
    var published = retried(failed, Map.of("version", "published"));

    assertThat(same.at("/version").intValue()).isEqualTo(1);
    assertThat(published.at("/version").intValue()).isEqualTo(2);
    assertThat(published.at("/name").asString()).isEqualTo("Order 500");
    assertThat(counterpart.asked("/version")).hasSize(2);
    assertThat(counterpart.asked("/version-2")).hasSize(1);
    assertThat(counterpart.asked("/version-2").getFirst().key())
        .isNotEqualTo(counterpart.asked("/version").getFirst().key());
  }

  @Test
  void what_cannot_be_is_refused_with_where_it_stands() {
    var failed = runFailing(order("/refused"), BIG);
    var cases = new LinkedHashMap<Object, String>();
    cases.put(Map.of("from_step", "nowhere"), "/from_step");
    cases.put(Map.of("outputs", Map.of("nothing", 1)), "/outputs/nothing");
    cases.put(Map.of("outputs", Map.of("check", "big")), "/outputs/check");
    cases.put(Map.of("outputs", Map.of("check", Map.of("case", "odd"))), "/outputs/check");
    cases.put(
        Map.of("from_step", "check", "outputs", Map.of("check", Map.of("case", "big"))),
        "/outputs/check");
    cases.put(Map.of("from_step", "last"), "/outputs/call");
    cases.put(
        Map.of("from_step", "last", "outputs", Map.of("check", Map.of("case", "small"), "call", 1)),
        "/outputs/call");
    cases.put(Map.of("input", Map.of(), "outputs", Map.of("map", Map.of())), "/from_step");
    cases.put(Map.of("version", "newest"), "/version");
    cases.forEach(
        (body, field) -> {
          var refused = retry(failed, body);
          assertThat(refused.status()).as(body + " " + refused.response().body()).isEqualTo(400);
          assertThat(refused.body().at("/errors/0/pointer").asString()).isEqualTo(field);
        });
    assertThat(
            retry(
                    failed,
                    Map.of(
                        "from_step", "call", "outputs", Map.of("check", Map.of("case", "small"))))
                .status())
        .isEqualTo(409);
  }

  @Test
  void who_may_not_run_a_workflow_may_not_retry_and_another_workspace_sees_nothing() {
    var workflow = order("/access");
    var failed = runFailing(workflow, BIG);
    var path = "/v1/executions/" + failed;
    assertThat(stranger.client().post(path + "/retry", "{}").status()).isEqualTo(404);
    assertThat(stranger.client().get(path + "/input").status()).isEqualTo(404);
    assertThat(stranger.client().get(path + "/steps/map/output").status()).isEqualTo(404);

    var colleague = new Colleague(rig, "colleague@example.com");
    assertThat(colleague.as("viewer").post(path + "/retry", "{}").status()).isEqualTo(403);
    colleague.mayRun(workflow);
    assertThat(colleague.as("viewer").post(path + "/retry", "{}").status()).isEqualTo(202);
    assertThat(colleague.as("operator").post(path + "/retry", "{}").status()).isEqualTo(202);
  }

  @Test
  void redacted_fields_are_not_shown_and_survive_editing() {
    var workflow = order("/redacted");
    var done = run(workflow, BIG);
    var client = rig.owner.client();

    var input = client.get("/v1/executions/" + done + "/input").body().at("/input");
    assertThat(input.at("/secret").asString()).isEqualTo("[redacted]");
    assertThat(input.at("/sku").asString()).isEqualTo("A-1");
    var answered = client.get("/v1/executions/" + done + "/steps/call/output").body().at("/output");
    assertThat(answered.at("/body/token").asString()).isEqualTo("[redacted]");
    assertThat(answered.at("/body/ok").booleanValue()).isTrue();
    assertThat(client.get("/v1/executions/" + done + "/steps/none/output").status()).isEqualTo(404);

    var retry = retried(done, Map.of("input", input));

    var recorded =
        rig.server
            .database()
            .superuser()
            .sql(
                "SELECT recorded::jsonb ->> 'secret' FROM maestro.execution_log WHERE execution_id = :id AND kind = 'trigger'")
            .param("id", UUID.fromString(retry.at("/id").asString()))
            .query(String.class)
            .single();
    assertThat(recorded).isEqualTo("s-1");
  }

  @Test
  void what_is_open_or_disabled_is_not_retried() {
    var workflow = order("/open");
    var failed = runFailing(workflow, BIG);
    var path = "/v1/workflows/" + workflow.id();
    rig.owner.client().post(path + "/disable", "");

    var refused = retry(failed, Map.of());

    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.text("detail")).contains("disabled");
  }

  @Test
  void a_retry_is_told_in_the_audit_log() {
    var failed = runFailing(order("/audit"), BIG);
    var retry = retried(failed, Map.of("outputs", Map.of("map", Map.of("total", 101))));

    var told = rig.owner.client().get("/v1/audit?action=execution.retried").body().at("/data/0");

    assertThat(told.at("/subject_id").asString()).isEqualTo(failed.toString());
    assertThat(told.at("/detail/retry").asString()).isEqualTo(retry.at("/id").asString());
    assertThat(told.at("/detail/edited").asString()).isEqualTo("map");
  }

  @Test
  void what_failed_on_purpose_because_of_an_error_is_tried_again_where_the_error_was() {
    var workflow =
        rig.publish(
            """
            {"name": "Order", "triggers": [{"id": "api", "type": "api"}],
             "steps": [
               {"id": "map", "type": "set", "config": {"values": {"total": "=trigger.total"}}},
               {"id": "call", "type": "http_request", "config": {"method": "POST", "url": "%s", "body": "=steps.map"},
                "retry": {"count": 0}, "on_error": "edge"},
               {"id": "note", "type": "set", "config": {"values": {"code": "=steps.call.error.code"}}},
               {"id": "bad", "type": "fail", "config": {"message": "Not sent."}},
               {"id": "last", "type": "set", "config": {"values": {"ok": "=steps.call.body.ok"}}}],
             "edges": [{"from": "api", "to": "map"}, {"from": "map", "to": "call"},
               {"from": "call", "to": "note", "on": "error"}, {"from": "note", "to": "bad"},
               {"from": "call", "to": "last"}]}
            """
                .formatted(counterpart.url("/on-purpose")));
    var failed = runFailing(workflow, BIG);
    assertThat(rig.ended(failed).at("/outcome").asString()).isEqualTo("fail");

    var again = retried(failed, Map.of());

    assertThat(again.at("/status").asString()).as(again.toString()).isEqualTo("success");
    assertThat(again.at("/from_step").asString()).isEqualTo("call");
    assertThat(log(again))
        .startsWith("trigger -", "succeeded map")
        .endsWith("succeeded last")
        .doesNotContain("handled call");
  }

  @Test
  void what_is_redacted_is_shown_nowhere_and_sent_back_as_it_was() {
    var workflow =
        rig.publish(
            """
            {"name": "Moves", "settings": {"redact": ["trigger.secret"]},
             "triggers": [{"id": "api", "type": "api"}],
             "steps": [
               {"id": "map", "type": "set", "config": {"values": {"moved": "=trigger.secret", "within": "='<' & trigger.secret & '>'"}}},
               {"id": "count", "type": "set", "config": {"values": {"length": "=$length(steps.map.moved)"}}},
               {"id": "bad", "type": "fail", "config": {"message": "='Not ' & trigger.secret"}}],
             "edges": [{"from": "api", "to": "map"}, {"from": "map", "to": "count"}, {"from": "count", "to": "bad"}]}
            """);
    var execution = run(workflow, Map.of("secret", "canary-7f3a"));

    var again = retried(execution, Map.of());
    var edited =
        retried(
            execution,
            Map.of(
                "from_step",
                "count",
                "outputs",
                Map.of("map", output(rig.ended(execution), "map"))));

    for (var id :
        List.of(execution.toString(), again.at("/id").asString(), edited.at("/id").asString())) {
      for (var part : List.of("", "/logs", "/input", "/steps/map/output")) {
        var shown = rig.owner.client().get("/v1/executions/" + id + part).response();
        assertThat(shown.statusCode()).isEqualTo(200);
        assertThat(shown.body()).as(part).doesNotContain("canary").contains("[redacted]");
      }
    }
    assertThat(rig.owner.client().get("/v1/executions?limit=3").response().body())
        .doesNotContain("canary");
    assertThat(output(edited, "count").at("/length").intValue()).isEqualTo(11);
  }
}
