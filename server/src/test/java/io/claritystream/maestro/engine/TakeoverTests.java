package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// What becomes of executions whose processes are lost again and again.
class TakeoverTests {
  private EngineRig rig;
  private Receiver receiver;

  @BeforeEach
  void begin() {
    rig = EngineRig.start(Map.of("clarity.maestro.lease-term", "2s"));
    receiver = new Receiver();
  }

  @AfterEach
  void end() {
    receiver.close();
    rig.close();
  }

  /// An execution waits for another try; then a process that has just been lost holds it.
  private UUID heldByALostProcess(int lostBefore) {
    receiver.does(call -> new Receiver.Reply(503, "{}"));
    var workflow =
        rig.publish(
            """
            {"name": "Calls", "triggers": [{"id": "api", "type": "api"}],
             "steps": [
               {"id": "set", "type": "set", "config": {"values": {"a": 1}}},
               {"id": "call", "type": "http_request", "config": {"method": "POST", "url": "%s"},
                "retry": {"count": 3, "backoff_ms": 600000, "backoff_max_ms": 600000, "on": ["http_5xx"]}}],
             "edges": [{"from": "api", "to": "set"}, {"from": "set", "to": "call"}]}
            """
                .formatted(receiver.url("/")));
    var started =
        rig.owner
            .client()
            .post("/v1/workflows/" + workflow.id() + "/executions", Map.of("input", 1));
    assertThat(started.status()).as(started.response().body()).isEqualTo(202);
    var execution = UUID.fromString(started.body().at("/execution_ids/0").asString());
    await("it waits")
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                rig.owner
                    .client()
                    .get("/v1/executions/" + execution)
                    .body()
                    .at("/status")
                    .asString("")
                    .equals("waiting"));
    receiver.does(call -> new Receiver.Reply(200, "{}"));
    rig.server
        .database()
        .superuser()
        .sql(
            """
            WITH lost AS (
              INSERT INTO maestro.node (name, started_at, expires_at)
              VALUES ('lost', now() - interval '1 h', now() - interval '1 min') RETURNING node_id)
            UPDATE maestro.execution_open SET status = 'running', waiting_for = NULL, ready_at = now(),
              takeovers = :before, node_id = (SELECT node_id FROM lost)
            WHERE execution_id = :id
            """)
        .param("before", lostBefore)
        .param("id", execution)
        .update();
    return execution;
  }

  private JsonNode endOf(int lostBefore) {
    return rig.ended(heldByALostProcess(lostBefore));
  }

  @Test
  void an_execution_is_gone_on_with_after_its_ninth_process_was_lost() {
    var ended = endOf(EngineNode.TAKEOVERS_MAX - 2);
    assertThat(ended.at("/status").asString()).as(ended.toString()).isEqualTo("success");
    assertThat(receiver.calls).hasSize(2);
  }

  @Test
  void an_execution_with_which_ten_processes_were_lost_fails_and_is_not_run_again() {
    var ended = endOf(EngineNode.TAKEOVERS_MAX - 1);
    assertThat(ended.at("/status").asString()).as(ended.toString()).isEqualTo("failed");
    assertThat(ended.at("/outcome").asString()).isEqualTo("process_lost");
    assertThat(ended.at("/steps_done").intValue()).isEqualTo(1);
    assertThat(receiver.calls).as("one try, before").hasSize(1);
    var id = ended.at("/id").asString(ended.at("/execution_id").asString(""));
    assertThat(rig.owner.client().get("/v1/executions/" + id + "/logs").response().body())
        .contains("10 processes were lost");
  }
}
