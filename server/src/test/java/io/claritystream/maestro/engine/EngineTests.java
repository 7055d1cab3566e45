package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient.Answer;
import java.util.Collections;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Executions over the API, from what starts them to their end.
class EngineTests {
  private static EngineRig rig;

  @BeforeAll
  static void begin() {
    rig = EngineRig.start(Map.of());
  }

  @AfterAll
  static void end() {
    rig.close();
  }

  @Test
  void a_webhook_starts_an_execution_that_goes_to_its_end() {
    var workflow =
        rig.publish(
            """
            {"name": "Sum", "triggers": [{"id": "hook", "type": "webhook"}],
             "steps": [
               {"id": "sum", "type": "transform", "config": {"expression": "{'total': trigger.body.a + trigger.body.b}"}},
               {"id": "finish", "type": "set", "config": {"values": {"total": "=steps.sum.total"}}}],
             "edges": [{"from": "hook", "to": "sum"}, {"from": "sum", "to": "finish"}]}
            """);

    var called = rig.call(workflow, Map.of("a", 2, "b", 3));

    assertThat(called.status()).as(called.response().body()).isEqualTo(202);
    var ended = rig.ended(UUID.fromString(called.text("execution_id")));
    assertThat(ended.at("/status").asString()).as(ended.toString()).isEqualTo("success");
    assertThat(ended.at("/steps_done").asInt()).isEqualTo(2);
  }

  @Test
  void an_input_with_a_number_that_nothing_holds_is_refused_by_its_place() {
    var workflow =
        rig.publish(
            """
            {"name": "Taken", "triggers": [{"id": "api", "type": "api"}],
             "steps": [{"id": "no", "type": "fail", "config": {"message": "No."}}],
             "edges": [{"from": "api", "to": "no"}]}
            """);
    var path = "/v1/workflows/" + workflow.id() + "/executions";
    var owner = rig.owner.client();

    Map.of(
            "{\"input\": {\"body\": {\"sums\": [1, -1e400]}}}",
            "/input/body/sums/1",
            "{\"inputs\": [1, {\"a~b\": 1e400}]}",
            "/inputs/1/a~0b")
        .forEach((body, pointer) -> refused(owner.post(path, body), pointer));
    var id = owner.post(path, "{\"input\": 1}").text("execution_ids.0");
    rig.ended(UUID.fromString(id));
    refused(
        owner.post(
            "/v1/executions/" + id + "/retry",
            "{\"from_step\": \"no\", \"outputs\": {\"no\": {\"n\": 1e400}}}"),
        "/outputs/no/n");
    refused(owner.post("/v1/executions/" + id + "/retry", "{\"input\": 1e400}"), "/input");
    refused(
        owner.post(
            "/v1/executions/" + id + "/resolve",
            "{\"decision\": \"succeeded\", \"output\": 1e400}"),
        "/output");
    refused(
        owner.post(
            "/v1/expressions/preview", "{\"expression\": \"1\", \"input\": {\"n\": [1e400]}}"),
        "/input/n/0");
  }

  @Test
  void a_batch_is_of_one_to_a_thousand() {
    var workflow =
        rig.publish(
            """
            {"name": "Batches", "triggers": [{"id": "api", "type": "api"}],
             "steps": [{"id": "no", "type": "fail", "config": {"message": "No."}}],
             "edges": [{"from": "api", "to": "no"}]}
            """);
    var path = "/v1/workflows/" + workflow.id() + "/executions";
    for (int many : new int[] {0, 1_001}) {
      var answer = rig.owner.client().post(path, Map.of("inputs", Collections.nCopies(many, 1)));
      assertThat(answer.status()).as("%d", many).isEqualTo(400);
      assertThat(answer.text("errors.0.pointer")).isEqualTo("/inputs");
    }
    var most = rig.owner.client().post(path, Map.of("inputs", Collections.nCopies(1_000, 1)));
    assertThat(most.status()).as(most.response().body()).isEqualTo(202);
    assertThat(most.body().at("/execution_ids").size()).isEqualTo(1_000);
  }

  private static void refused(Answer answer, String pointer) {
    assertThat(answer.status()).as(answer.response().body()).isEqualTo(400);
    assertThat(answer.text("code")).as(pointer).isEqualTo("validation_failed");
    assertThat(answer.text("errors.0.pointer")).isEqualTo(pointer);
    assertThat(answer.text("errors.0.message"))
        .isEqualTo("is larger than a number can be; send it as a text");
  }
}
