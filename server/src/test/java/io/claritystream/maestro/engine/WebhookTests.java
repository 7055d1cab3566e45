package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class WebhookTests {
  private static EngineRig rig;

  @BeforeAll
  static void starts() {
    rig = EngineRig.start(Map.of());
  }

  @AfterAll
  static void ends() {
    rig.close();
  }

  private static EngineRig.Workflow echo() {
    return rig.publish(
        """
        {"name": "Echo", "triggers": [{"id": "hook", "type": "webhook"}],
         "steps": [{"id": "finish", "type": "set", "config": {"values": {"a": "=trigger.body.a"}}}],
         "edges": [{"from": "hook", "to": "finish"}]}
        """);
  }

  @Test
  void an_answer_is_as_safe_for_browsers_as_any_other() {
    var called = rig.call(echo(), Map.of("a", 1)).response();

    assertThat(called.statusCode()).as(called.body()).isEqualTo(202);
    var headers = called.headers();
    assertThat(headers.firstValue("Content-Type")).hasValue("application/json");
    assertThat(headers.allValues("Cache-Control")).containsExactly("no-store");
    assertThat(headers.firstValue("X-Content-Type-Options")).hasValue("nosniff");
    assertThat(headers.firstValue("Content-Security-Policy")).isPresent();
    assertThat(headers.firstValue("X-Request-Id")).isPresent();
  }

  @Test
  void an_address_spelled_in_another_way_leads_to_the_same() {
    var hook = echo().hook();
    var path = hook.substring(hook.indexOf("/hooks/")).replace("/hooks/w", "/hooks/%77");

    var called = rig.server.client().post(path, Map.of("a", 1));

    assertThat(called.status()).as(called.response().body()).isEqualTo(202);
  }

  @Test
  void an_address_that_leads_nowhere_is_a_problem() {
    var called = rig.server.client().post("/hooks/whk_" + "a".repeat(43), Map.of());

    assertThat(called.status()).isEqualTo(404);
    assertThat(called.text("code")).isEqualTo("not_found");
  }

  @Test
  void a_body_beyond_the_limit_of_the_webhook_is_a_problem() {
    var called = rig.call(echo(), Map.of("a", "x".repeat(300_000)));

    assertThat(called.status()).isEqualTo(413);
    assertThat(called.text("code")).isEqualTo("payload_too_large");
  }

  @Test
  void a_body_that_is_no_json_is_told_by_its_place_and_not_by_its_parser() {
    var workflow = echo();
    Map.of(
            "{\"a\": 1} x",
            "The body is not JSON at line 1, column 10.",
            "{\"a\": 1} {}",
            "The body has something after the value, at line 1, column 10.",
            "{\"a\": 1,\n \"a\": 2}",
            "The body has a key twice, before line 2, column 5.",
            "{\"a\": 1,\n \"b\" 2}",
            "The body is not JSON at line 2, column 6.",
            "{\"a\":",
            "The body is not JSON at line 1, column 6.",
            "[".repeat(600),
            "The body is nested too deeply, or holds a name or number too long.")
        .forEach(
            (body, detail) -> {
              var called = rig.call(workflow, body);

              assertThat(called.status()).as(body).isEqualTo(400);
              assertThat(called.text("code")).as(body).isEqualTo("malformed_json");
              assertThat(called.text("detail")).as(body).isEqualTo(detail);
            });
  }

  @Test
  void a_number_that_nothing_holds_is_refused_by_its_place() {
    var called = rig.call(echo(), "{\"a\": [0, 1e400]}");

    assertThat(called.status()).as(called.response().body()).isEqualTo(400);
    assertThat(called.text("code")).isEqualTo("validation_failed");
    assertThat(called.text("errors.0.pointer")).isEqualTo("/a/1");
    assertThat(called.text("errors.0.message")).contains("as a text");
  }

  @Test
  void a_workflow_says_itself_how_long_its_answer_may_be_kept() {
    var workflow =
        rig.publish(
            """
            {"name": "Answers", "triggers": [{"id": "hook", "type": "webhook", "config": {"respond": "respond_step"}}],
             "steps": [{"id": "answer", "type": "respond",
               "config": {"status": 203, "headers": {"Cache-Control": "max-age=60", "X-Total": "7"}, "body": {"b": "=trigger.body.a"}}}],
             "edges": [{"from": "hook", "to": "answer"}]}
            """);

    var called = rig.call(workflow, Map.of("a", 7)).response();

    assertThat(called.statusCode()).as(called.body()).isEqualTo(203);
    assertThat(called.body()).isEqualTo("{\"b\":7}");
    assertThat(called.headers().allValues("Cache-Control")).containsExactly("max-age=60");
    assertThat(called.headers().firstValue("X-Total")).hasValue("7");
  }
}
