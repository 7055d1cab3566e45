package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.base.db.TenantId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// How much a process holds; the rest waits in the database.
class RoomTests {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final int AT_ONCE = 2;
  private EngineRig rig;
  private Receiver receiver;
  private CountDownLatch answers;
  private Executions executions;
  private Executions.Start start;

  @BeforeEach
  void begin() {
    rig = EngineRig.start(Map.of());
    rig.server
        .database()
        .superuser()
        .sql("UPDATE control.plan SET executions_at_once_max = " + AT_ONCE)
        .update();
    receiver = new Receiver();
    answers = new CountDownLatch(1);
    receiver.does(
        call -> {
          try {
            answers.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return new Receiver.Reply(200, "1");
        });
    var workflow =
        rig.publish(
            """
            {"name": "Calls", "triggers": [{"id": "api", "type": "api"}],
             "steps": [{"id": "call", "type": "http_request", "timeout_ms": 120000, "config": {"method": "POST", "url": "%s"}}],
             "edges": [{"from": "api", "to": "call"}]}
            """
                .formatted(receiver.url("/")));
    executions = rig.server.bean(Executions.class);
    start =
        new Executions.Start(
            new TenantId(UUID.fromString(rig.owner.organizationId())),
            workflow.id(),
            1,
            "api",
            "api",
            null);
    await("it is a node").atMost(PATIENCE).until(() -> rig.server.bean(EngineNode.class).joined());
    take(AT_ONCE, 1);
    await("all that may run at once do").atMost(PATIENCE).until(() -> receiver.calls.size() == 2);
  }

  @AfterEach
  void end() {
    answers.countDown();
    receiver.close();
    rig.close();
  }

  private List<UUID> take(int count, Object payload) {
    return executions.start(start, Collections.nCopies(count, payload), null).stream()
        .map(Executions.Taken::execution)
        .toList();
  }

  private int held() {
    return rig.server
        .database()
        .superuser()
        .sql("SELECT count(*) FROM maestro.execution_open WHERE status = 'running'")
        .query(Integer.class)
        .single();
  }

  @Test
  void of_a_batch_each_is_held_only_if_there_is_room_for_it_too() {
    take(ReadySet.READY_OF_TENANT_MAX - 10, 1);
    take(ReadySet.READY_OF_TENANT_MAX, 1);
    assertThat(held()).isEqualTo(AT_ONCE + ReadySet.READY_OF_TENANT_MAX);
  }

  @Test
  void what_large_executions_hold_is_bounded_and_all_of_them_are_run_in_the_end() {
    var size = 1024 * 1024;
    var large = Map.of("body", "a".repeat(size));
    var all = new ArrayList<UUID>();
    for (var i = 0; i < 10; i++) {
      all.addAll(take(4, large));
    }
    var most = AT_ONCE + (int) (ReadySet.CHARS_OF_TENANT_MAX / size);
    assertThat(held()).as("one may wait for another's answer").isBetween(most - 2, most);
    answers.countDown();
    await("all have ended")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> {
              assertThat(held()).isLessThanOrEqualTo(most + AT_ONCE);
              return rig.server
                      .database()
                      .superuser()
                      .sql("SELECT count(*) FROM maestro.execution_ended WHERE status = 'success'")
                      .query(Integer.class)
                      .single()
                  == all.size() + AT_ONCE;
            });
  }
}
