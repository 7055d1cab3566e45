package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.ApiClient;
import io.claritystream.protocol.link.AgentFrame;
import io.claritystream.protocol.link.PlatformFrame;
import io.claritystream.protocol.link.SnapshotOrder;
import io.claritystream.protocol.link.SnapshotState;
import io.claritystream.stream.source.SourceSnapshots;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// A snapshot that a person orders on the platform.
class SnapshotOrderTests {
  private static TestLink link;

  @BeforeAll
  static void start() {
    link = TestLink.start();
  }

  @AfterAll
  static void stop() {
    link.close();
  }

  @Test
  void anOrderWaitsForAnAgentThatIsAwayAndIsSaidUntilItHasEnded() {
    try (TestAgent agent = link.pairedAgent()) {
      String source = agent.register("ordered", "1/ordered").getSourceId();
      ApiClient.Answer answer = order(source, "");
      assertThat(answer.status()).isEqualTo(202);
      assertThat(answer.text("state")).isEqualTo("asked");
      String id = answer.text("id");
      ApiClient.Answer second = order(source, "{\"tables\": []}");
      assertThat(second.status()).isEqualTo(409);
      assertThat(second.text("detail")).contains("taken when the agent is back; or cancel it");

      try (TestAgent.Stream stream = agent.stream(source)) {
        stream.open();
        assertThat(ordered(stream).getOrderId()).isEqualTo(id);
        tell(stream, id, SnapshotState.Stage.RUNNING, "");
        awaitState(source, "running");
        // A stream that was cut before the end was told.
      }
      try (TestAgent.Stream stream = agent.stream(source)) {
        stream.open();
        assertThat(ordered(stream).getOrderId()).isEqualTo(id);
        tell(stream, id, SnapshotState.Stage.DONE, "");
        awaitState(source, "done");
        assertThat(snapshots(source).get(0).get("tables_done").asInt()).isEqualTo(2);
        assertThat(snapshots(source).get(0).get("ended_at").isNull()).isFalse();
        // What has ended stays so.
        tell(stream, id, SnapshotState.Stage.RUNNING, "");

        assertThat(order(source, "").status()).isEqualTo(202);
        String another = ordered(stream, id).getOrderId();
        tell(stream, another, SnapshotState.Stage.FAILED_FOR_GOOD, "not captured: public.x");
        awaitState(source, "failed");
        assertThat(snapshots(source).get(0).get("reason").asString()).contains("public.x");
        assertThat(snapshots(source).get(1).get("state").asString()).isEqualTo("done");
      }
    }
  }

  @Test
  void anOrderThatIsGivenUpMakesRoomForAnotherAndIsNotSaidAnyMore() {
    try (TestAgent agent = link.pairedAgent()) {
      String source = agent.register("given up", "1/given-up").getSourceId();
      String first = order(source, "").text("id");
      ApiClient.Answer cancelled = cancel(source, first);
      assertThat(cancelled.status()).isEqualTo(200);
      assertThat(cancelled.text("state")).isEqualTo("cancelled");
      assertThat(cancelled.body().get("ended_at").isNull()).isFalse();

      String second = order(source, "").text("id");
      try (TestAgent.Stream stream = agent.stream(source)) {
        stream.open();
        assertThat(ordered(stream).getOrderId()).isEqualTo(second);
        tell(stream, second, SnapshotState.Stage.RUNNING, "");
        awaitState(source, "running");
        assertThat(cancel(source, second).text("state")).isEqualTo("cancelled");
        // The agent does not know, and what it tells changes nothing.
        tell(stream, second, SnapshotState.Stage.DONE, "");
        String third = order(source, "").text("id");
        assertThat(ordered(stream, second).getOrderId()).isEqualTo(third);
        tell(stream, third, SnapshotState.Stage.DONE, "");
        awaitState(source, "done");
        assertThat(cancel(source, third).text("state")).isEqualTo("done");
        assertThat(snapshots(source).get(1).get("state").asString()).isEqualTo("cancelled");
      }
      assertThat(acts(source, "source.snapshot_cancelled"))
          .containsExactlyInAnyOrder(first, second);
    }
  }

  @Test
  void anOrderThatNoAgentBeginsForAWeekExpires() {
    try (TestAgent agent = link.pairedAgent();
        TestAgent busy = link.pairedAgent()) {
      String source = agent.register("forgotten", "1/forgotten").getSourceId();
      String forgotten = order(source, "").text("id");
      String begun = busy.register("begun", "1/begun").getSourceId();
      String running = order(begun, "").text("id");
      try (TestAgent.Stream stream = busy.stream(begun)) {
        stream.open();
        tell(stream, running, SnapshotState.Stage.RUNNING, "");
        awaitState(begun, "running");
      }
      link.server.bean(SourceSnapshots.class).expire();
      assertThat(snapshots(source).get(0).get("state").asString()).isEqualTo("asked");
      link.server
          .database()
          .superuser()
          .sql("UPDATE control.source_snapshot SET requested_at = requested_at - interval '7 days'")
          .update();
      link.server.bean(SourceSnapshots.class).expire();

      JsonNode expired = snapshots(source).get(0);
      assertThat(expired.get("state").asString()).isEqualTo("expired");
      assertThat(expired.get("reason").asString()).contains("Order it again");
      assertThat(expired.get("ended_at").isNull()).isFalse();
      assertThat(acts(source, "source.snapshot_expired")).containsExactly(forgotten);
      assertThat(snapshots(begun).get(0).get("state").asString()).isEqualTo("running");
      assertThat(order(source, "").status()).isEqualTo(202);
    }
  }

  @Test
  void aRunningOneExpiresWhenItsAgentSaysNothingOfItForAWeek() {
    try (TestAgent agent = link.pairedAgent()) {
      String source = agent.register("silent", "1/silent").getSourceId();
      String id = order(source, "").text("id");
      try (TestAgent.Stream stream = agent.stream(source)) {
        stream.open();
        tell(stream, id, SnapshotState.Stage.RUNNING, "");
        awaitState(source, "running");
        unheard(id, "8 days");
        // It is heard of again, with nothing new.
        tell(stream, id, SnapshotState.Stage.RUNNING, "");
        await().until(() -> heardWithin(id, "1 hour"));
        link.server.bean(SourceSnapshots.class).expire();
        assertThat(snapshots(source).get(0).get("state").asString()).isEqualTo("running");

        unheard(id, "8 days");
        link.server.bean(SourceSnapshots.class).expire();
        JsonNode expired = snapshots(source).get(0);
        assertThat(expired.get("state").asString()).isEqualTo("expired");
        assertThat(expired.get("reason").asString()).contains("said nothing of it for 7 days");
        assertThat(acts(source, "source.snapshot_expired")).containsExactly(id);

        // The agent comes too late with it, and another one can be ordered.
        tell(stream, id, SnapshotState.Stage.DONE, "");
        String another = order(source, "").text("id");
        assertThat(ordered(stream, id).getOrderId()).isEqualTo(another);
        tell(stream, another, SnapshotState.Stage.DONE, "");
        awaitState(source, "done");
        assertThat(snapshots(source).get(1).get("state").asString()).isEqualTo("expired");
      }
    }
  }

  private static void unheard(String snapshot, String ago) {
    link.server
        .database()
        .superuser()
        .sql(
            """
            UPDATE control.source_snapshot SET told_at = now() - CAST(:ago AS interval)
            WHERE snapshot_id = CAST(:snapshot AS uuid)
            """)
        .param("ago", ago)
        .param("snapshot", snapshot)
        .update();
  }

  private static boolean heardWithin(String snapshot, String ago) {
    return link.server
        .database()
        .superuser()
        .sql(
            """
            SELECT told_at > now() - CAST(:ago AS interval) FROM control.source_snapshot
            WHERE snapshot_id = CAST(:snapshot AS uuid)
            """)
        .param("ago", ago)
        .param("snapshot", snapshot)
        .query(Boolean.class)
        .single();
  }

  @Test
  void whatCannotBeOrderedIsRefusedInWords() {
    try (TestAgent agent = link.pairedAgent()) {
      String source = agent.register("refused", "1/refused").getSourceId();
      assertThat(order(source, "{\"tables\": [\"public.nothing\"]}").status()).isEqualTo(400);
      assertThat(order(source, "{\"tables\": [\"\"]}").status()).isEqualTo(400);
      ApiClient stranger = link.server.client().register("curious@example.com").client();
      assertThat(stranger.get("/v1/sources/" + source + "/snapshots").status()).isEqualTo(404);
      assertThat(stranger.send("POST", "/v1/sources/" + source + "/snapshots", "{}").status())
          .isEqualTo(404);
      String ordered = order(source, "{}").text("id");
      assertThat(cancel(source, UUID.randomUUID().toString()).status()).isEqualTo(404);
      assertThat(
              stranger
                  .send("POST", "/v1/sources/" + source + "/snapshots/" + ordered + "/cancel", null)
                  .status())
          .isEqualTo(404);
      assertThat(cancel(source, ordered).text("state")).isEqualTo("cancelled");
      agent.remove(source);
      assertThat(order(source, "{}").status()).isEqualTo(409);
      assertThat(snapshots(source)).hasSize(1);
    }
  }

  private static ApiClient.Answer order(String source, String body) {
    return link.person.send(
        "POST", "/v1/sources/" + source + "/snapshots", body.isEmpty() ? "{}" : body);
  }

  private static ApiClient.Answer cancel(String source, String snapshot) {
    return link.person.send(
        "POST", "/v1/sources/" + source + "/snapshots/" + snapshot + "/cancel", null);
  }

  /// The snapshots that such entries of the audit log are about.
  private static List<String> acts(String source, String action) {
    return link.server
        .database()
        .superuser()
        .sql(
            """
            SELECT detail ->> 'snapshot' FROM control.audit_log
            WHERE subject_id = :source AND action = :action
            """)
        .param("source", source)
        .param("action", action)
        .query(String.class)
        .list();
  }

  private static SnapshotOrder ordered(TestAgent.Stream stream) {
    return ordered(stream, "");
  }

  /// The next order of another id.
  private static SnapshotOrder ordered(TestAgent.Stream stream, String than) {
    PlatformFrame frame = stream.next();
    while (!frame.hasSnapshotOrder() || frame.getSnapshotOrder().getOrderId().equals(than)) {
      frame = stream.next();
    }
    return frame.getSnapshotOrder();
  }

  private static void tell(
      TestAgent.Stream stream, String id, SnapshotState.Stage stage, String reason) {
    stream.send(
        AgentFrame.newBuilder()
            .setSnapshotState(
                SnapshotState.newBuilder()
                    .setOrderId(id)
                    .setStage(stage)
                    .setReason(reason)
                    .setTablesDone(2)
                    .setTablesTotal(2)));
  }

  private static void awaitState(String source, String state) {
    await().until(() -> snapshots(source).get(0).get("state").asString().equals(state));
  }

  private static JsonNode snapshots(String source) {
    return link.person.get("/v1/sources/" + source + "/snapshots").body().get("data");
  }
}
