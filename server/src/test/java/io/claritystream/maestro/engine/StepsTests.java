package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.maestro.engine.EngineRig.Workflow;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.StreamSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// What each kind of step does, how it fails, and where an execution goes then.
class StepsTests {
  private static EngineRig rig;
  private Receiver receiver;

  @BeforeAll
  static void begin() {
    rig = EngineRig.start(Map.of());
  }

  @AfterAll
  static void end() {
    rig.close();
  }

  @BeforeEach
  void open() {
    receiver = new Receiver();
  }

  @AfterEach
  void close() {
    receiver.close();
  }

  @Test
  void an_http_request_sends_what_is_mapped_under_a_key_of_its_own_and_answers_what_came() {
    receiver.does(call -> new Receiver.Reply(201, "{\"id\": 7}"));
    var workflow =
        workflow(
            """
            {"id": "call", "type": "http_request", "config": {"method": "POST", "url": "%s",
              "query": {"n": "=trigger.body.n", "tag": ["a", "b"]}, "body": {"order": "=trigger.body.n + 1"}}},
            {"id": "after", "type": "set", "config": {"values": {"id": "=steps.call.body.id"}}}
            """
                .formatted(receiver.url("/orders")),
            """
            {"from": "hook", "to": "call"}, {"from": "call", "to": "after"}
            """);

    var ended = run(workflow, Map.of("n", 4));

    assertThat(ended.at("/status").asString()).isEqualTo("success");
    assertThat(receiver.calls).hasSize(1);
    var call = receiver.calls.getFirst();
    assertThat(call.path()).isEqualTo("/orders?n=4&tag=a&tag=b");
    assertThat(call.body()).isEqualTo("{\"order\":5}");
    assertThat(call.key()).isNotBlank();
    assertThat(line(ended, "after", "succeeded").at("/output").asString()).isEqualTo("{\"id\":7}");
  }

  @Test
  void a_failed_request_is_tried_again_under_the_same_key_as_often_as_the_step_says() {
    var tries = new AtomicInteger();
    receiver.does(
        call -> new Receiver.Reply(tries.incrementAndGet() < 3 ? 503 : 200, "{\"ok\":true}"));

    var ended = run(calling(", \"retry\": {\"count\": 2, \"backoff_ms\": 100}"), Map.of());

    assertThat(ended.at("/status").asString()).isEqualTo("success");
    assertThat(receiver.calls).hasSize(3);
    assertThat(receiver.calls)
        .extracting(Receiver.Call::key)
        .containsOnly(receiver.calls.get(0).key());
    assertThat(line(ended, "call", "succeeded").at("/attempt").asInt()).isEqualTo(3);
  }

  @Test
  void an_error_that_the_step_does_not_name_is_not_tried_again() {
    receiver.does(call -> new Receiver.Reply(400, "{\"why\":\"no such order\"}"));

    var ended = run(calling(", \"retry\": {\"count\": 5, \"backoff_ms\": 100}"), Map.of());

    assertThat(ended.at("/status").asString()).isEqualTo("failed");
    assertThat(ended.at("/outcome").asString()).isEqualTo("http_400");
    assertThat(ended.at("/error_step").asString()).isEqualTo("call");
    assertThat(receiver.calls).hasSize(1);
    assertThat(line(ended, "call", "failed").at("/output").asString()).contains("no such order");
  }

  @Test
  void an_answer_with_a_number_that_nothing_holds_fails_its_step_and_says_where_it_stands() {
    receiver.does(
        call -> new Receiver.Reply(200, "{\"orders\": [{\"a/b\": 1}, {\"a/b\": -1e400}]}"));

    var ended = run(calling(", \"retry\": {\"count\": 5, \"backoff_ms\": 100}"), Map.of());

    assertThat(ended.at("/outcome").asString()).isEqualTo("answer_out_of_range");
    assertThat(ended.at("/error_step").asString()).isEqualTo("call");
    assertThat(ended.at("/error").asString()).contains("at /orders/1/a~1b,").contains("as a text");
    assertThat(receiver.calls).as("it has answered").hasSize(1);
  }

  @Test
  void whole_numbers_however_large_come_through_as_they_are() {
    var large = "1" + "0".repeat(400);
    receiver.does(call -> new Receiver.Reply(200, "{\"n\": " + large + "}"));

    var ended =
        run(
            workflow(
                call("")
                    + ", {\"id\": \"after\", \"type\": \"set\", \"config\": {\"values\": {\"n\": \"=steps.call.body.n\"}}}",
                "{\"from\": \"hook\", \"to\": \"call\"}, {\"from\": \"call\", \"to\": \"after\"}"),
            Map.of());

    assertThat(line(ended, "after", "succeeded").at("/output").asString())
        .isEqualTo("{\"n\":" + large + "}");
  }

  @Test
  void a_refusal_with_such_a_number_is_told_as_the_refusal_that_it_is() {
    receiver.does(call -> new Receiver.Reply(400, "{\"max\": 1e400}"));

    var ended = run(calling(""), Map.of());

    assertThat(ended.at("/outcome").asString()).isEqualTo("http_400");
    assertThat(line(ended, "call", "failed").at("/output").asString())
        .contains("1e400")
        .doesNotContain("Infinity");
  }

  @Test
  void a_step_that_continues_hands_its_error_on() {
    receiver.does(call -> new Receiver.Reply(404, ""));

    var ended =
        run(
            workflow(
                call(", \"on_error\": \"continue\"")
                    + ", {\"id\": \"after\", \"type\": \"set\", \"config\": {\"values\": {\"code\": \"=steps.call.error.code\"}}}",
                "{\"from\": \"hook\", \"to\": \"call\"}, {\"from\": \"call\", \"to\": \"after\"}"),
            Map.of());

    assertThat(ended.at("/status").asString()).isEqualTo("success");
    assertThat(line(ended, "after", "succeeded").at("/output").asString())
        .isEqualTo("{\"code\":\"http_404\"}");
  }

  @Test
  void an_error_edge_is_taken_instead_of_the_others() {
    receiver.does(call -> new Receiver.Reply(500, ""));

    var ended =
        run(
            workflow(
                call(", \"on_error\": \"edge\"")
                    + """
                    , {"id": "well", "type": "set", "config": {"values": {"a": 1}}}
                    , {"id": "ill", "type": "set", "config": {"values": {"a": 2}}}
                    """,
                """
                {"from": "hook", "to": "call"}, {"from": "call", "to": "well"},
                {"from": "call", "to": "ill", "on": "error"}
                """),
            Map.of());

    assertThat(ended.at("/status").asString()).isEqualTo("success");
    assertThat(steps(ended)).contains("ill").doesNotContain("well");
  }

  @Test
  void a_request_without_an_answer_is_failed_or_parked_as_the_step_says() {
    receiver.does(call -> Receiver.NEVER);
    var failing =
        rig.ended(start(asking("fail", ", \"timeout_ms\": 300, \"retry\": {\"count\": 3}")));

    assertThat(failing.at("/status").asString()).isEqualTo("failed");
    assertThat(failing.at("/outcome").asString()).isEqualTo("timeout");
    assertThat(receiver.calls).hasSize(1);

    var parked = start(asking("park", ", \"timeout_ms\": 300"));

    var waiting =
        Awaitility.await("the decision")
            .atMost(Duration.ofSeconds(30))
            .until(
                () -> rig.owner.client().get("/v1/executions/" + parked).body(),
                seen -> seen.at("/waiting_for").asString("").equals("decision"));
    assertThat(waiting.at("/status").asString()).isEqualTo("waiting");
    assertThat(waiting.at("/waiting_until").isString()).as("by when to decide").isTrue();
  }

  @Test
  void a_call_that_the_execution_has_no_time_for_is_not_blamed_on_its_receiver() {
    receiver.does(call -> Receiver.NEVER);
    var workflow =
        rig.publish(
            """
            {"name": "Short", "settings": {"timeout_s": 1},
             "triggers": [{"id": "hook", "type": "webhook"}],
             "steps": [{"id": "call", "type": "http_request", "retry": {"count": 3},
               "config": {"method": "POST", "url": "%s"}}],
             "edges": [{"from": "hook", "to": "call"}]}
            """
                .formatted(receiver.url("/")));

    var ended = run(workflow, Map.of());

    assertThat(ended.at("/outcome").asString()).isEqualTo("execution_timeout");
    assertThat(ended.at("/error_step").asString()).isEqualTo("call");
    assertThat(ended.at("/error").asString()).contains("timeout_s").doesNotContain("127.0.0.1");
    assertThat(receiver.calls).hasSize(1);
  }

  @Test
  void the_steps_of_an_open_execution_are_counted_where_it_is_looked_at_alone() {
    receiver.does(call -> Receiver.NEVER);
    var workflow =
        workflow(
            """
            {"id": "one", "type": "set", "config": {"values": {}}},
            {"id": "two", "type": "set", "config": {"values": {}}},
            {"id": "call", "type": "http_request", "timeout_ms": 300,
             "config": {"method": "POST", "url": "%s", "on_unknown": "park"}}
            """
                .formatted(receiver.url("/")),
            """
            {"from": "hook", "to": "one"}, {"from": "one", "to": "two"}, {"from": "two", "to": "call"}
            """);

    var parked = start(workflow);

    Awaitility.await("the decision")
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> rig.owner.client().get("/v1/executions/" + parked).body(),
            seen -> seen.at("/waiting_for").asString("").equals("decision"));
    assertThat(rig.owner.client().get("/v1/executions/" + parked).body().at("/steps_done").asInt())
        .isEqualTo(2);
    var listed = rig.owner.client().get("/v1/workflows/" + workflow.id() + "/executions").body();
    assertThat(listed.at("/data/0/id").asString()).isEqualTo(parked.toString());
    assertThat(listed.at("/data/0/steps_done").isNull()).isTrue();
  }

  @Test
  void a_list_is_narrowed_to_what_there_is_only() {
    var typed = rig.owner.client().get("/v1/executions?trigger_type=cron");
    assertThat(typed.status()).isEqualTo(400);
    assertThat(typed.text("detail")).isEqualTo("trigger_type: must be webhook, api or retry.");

    var redriven =
        rig.owner
            .client()
            .post("/v1/redrives", Map.of("filter", Map.of("trigger_type", "Webhook")));
    assertThat(redriven.status()).isEqualTo(400);
    assertThat(redriven.text("detail"))
        .isEqualTo("/filter/trigger_type: must be webhook, api or retry.");

    var unknown = UUID.randomUUID();
    var executions = rig.owner.client().get("/v1/workflows/" + unknown + "/executions");
    assertThat(executions.status()).isEqualTo(404);
    assertThat(executions.text("detail")).isEqualTo("No workflow " + unknown + ".");
  }

  @Test
  void half_of_a_character_fails_the_step_that_would_send_it_and_is_never_changed_in_silence() {
    var url = receiver.url("/");
    var refused =
        Map.of(
            "\"url\": \"='" + url + "' & trigger.body.half\"", "blocked",
            "\"url\": \"" + url + "\", \"headers\": {\"X-A\": \"=trigger.body.half\"}", "blocked",
            "\"url\": \"" + url + "\", \"query\": {\"a\": \"=trigger.body.half\"}", "mapping",
            "\"url\": \"" + url + "\", \"query\": {\"a\": [\"b\", \"=trigger.body.half\"]}",
                "mapping",
            "\"url\": \"" + url + "\", \"body\": \"='x' & trigger.body.half\"", "mapping");
    refused.forEach(
        (config, code) -> {
          var ended = halved(config);

          assertThat(ended.at("/outcome").asString()).as(config).isEqualTo(code);
          assertThat(ended.at("/error_step").asString()).as(config).isEqualTo("call");
          if (!config.contains("headers")) {
            assertThat(ended.at("/error").asString()).as(config).contains("half of a character");
          }
        });
    assertThat(receiver.calls).isEmpty();

    // JSON can write it, and says what it is.
    var sent = halved("\"url\": \"" + url + "\", \"body\": {\"a\": \"=trigger.body.half\"}");

    assertThat(sent.at("/status").asString()).isEqualTo("success");
    assertThat(receiver.calls.getFirst().body()).isEqualTo("{\"a\":\"\\ud83d\"}");
  }

  @Test
  void half_of_a_character_is_in_no_answer_as_another_one() {
    var workflow =
        workflow(
            "{\"respond\": \"respond_step\"}",
            "{\"id\": \"answer\", \"type\": \"respond\", \"config\": {\"body\": \"=trigger.body.half\"}}",
            "{\"from\": \"hook\", \"to\": \"answer\"}");

    var answer = rig.call(workflow, "{\"half\": \"\\ud83d\"}");

    assertThat(answer.status()).isEqualTo(502);
    assertThat(answer.text("code")).isEqualTo("bad_gateway");
  }

  @Test
  void a_branch_takes_its_first_case_that_holds_and_what_is_not_reached_is_not_run() {
    var workflow =
        workflow(
            """
            {"id": "which", "type": "branch", "config": {"cases": [
              {"name": "big", "when": "=trigger.body.n > 10"},
              {"name": "odd", "when": "=trigger.body.n % 2 = 1"}], "otherwise": "rest"}},
            {"id": "big", "type": "set", "config": {"values": {"a": 1}}},
            {"id": "odd", "type": "set", "config": {"values": {"a": 2}}},
            {"id": "rest", "type": "set", "config": {"values": {"a": 3}}},
            {"id": "join", "type": "set", "config": {"values": {"a": 4}}}
            """,
            """
            {"from": "hook", "to": "which"}, {"from": "which", "to": "big", "case": "big"},
            {"from": "which", "to": "odd", "case": "odd"}, {"from": "which", "to": "rest", "case": "rest"},
            {"from": "big", "to": "join"}, {"from": "odd", "to": "join"}, {"from": "rest", "to": "join"}
            """);

    assertThat(steps(run(workflow, Map.of("n", 11)))).containsExactly("which", "big", "join");
    assertThat(steps(run(workflow, Map.of("n", 5)))).containsExactly("which", "odd", "join");
    assertThat(steps(run(workflow, Map.of("n", 4)))).containsExactly("which", "rest", "join");
  }

  @Test
  void a_respond_step_answers_the_caller_with_what_it_maps() {
    var workflow =
        workflow(
            "{\"respond\": \"respond_step\"}",
            """
            {"id": "answer", "type": "respond", "config": {"status": 203,
              "headers": {"X-Order": "=$string(trigger.body.n)", "Set-Cookie": "a=b",
                "Clear-Site-Data": "*"}, "body": {"twice": "=trigger.body.n * 2"}}}
            """,
            "{\"from\": \"hook\", \"to\": \"answer\"}");

    var answer = rig.call(workflow, Map.of("n", 21));

    assertThat(answer.status()).as(answer.response().body()).isEqualTo(203);
    assertThat(answer.header("X-Order")).isEqualTo("21");
    assertThat(answer.header("Set-Cookie")).isEmpty();
    assertThat(answer.header("Clear-Site-Data")).isEmpty();
    assertThat(String.join(" ", answer.response().headers().allValues("Content-Security-Policy")))
        .contains("sandbox");
    assertThat(answer.response().body()).isEqualTo("{\"twice\":42}");
    assertThat(
            rig.ended(UUID.fromString(answer.header("Clarity-Execution-Id")))
                .at("/status")
                .asString())
        .isEqualTo("success");
  }

  @Test
  void as_many_headers_as_a_respond_step_may_have_are_sent_beside_the_server_s_own() {
    var headers = headers(50, 4_096);

    var answer = rig.call(answering(headers), Map.of());

    assertThat(answer.status()).as(answer.response().body()).isEqualTo(203);
    headers.forEach((name, value) -> assertThat(answer.header(name)).as(name).isEqualTo(value));
    assertThat(answer.header("Clarity-Execution-Id")).isNotBlank();
    assertThat(answer.header("X-Frame-Options")).isEqualTo("DENY");
  }

  @Test
  void more_headers_than_an_answer_holds_fail_the_respond_step_and_its_caller_hears_so() {
    for (var headers :
        List.of(headers(1, 4_097), headers(50, 4_097), headers(51, 1_000), headers(3, 9_000))) {
      var answer = rig.call(answering(headers), Map.of());

      assertThat(answer.status()).isEqualTo(502);
      assertThat(answer.text("code")).isEqualTo("bad_gateway");
      var named = answer.text("detail").replaceFirst("The execution (\\S+) did not.*", "$1");
      var ended = rig.ended(UUID.fromString(named));
      assertThat(ended.at("/outcome").asString()).isEqualTo("headers_too_large");
      assertThat(ended.at("/error_step").asString()).isEqualTo("answer");
      assertThat(ended.at("/error").asString()).contains("50").contains("4096");
    }
  }

  @Test
  void what_a_proxy_in_front_would_obey_is_kept_back_from_an_answer() {
    var obeyed =
        List.of(
            "X-Accel-Redirect",
            "x-accel-buffering",
            "X-Sendfile",
            "X-SENDFILE2",
            "X-LIGHTTPD-send-file",
            "X-LIGHTTPD-send-tempfile",
            "X-Reproxy-URL",
            "X-REPROXY-FILE",
            "X-LiteSpeed-Location",
            "x-envoy-immediate-health-check-fail");
    var headers = new LinkedHashMap<String, String>();
    obeyed.forEach(name -> headers.put(name, "/internal/secret"));
    headers.put("X-Order", "7");

    var answer = rig.call(answering(headers), Map.of());

    assertThat(answer.status()).isEqualTo(203);
    assertThat(answer.header("X-Order")).isEqualTo("7");
    for (var name : obeyed) {
      assertThat(answer.header(name)).as(name).isEmpty();
    }
  }

  @Test
  void a_caller_is_told_of_an_execution_that_ends_without_an_answer() {
    var workflow =
        workflow(
            "{\"respond\": \"respond_step\"}",
            """
            {"id": "which", "type": "branch", "config": {"cases": [{"name": "yes", "when": "=trigger.body.n = 1"}]}},
            {"id": "answer", "type": "respond", "config": {}}
            """,
            "{\"from\": \"hook\", \"to\": \"which\"}, {\"from\": \"which\", \"to\": \"answer\", \"case\": \"yes\"}");

    var answer = rig.call(workflow, Map.of("n", 2));

    assertThat(answer.status()).isEqualTo(502);
    assertThat(answer.text("code")).isEqualTo("bad_gateway");
  }

  @Test
  void a_fail_step_ends_the_execution_with_its_message() {
    var ended =
        run(
            workflow(
                "{\"id\": \"no\", \"type\": \"fail\", \"config\": {\"message\": \"='No stock for ' & trigger.body.sku\"}}",
                "{\"from\": \"hook\", \"to\": \"no\"}"),
            Map.of("sku", "A-1"));

    assertThat(ended.at("/status").asString()).isEqualTo("failed");
    assertThat(ended.at("/outcome").asString()).isEqualTo("fail");
    assertThat(ended.at("/error").asString()).isEqualTo("No stock for A-1");
  }

  @Test
  void an_expression_that_cannot_be_evaluated_fails_its_step_and_says_where() {
    var ended =
        run(
            workflow(
                "{\"id\": \"sum\", \"type\": \"set\", \"config\": {\"values\": {\"a\": \"=trigger.body.n + 1\"}}}",
                "{\"from\": \"hook\", \"to\": \"sum\"}"),
            Map.of("n", "x"));

    assertThat(ended.at("/outcome").asString()).isEqualTo("expression_type");
    assertThat(ended.at("/error_step").asString()).isEqualTo("sum");
    assertThat(ended.at("/error").asString())
        .startsWith("In /steps/0/config/values/a, at character 16: ");
  }

  @Test
  void a_condition_that_cannot_be_evaluated_is_named_by_its_place_in_the_document() {
    var ended =
        run(
            workflow(
                """
                {"id": "vars", "type": "set", "config": {"values": {}}},
                {"id": "which", "type": "branch", "config": {"cases": [
                  {"name": "never", "when": "=trigger.body.n = 1"},
                  {"name": "big", "when": "=$number(trigger.body.n) > 10"}]}},
                {"id": "after", "type": "set", "config": {"values": {}}}
                """,
                """
                {"from": "hook", "to": "vars"}, {"from": "vars", "to": "which"},
                {"from": "which", "to": "after", "case": "never"},
                {"from": "which", "to": "after", "case": "big"}
                """),
            Map.of("n", "x"));

    assertThat(ended.at("/error_step").asString()).isEqualTo("which");
    assertThat(ended.at("/error").asString())
        .startsWith("In /steps/1/config/cases/1/when, at character ");
  }

  @Test
  void fields_that_a_workflow_names_are_in_no_glimpse() {
    var workflow =
        rig.publish(
            """
            {"name": "Secretive", "settings": {"redact": ["trigger.body.password", "steps.keep.pin"]},
             "triggers": [{"id": "hook", "type": "webhook"}],
             "steps": [{"id": "keep", "type": "set", "input": {"password": "=trigger.body.password"},
               "config": {"values": {"pin": "=trigger.body.password", "length": "=$length(trigger.body.password)",
                "copy": "='as ' & trigger.body.password"}}}],
             "edges": [{"from": "hook", "to": "keep"}]}
            """);

    var ended = run(workflow, Map.of("password", "correct-horse"));

    assertThat(log(ended).toString()).doesNotContain("correct-horse").contains("[redacted]");
    assertThat(line(ended, "keep", "succeeded").at("/output").asString())
        .isEqualTo("{\"pin\":\"[redacted]\",\"length\":13,\"copy\":\"as [redacted]\"}");
  }

  // What the tests share.

  private String call(String more) {
    return "{\"id\": \"call\", \"type\": \"http_request\", \"config\": {\"method\": \"POST\", \"url\": \""
        + receiver.url("/")
        + "\", \"body\": {}}"
        + more
        + "}";
  }

  private Workflow calling(String more) {
    return workflow(call(more), "{\"from\": \"hook\", \"to\": \"call\"}");
  }

  private Workflow asking(String onUnknown, String more) {
    return workflow(
        "{\"id\": \"call\", \"type\": \"http_request\", \"config\": {\"method\": \"POST\", \"url\": \""
            + receiver.url("/")
            + "\", \"on_unknown\": \""
            + onUnknown
            + "\"}"
            + more
            + "}",
        "{\"from\": \"hook\", \"to\": \"call\"}");
  }

  /// So many headers, with so many characters of names and values.
  private static Map<String, String> headers(int count, int characters) {
    var headers = new LinkedHashMap<String, String>();
    for (var i = 0; i < count; i++) {
      var name = "X-H" + i;
      var share = characters / count + (i < characters % count ? 1 : 0);
      headers.put(name, "v".repeat(share - name.length()));
    }
    return headers;
  }

  private static Workflow answering(Map<String, String> headers) {
    return workflow(
        "{\"respond\": \"respond_step\"}",
        "{\"id\": \"answer\", \"type\": \"respond\", \"config\": {\"status\": 203, \"headers\": "
            + EngineRig.JSON.writeValueAsString(headers)
            + "}}",
        "{\"from\": \"hook\", \"to\": \"answer\"}");
  }

  /// How a POST of this configuration ended, when it was called with half of a character.
  private static JsonNode halved(String config) {
    var called =
        rig.call(
            workflow(
                "{\"id\": \"call\", \"type\": \"http_request\", \"config\": {\"method\": \"POST\", "
                    + config
                    + "}}",
                "{\"from\": \"hook\", \"to\": \"call\"}"),
            "{\"half\": \"\\ud83d\"}");
    return rig.ended(UUID.fromString(called.text("execution_id")));
  }

  private static Workflow workflow(String steps, String edges) {
    return workflow("{}", steps, edges);
  }

  private static Workflow workflow(String webhook, String steps, String edges) {
    return rig.publish(
        "{\"name\": \"Steps\", \"triggers\": [{\"id\": \"hook\", \"type\": \"webhook\", \"config\": "
            + webhook
            + "}], \"steps\": ["
            + steps
            + "], \"edges\": ["
            + edges
            + "]}");
  }

  private static UUID start(Workflow workflow) {
    return UUID.fromString(rig.call(workflow, Map.of()).text("execution_id"));
  }

  private static JsonNode run(Workflow workflow, Map<String, Object> body) {
    var called = rig.call(workflow, body);
    assertThat(called.status()).as(called.response().body()).isEqualTo(202);
    return rig.ended(UUID.fromString(called.text("execution_id")));
  }

  private static JsonNode log(JsonNode execution) {
    return rig.owner
        .client()
        .get("/v1/executions/" + execution.at("/id").asString() + "/logs")
        .body()
        .at("/data");
  }

  private static java.util.List<String> steps(JsonNode execution) {
    return StreamSupport.stream(log(execution).spliterator(), false)
        .filter(line -> line.at("/kind").asString().equals("succeeded"))
        .map(line -> line.at("/step").asString())
        .toList();
  }

  private static JsonNode line(JsonNode execution, String step, String kind) {
    return StreamSupport.stream(log(execution).spliterator(), false)
        .filter(line -> line.at("/step").asString("").equals(step))
        .filter(line -> line.at("/kind").asString().equals(kind))
        .findFirst()
        .orElseThrow(() -> new AssertionError(log(execution).toString()));
  }
}
