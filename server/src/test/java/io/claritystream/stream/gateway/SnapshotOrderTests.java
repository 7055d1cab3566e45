package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.ApiClient;
import io.claritystream.protocol.link.AgentFrame;
import io.claritystream.protocol.link.PlatformFrame;
import io.claritystream.protocol.link.SnapshotOrder;
import io.claritystream.protocol.link.SnapshotState;
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
      assertThat(second.text("detail")).contains("taken when the agent is back");

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
  void whatCannotBeOrderedIsRefusedInWords() {
    try (TestAgent agent = link.pairedAgent()) {
      String source = agent.register("refused", "1/refused").getSourceId();
      assertThat(order(source, "{\"tables\": [\"public.nothing\"]}").status()).isEqualTo(400);
      assertThat(order(source, "{\"tables\": [\"\"]}").status()).isEqualTo(400);
      ApiClient stranger = link.server.client().register("curious@example.com").client();
      assertThat(stranger.get("/v1/sources/" + source + "/snapshots").status()).isEqualTo(404);
      assertThat(stranger.send("POST", "/v1/sources/" + source + "/snapshots", "{}").status())
          .isEqualTo(404);
      agent.remove(source);
      assertThat(order(source, "{}").status()).isEqualTo(409);
      assertThat(snapshots(source)).isEmpty();
    }
  }

  private static ApiClient.Answer order(String source, String body) {
    return link.person.send(
        "POST", "/v1/sources/" + source + "/snapshots", body.isEmpty() ? "{}" : body);
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
