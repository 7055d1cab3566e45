package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

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
}
