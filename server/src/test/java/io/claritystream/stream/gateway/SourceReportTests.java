package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.ApiClient;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.live.LiveHub;
import io.claritystream.base.live.LiveStream;
import io.claritystream.protocol.link.AgentFrame;
import io.claritystream.protocol.link.SnapshotProgress;
import io.claritystream.protocol.link.SourceState;
import io.claritystream.protocol.link.SourceStatus;
import io.claritystream.stream.source.SourceReports;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/// What an agent says of its source, and what people are shown of it.
class SourceReportTests extends StreamSpec {
  /// A gateway that lost a stream to another one may say so late, or wake up after the other began.
  @Test
  void whatAnOlderSessionLeavesDoesNotHideANewerOne() {
    SourceReports reports = link.server.bean(SourceReports.class);
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      stream.send(
          AgentFrame.newBuilder()
              .setStatus(SourceStatus.newBuilder().setState(SourceState.STREAMING)));
      await().atMost(DEADLINE).until(() -> shown().text("state").equals("streaming"));
      // As another gateway, with the next session, has written it.
      link.server
          .database()
          .superuser()
          .sql(
              """
              UPDATE control.source_status SET session = session + 1, state = 'snapshotting'
              WHERE source_id = :source
              """)
          .param("source", UUID.fromString(source))
          .update();
    }
    await().atMost(DEADLINE).until(() -> link.edge.liveCalls() == 0);
    reports.write();
    assertThat(
            link.server
                .database()
                .superuser()
                .sql("SELECT state FROM control.source_status WHERE source_id = :source")
                .param("source", UUID.fromString(source))
                .query(String.class)
                .single())
        .isEqualTo("snapshotting");
  }

  @Test
  void aReportOfNonsenseBreaksNoPageAndNoOtherReport() {
    String other = agent.register("other", "6/plant").getSourceId();
    try (TestAgent.Stream stream = agent.stream(source);
        TestAgent.Stream beside = agent.stream(other)) {
      beside.open();
      stream.open();
      stream.send(
          AgentFrame.newBuilder()
              .setStatus(
                  SourceStatus.newBuilder()
                      .setStateValue(77)
                      .setDetail("x".repeat(999) + "\ud83d\ude00" + "y".repeat(100_000))
                      .setPosition("\u202e" + "0".repeat(199) + "\ud83d\ude00")
                      .setCapturedSeq(Long.MIN_VALUE)
                      .setSpoolBytes(-1)
                      .setSpoolLimitBytes(Long.MAX_VALUE)
                      .setLagBytes(-5)
                      .setLastCommitAtUs(Long.MAX_VALUE)
                      .setSnapshot(
                          SnapshotProgress.newBuilder()
                              .setTablesDone(-1)
                              .setTablesTotal(Integer.MIN_VALUE)
                              .setRows(-1))));
      beside.send(
          AgentFrame.newBuilder()
              .setStatus(SourceStatus.newBuilder().setState(SourceState.STREAMING)));
      await().atMost(DEADLINE).until(() -> shown().text("state_detail").startsWith("xxx"));

      ApiClient.Answer shown = shown();
      assertThat(shown.status()).isEqualTo(200);
      assertThat(shown.text("state")).isEqualTo("waiting");
      assertThat(shown.text("state_detail"))
          .isEqualTo("x".repeat(999) + "\ud83d\ude00… (cut at 1,000 characters)");
      assertThat(shown.body().get("spool_bytes").asLong()).isZero();
      assertThat(shown.body().get("lag_bytes").asLong()).isZero();
      Map<String, Object> kept =
          link.server
              .database()
              .superuser()
              .sql(
                  """
                  SELECT captured_seq, spool_limit_bytes, snapshot_tables_done,
                         snapshot_tables_total, snapshot_rows, last_commit_at <= now() AS past
                  FROM control.source_status WHERE source_id = :source
                  """)
              .param("source", UUID.fromString(source))
              .query()
              .singleRow();
      assertThat(kept)
          .containsEntry("captured_seq", 0L)
          .containsEntry("spool_limit_bytes", (1L << 53) - 1)
          .containsEntry("snapshot_tables_done", 0)
          .containsEntry("snapshot_tables_total", 0)
          .containsEntry("snapshot_rows", 0L)
          .containsEntry("past", true);
      assertThat(link.person.get("/v1/sources").status()).isEqualTo(200);
      await()
          .atMost(DEADLINE)
          .until(() -> link.person.get("/v1/sources/" + other).text("state").equals("streaming"));
    }
  }

  @Test
  void whatTheAgentSaysOfItsSourceIsShown() {
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      stream.send(
          AgentFrame.newBuilder()
              .setStatus(
                  SourceStatus.newBuilder()
                      .setState(SourceState.SNAPSHOTTING)
                      .setDetail("reading \u0000public.reading")
                      .setCapturedSeq(90)
                      .setSpoolBytes(1_000)
                      .setLagBytes(2_000)
                      .setLastCommitAtUs(Long.MAX_VALUE)
                      .setSnapshot(
                          SnapshotProgress.newBuilder()
                              .setTablesDone(1)
                              .setTablesTotal(4)
                              .setRows(90))));
      stream.sendBatch(60, KIB);
      stream.awaitDurable(60);
      await()
          .atMost(DEADLINE)
          .until(
              () ->
                  shown().text("state").equals("snapshotting")
                      && shown().body().get("events_per_s").asDouble() > 0);
      ApiClient.Answer shown = shown();
      assertThat(shown.text("state_detail")).isEqualTo("reading public.reading");
      assertThat(shown.body().get("spool_bytes").asLong()).isEqualTo(1_000);
      assertThat(shown.body().get("snapshot").get("tables_total").asInt()).isEqualTo(4);
      assertThat(shown.body().get("durable_seq").asLong()).isEqualTo(60);
      assertThat(link.person.get("/v1/agents/" + agent.agentId()).text("state"))
          .isEqualTo("online");
      stream.halfClose();
      await().atMost(DEADLINE).until(() -> shown().text("state").equals("offline"));
    }
  }

  @Test
  void aSnapshotIsUnderWayUntilItsLastRowIsStored() {
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      stream.send(wholeSnapshotOf(90));
      stream.sendBatch(60, KIB);
      stream.awaitDurable(60);
      await()
          .atMost(DEADLINE)
          .until(
              () ->
                  shown().text("state").equals("snapshotting")
                      && shown().body().at("/snapshot/rows_stored").asInt() == 60);
      assertThat(shown().body().at("/snapshot/rows").asInt()).isEqualTo(90);
      assertThat(link.person.get("/v1/overview").body().at("/sources/snapshotting").asInt())
          .isPositive();
      stream.sendBatch(30, KIB);
      stream.awaitDurable(90);
      await().atMost(DEADLINE).until(() -> shown().text("state").equals("streaming"));
    }
  }

  @Test
  void anEpochThatGoesOnWithoutASnapshotIsNoSnapshotUnderWay() {
    link.server
        .database()
        .superuser()
        .sql(
            """
            WITH live AS (
              INSERT INTO analytics.model (tenant_id, source_id, state, purpose, first_epoch,
                first_seq, applied_epoch, applied_seq, created_at)
              VALUES (:tenant, :source, 'live', 'first', 1, 1, 1, 90, now())
              RETURNING model_id
            )
            INSERT INTO analytics.table_state (tenant_id, model_id, source_id, table_name, reads,
              inserts, updates, deletes, truncates, clears, cleared_seq, failed, rows_incomplete,
              times_replaced, extras_left_out, sessions_left_out, exact, blind, on_delete, last_event_at,
              last_seq, schema_version)
            SELECT :tenant, model_id, :source, 'public.reading', 90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
              true, false, 'retract', now(), 90, 1
            FROM live
            """)
        .param("tenant", UUID.fromString(tenant()))
        .param("source", UUID.fromString(source))
        .update();
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      stream.send(wholeSnapshotOf(90));
      stream.sendBatch(10, KIB);
      stream.awaitDurable(10);
      await().atMost(DEADLINE).until(() -> shown().text("state").equals("streaming"));
      assertThat(shown().body().get("durable_seq").asInt()).isEqualTo(10);
      assertThat(shown().body().path("snapshot").isObject()).isFalse();
    }
  }

  /// What an agent says that has read all rows from its database.
  private static AgentFrame.Builder wholeSnapshotOf(long rows) {
    return AgentFrame.newBuilder()
        .setStatus(
            SourceStatus.newBuilder()
                .setState(SourceState.STREAMING)
                .setCapturedSeq(rows)
                .setSnapshot(
                    SnapshotProgress.newBuilder()
                        .setTablesDone(4)
                        .setTablesTotal(4)
                        .setRows(rows)));
  }

  @Test
  void openPagesAreToldHowASourceIs() throws InterruptedException {
    TenantId tenant = TenantId.of(tenant());
    try (LiveStream page = link.server.bean(LiveHub.class).open(tenant);
        TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      stream.send(
          AgentFrame.newBuilder()
              .setStatus(SourceStatus.newBuilder().setState(SourceState.STREAMING)));
      long endNs = System.nanoTime() + DEADLINE.toNanos();
      boolean told = false;
      while (!told && System.nanoTime() < endNs) {
        told =
            page.next(Duration.ofSeconds(1)).sources().stream()
                .anyMatch(
                    message ->
                        message.id().toString().equals(source)
                            && message.view().toString().contains("state=streaming"));
      }
      assertThat(told).isTrue();
    }
  }

  private ApiClient.Answer shown() {
    return link.person.get("/v1/sources/" + source);
  }
}
