package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
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
    var execution = waiting();
    receiver.does(call -> new Receiver.Reply(200, "{}"));
    hold(List.of(execution), lostBefore);
    return execution;
  }

  private UUID start(EngineRig.Workflow workflow) {
    var started =
        rig.owner
            .client()
            .post("/v1/workflows/" + workflow.id() + "/executions", Map.of("input", 1));
    assertThat(started.status()).as(started.response().body()).isEqualTo(202);
    return UUID.fromString(started.body().at("/execution_ids/0").asString());
  }

  private UUID waiting() {
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
    var execution = start(workflow);
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
    return execution;
  }

  /// A process held them that has just been lost.
  private void hold(List<UUID> executions, int lostBefore) {
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
            WHERE execution_id = ANY (:ids)
            """)
        .param("before", lostBefore)
        .param("ids", executions.toArray(UUID[]::new))
        .update();
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

  @Test
  void of_executions_with_which_processes_were_lost_a_process_runs_one_at_a_time()
      throws Exception {
    var under = new AtomicInteger();
    var most = new AtomicInteger();
    var release = new CountDownLatch(1);
    var executions = new ArrayList<UUID>();
    for (var i = 0; i < 3; i++) {
      executions.add(waiting());
    }
    receiver.calls.clear();
    receiver.does(
        call -> {
          most.accumulateAndGet(under.incrementAndGet(), Math::max);
          try {
            release.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          under.decrementAndGet();
          return new Receiver.Reply(200, "{}");
        });
    hold(executions, Claims.SUSPECT_FROM);
    // Others of the tenant are not kept back.
    await("one is run").atMost(Duration.ofSeconds(30)).until(() -> !receiver.calls.isEmpty());
    var workflow =
        rig.publish(
            """
            {"name": "Sets", "triggers": [{"id": "api", "type": "api"}],
             "steps": [{"id": "set", "type": "set", "config": {"values": {"a": 1}}}],
             "edges": [{"from": "api", "to": "set"}]}
            """);
    for (var i = 0; i < 3; i++) {
      assertThat(rig.ended(start(workflow)).at("/status").asString()).isEqualTo("success");
    }
    assertThat(receiver.calls).hasSize(1);
    release.countDown();
    for (var execution : executions) {
      assertThat(rig.ended(execution).at("/status").asString()).isEqualTo("success");
    }
    assertThat(most).hasValue(1);
  }

  /// The database refuses an end that nobody waits for, which must not be forgotten.
  @Test
  void an_end_that_is_refused_is_tried_again() {
    var database = rig.server.database().superuser();
    database.sql("CREATE SEQUENCE maestro.refused").update();
    database.sql("GRANT USAGE ON SEQUENCE maestro.refused TO PUBLIC").update();
    database
        .sql(
            """
            CREATE FUNCTION maestro.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF new.outcome = 'process_lost' THEN
                PERFORM nextval('maestro.refused');
                RAISE EXCEPTION 'refused';
              END IF;
              RETURN new;
            END $$
            """)
        .update();
    database
        .sql(
            """
            CREATE TRIGGER refuses BEFORE INSERT ON maestro.execution_ended
            FOR EACH ROW EXECUTE FUNCTION maestro.refuse()
            """)
        .update();
    var execution = heldByALostProcess(EngineNode.TAKEOVERS_MAX - 1);
    await("it was refused")
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                database
                    .sql("SELECT is_called FROM maestro.refused")
                    .query(Boolean.class)
                    .single());
    database.sql("DROP TRIGGER refuses ON maestro.execution_ended").update();
    assertThat(rig.ended(execution).at("/outcome").asString()).isEqualTo("process_lost");
  }
}
