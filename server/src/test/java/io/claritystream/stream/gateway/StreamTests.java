package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.claritystream.ApiClient;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.live.LiveHub;
import io.claritystream.base.live.LiveStream;
import io.claritystream.protocol.link.AgentFrame;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.Hello;
import io.claritystream.protocol.link.PlatformFrame;
import io.claritystream.protocol.link.SnapshotProgress;
import io.claritystream.protocol.link.SourceState;
import io.claritystream.protocol.link.SourceStatus;
import io.claritystream.protocol.link.Welcome;
import io.claritystream.stream.source.DurableMarks;
import io.claritystream.stream.source.SourceReports;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StreamTests {
  private static final int KIB = 1024;
  private static final int EPOCHS_PER_HOUR = 4;
  private static final Duration DEADLINE = Duration.ofSeconds(20);

  private static TestLink link;

  private TestAgent agent;
  private String source;

  @BeforeAll
  static void begin() {
    link =
        TestLink.start(
            Map.of(
                "clarity.gateway.window", "1MB",
                "clarity.gateway.epochs-per-hour", Integer.toString(EPOCHS_PER_HOUR),
                "clarity.gateway.stall-after", "5m",
                "clarity.gateway.welcome-within", "3s"),
            new Properties());
  }

  @AfterAll
  static void end() {
    link.close();
  }

  @BeforeEach
  void pair() {
    link.committer.release();
    agent = link.pairedAgent();
    source = agent.register("plant").getSourceId();
  }

  @AfterEach
  void leave() {
    agent.close();
  }

  @Test
  void aBatchReachesTheBusAsItCameAndIsToldToBeDurable() {
    try (TestAgent.Stream stream = agent.stream(source)) {
      Welcome welcome = stream.open().getWelcome();
      assertThat(welcome.getDurableSeq()).isZero();
      assertThat(welcome.getEpoch()).isEqualTo(1);
      assertThat(welcome.getStartEpoch()).isFalse();
      assertThat(welcome.getWindowBytes()).isEqualTo(KIB * KIB);
      byte[] payload = TestAgent.Stream.payload(7, 100 * KIB);
      stream.sendBatch(
          stream
              .header(1, 50, payload)
              .setTenantId(UUID.randomUUID().toString())
              .setSession(999)
              .build(),
          payload);
      stream.awaitDurable(50);

      Committer.OnBus onBus = batches().getFirst();
      assertThat(onBus.payload()).isEqualTo(payload);
      assertThat(onBus.header().getTenantId()).isEqualTo(tenant());
      assertThat(onBus.header().getSession()).isEqualTo(welcome.getSession());
      assertThat(onBus.header().getAcceptedAtUs()).isPositive();
      assertThat(onBus.key()).isEqualTo(tenant() + "|" + source);
      assertThat(onBus.partition()).isEqualTo(barriers().getFirst().partition());
    }
  }

  @Test
  void manyBatchesKeepTheirOrder() {
    int batches = 300;
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      for (int i = 0; i < batches; i++) {
        stream.sendBatch(10, 20 * KIB);
      }
      stream.awaitDurable(batches * 10L);
      assertThat(batches().stream().map(batch -> batch.header().getFirstSeq()))
          .hasSize(batches)
          .isSorted();
    }
  }

  @Test
  void aDurableMarkOfAnotherProcessIsReadFromTheDatabase() {
    link.committer.silence(true);
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      stream.sendBatch(5, KIB);
      stream.awaitDurable(5);
    } finally {
      link.committer.silence(false);
    }
  }

  @Test
  void aGapInTheNumbersIsRefused() {
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      stream.sendBatch(10, KIB);
      stream.continueAt(12);
      stream.sendBatch(10, KIB);
      assertThat(refusal(stream)).isEqualTo("out_of_order");
      assertThat(stream.awaitEnd()).isEqualTo(Status.OK);
      awaitBatches(1);
      assertThat(batches()).hasSize(1);
    }
  }

  @Test
  void aWrongChecksumIsRefused() {
    assertRefused("bad_batch", header -> header.setCrc32C(header.getCrc32C() + 1));
  }

  @Test
  void aBatchOfAnotherSourceIsRefused() {
    assertRefused("bad_batch", header -> header.setSourceId(UUID.randomUUID().toString()));
  }

  @Test
  void aBatchOfAnotherEpochIsRefused() {
    assertRefused("bad_batch", header -> header.setEpoch(2));
  }

  @Test
  void aBarrierOfAnAgentIsRefused() {
    assertRefused("bad_batch", header -> header.setKindValue(1));
  }

  @Test
  void aBatchWithoutDigestIsRefused() {
    assertRefused("bad_batch", header -> header.clearDigest());
  }

  @Test
  void aBatchMaskedUnderAnotherPolicyIsRefused() {
    assertRefused("policy_version", header -> header.setPolicyVersion(3));
  }

  @Test
  void aBatchThatIsTooLargeIsRefusedByTheGateway() {
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      stream.sendBatch(1, BatchLimits.PAYLOAD_BYTES_MAX + 1);
      assertThat(refusal(stream)).isEqualTo("too_large");
    }
  }

  @Test
  void aBatchOfTooManyCellsIsRefusedByTheGateway() {
    assertRefused("too_large", header -> header.setCells(BatchLimits.CELLS_MAX + 1));
  }

  @Test
  void aMessageThatIsTooLargeEndsTheCallAtTheEdge() {
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      stream.sendBatch(1, 12 * KIB * KIB);
      // gRPC resets such a call; no agent makes one.
      assertThat(stream.awaitEnd().getCode()).isEqualTo(Status.Code.CANCELLED);
      assertThat(batches()).isEmpty();
    }
  }

  @Test
  void aBatchBeforeTheHelloIsRefused() {
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.sendBatch(1, KIB);
      assertThat(refusal(stream)).isEqualTo("bad_frame");
    }
  }

  @Test
  void aSourceOfAnotherAgentIsUnknown() {
    try (TestAgent other = link.pairedAgent();
        TestAgent.Stream stream = other.stream(source)) {
      assertThat(stream.open().getRefused().getCode()).isEqualTo("unknown_source");
    }
  }

  @Test
  void anotherVersionOfTheProtocolIsRefused() {
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.send(
          AgentFrame.newBuilder()
              .setHello(Hello.newBuilder().setProtocolVersion(2).setSourceId(source)));
      assertThat(refusal(stream)).isEqualTo("protocol_version");
    }
  }

  @Test
  void aSecondStreamOfASourceEndsTheFirst() {
    try (TestAgent.Stream first = agent.stream(source);
        TestAgent.Stream second = agent.stream(source)) {
      long session = first.open().getWelcome().getSession();
      assertThat(second.open().getWelcome().getSession()).isEqualTo(session + 1);
      assertThat(refusal(first)).isEqualTo("superseded");
      second.sendBatch(1, KIB);
      second.awaitDurable(1);
    }
  }

  @Test
  void aSessionThatWasOpenedInAnotherProcessEndsTheStreamHere() {
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      link.server
          .database()
          .superuser()
          .sql("UPDATE control.source SET session = session + 1 WHERE source_id = :source")
          .param("source", UUID.fromString(source))
          .update();
      assertThat(refusal(stream)).isEqualTo("superseded");
    }
  }

  @Test
  void anAgentThatComesBackGoesOnBehindWhatIsDurable() {
    BatchHeader last;
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      stream.sendBatch(10, KIB);
      last = stream.sendBatch(10, KIB);
      stream.awaitDurable(20);
    }
    try (TestAgent.Stream stream = agent.stream(source)) {
      Welcome welcome = stream.open(continuing(20, last.getDigest())).getWelcome();
      assertThat(welcome.getStartEpoch()).isFalse();
      assertThat(welcome.getDurableSeq()).isEqualTo(20);
      assertThat(welcome.getDurablePosition()).isEqualTo("0/20");
      // A batch is not cut: one that begins before what is needed is taken.
      stream.continueAt(15);
      stream.sendBatch(10, KIB);
      stream.sendBatch(10, KIB);
      stream.awaitDurable(34);
    }
  }

  @Test
  void aSpoolThatEndsInAnotherBatchOpensANewEpochByABarrier() {
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      stream.sendBatch(10, KIB);
      stream.awaitDurable(10);
    }
    try (TestAgent.Stream stream = agent.stream(source)) {
      Welcome welcome = stream.open(continuing(10, ByteString.copyFrom(new byte[16]))).getWelcome();
      assertThat(welcome.getStartEpoch()).isTrue();
      assertThat(welcome.getEpoch()).isEqualTo(2);
      assertThat(welcome.getDurableSeq()).isZero();
      assertThat(welcome.getDurablePosition()).isEqualTo("0/10");
      assertThat(welcome.getReason()).contains("another one in the agent's spool");
      stream.sendBatch(3, KIB);
      stream.awaitDurable(3);

      List<Committer.OnBus> all = onBus();
      Committer.OnBus opening =
          all.stream()
              .filter(record -> record.isBarrier() && record.header().getEpoch() == 2)
              .findFirst()
              .orElseThrow();
      assertThat(all.indexOf(opening)).isLessThan(all.indexOf(batches().getLast()));
      assertThat(opening.partition()).isEqualTo(batches().getLast().partition());
      assertThat(batches().getLast().header().getEpoch()).isEqualTo(2);
    }
  }

  @Test
  void anEpochAfterWhatEndsInsideATransactionBeginsWithASnapshot() {
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      stream.sendBatch(10, KIB);
      stream.awaitDurable(10);
    }
    link.server
        .database()
        .superuser()
        .sql("UPDATE control.checkpoint_source SET position_seq = 7 WHERE source_id = :source")
        .param("source", UUID.fromString(source))
        .update();
    try (TestAgent.Stream stream = agent.stream(source)) {
      Welcome welcome = stream.open(continuing(10, ByteString.copyFrom(new byte[16]))).getWelcome();
      assertThat(welcome.getStartEpoch()).isTrue();
      assertThat(welcome.getDurablePosition()).isEmpty();
    }
  }

  @Test
  void anEpochWhoseBarrierGotLostIsNotWelcomedAndTheNextOneIs() {
    Hello.Builder another = continuing(10, ByteString.copyFrom(new byte[16]));
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      stream.sendBatch(10, KIB);
      stream.awaitDurable(10);
    }
    link.committer.loseEpochs(true);
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.hello(another);
      assertThat(stream.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    } finally {
      link.committer.loseEpochs(false);
    }
    try (TestAgent.Stream stream = agent.stream(source)) {
      assertThat(stream.open(another).getWelcome().getStartEpoch()).isTrue();
      stream.sendBatch(3, KIB);
      stream.awaitDurable(3);
    }
  }

  @Test
  void aBatchThatDoesNotFollowWhatIsDurableEndsTheEpoch() {
    BatchHeader last;
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      last = stream.sendBatch(10, KIB);
      stream.awaitDurable(10);
    }
    // The spool of another machine, or an older copy of this one: it goes on beyond what is
    // durable, and the numbers fit.
    Hello.Builder copied = Hello.newBuilder().setEpoch(1).setFirstSeq(11).setTailSeq(30);
    try (TestAgent.Stream stream = agent.stream(source)) {
      assertThat(stream.open(copied).getWelcome().getStartEpoch()).isFalse();
      stream.sendBatch(20, KIB);
      assertThat(refusal(stream)).isEqualTo("out_of_order");
      assertThat(batches()).hasSize(1);
    }
    try (TestAgent.Stream stream = agent.stream(source)) {
      assertThat(stream.open(continuing(10, last.getDigest())).getWelcome().getStartEpoch())
          .isTrue();
    }
  }

  @Test
  void aBatchThatDoesNotFollowTheOneBeforeItEndsTheEpoch() {
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      stream.sendBatch(10, KIB);
      byte[] payload = TestAgent.Stream.payload(5, KIB);
      stream.sendBatch(
          stream.header(11, 5, payload).setDigest(ByteString.copyFrom(new byte[16])).build(),
          payload);
      assertThat(refusal(stream)).isEqualTo("out_of_order");
    }
  }

  @Test
  void whatDescribesASourceIsTextOfBoundedLength() {
    for (String fingerprint : new String[] {"7/pl\0ant", "x".repeat(301), ""}) {
      assertThatThrownBy(() -> agent.register("described", fingerprint))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              refused ->
                  assertThat(refused.getStatus().getCode())
                      .isEqualTo(Status.Code.FAILED_PRECONDITION));
    }
    assertThatThrownBy(() -> agent.register("na\0me"))
        .hasMessageContaining("name has from 1 to 120");
  }

  @Test
  void aSourceHasOnlySoManyTablesAndTheirNamesAreBounded() {
    List<String> most = IntStream.range(0, 10_000).mapToObj(i -> "public.t" + i).toList();
    assertThat(agent.register("wide", "9/plant", most).getSourceId()).isNotBlank();

    List<String> tooMany = new ArrayList<>(most);
    tooMany.add("public.last");
    assertThatThrownBy(() -> agent.register("wider", "9/plant", tooMany))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("FAILED_PRECONDITION")
        .hasMessageContaining("at most 10000 tables, not 10001");
    for (String name : List.of("", " ", "x".repeat(301), "a\0b")) {
      assertThatThrownBy(() -> agent.register("odd", "9/plant", List.of("public.a", name)))
          .hasMessageContaining("name of a table has from 1 to 300");
    }
  }

  @Test
  void aSourceIsNotNamedByWhatCannotBeSeen() {
    for (String name : List.of("plant\u202e", "\u200b", "pl\u0000ant", "pl\u0085ant", "\u00a0")) {
      assertThatThrownBy(() -> agent.register(name, "8/plant"))
          .hasMessageContaining("name has from 1 to 120");
    }
  }

  @Test
  void aHelloThatCannotBeRightIsRefusedAndOpensNothing() {
    ByteString whole = ByteString.copyFrom(new byte[16]);
    for (Hello.Builder wrong :
        List.of(
            continuing(5, whole).setEpoch(-1),
            continuing(5, whole).setEpoch(Integer.MIN_VALUE),
            continuing(5, whole).setTailSeq(-1).setFirstSeq(0),
            continuing(5, whole).setTailSeq(Long.MAX_VALUE),
            continuing(5, whole).setFirstSeq(-1),
            continuing(5, whole).setFirstSeq(7),
            continuing(5, whole).setDurableSeq(-1),
            continuing(5, whole).setDurableSeq(Long.MAX_VALUE),
            continuing(5, whole.substring(1)),
            continuing(5, whole).setDurableDigest(whole.concat(whole)))) {
      try (TestAgent.Stream stream = agent.stream(source)) {
        stream.hello(wrong);
        assertThat(refusal(stream)).as("%s", wrong).isEqualTo("bad_hello");
        assertThat(stream.awaitEnd()).isEqualTo(Status.OK);
      }
    }
    assertThat(onBus()).isEmpty();
    try (TestAgent.Stream stream = agent.stream(source)) {
      Welcome welcome = stream.open().getWelcome();
      assertThat(welcome.getEpoch()).isEqualTo(1);
      assertThat(welcome.getSession()).isEqualTo(1);
    }
  }

  @Test
  void aSourceBeginsOnlySoManyEpochsInAnHour() {
    for (int i = 1; i <= EPOCHS_PER_HOUR; i++) {
      try (TestAgent.Stream stream = agent.stream(source)) {
        Welcome welcome = stream.open(Hello.newBuilder().setEpoch(99).setFirstSeq(1)).getWelcome();
        assertThat(welcome.getStartEpoch()).isTrue();
        assertThat(welcome.getEpoch()).isEqualTo(1 + i);
      }
    }
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.hello(Hello.newBuilder().setEpoch(99).setFirstSeq(1));
      PlatformFrame frame = stream.next();
      assertThat(frame.getRefused().getCode()).isEqualTo("too_many_epochs");
      assertThat(frame.getRefused().getMessage()).contains("data directory");
    }
    try (TestAgent.Stream stream = agent.stream(source)) {
      Welcome welcome =
          stream.open(Hello.newBuilder().setEpoch(1 + EPOCHS_PER_HOUR).setFirstSeq(1)).getWelcome();
      assertThat(welcome.getStartEpoch()).as("what needs no new epoch goes on").isFalse();
    }
    String other = agent.register("other", "6/plant").getSourceId();
    try (TestAgent.Stream stream = agent.stream(other)) {
      assertThat(
              stream.open(Hello.newBuilder().setEpoch(99).setFirstSeq(1)).getWelcome().getEpoch())
          .as("another source has its own")
          .isEqualTo(2);
    }
  }

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
      assertThat(shown.text("state_detail")).hasSize(1_001).endsWith("x\ud83d\ude00");
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
  void aSpoolThatIsBehindWhatIsDurableOpensANewEpoch() {
    assertThat(reopenedAfterTen(Hello.newBuilder().setEpoch(1).setFirstSeq(1).setTailSeq(0)))
        .contains("ends at 0, before 10");
  }

  @Test
  void aSpoolThatBeginsAfterWhatIsNeededOpensANewEpoch() {
    assertThat(reopenedAfterTen(Hello.newBuilder().setEpoch(1).setFirstSeq(15).setTailSeq(30)))
        .contains("begins at 15, after 11");
  }

  @Test
  void aSpoolOfAnotherEpochOpensANewEpoch() {
    assertThat(reopenedAfterTen(Hello.newBuilder().setEpoch(7).setFirstSeq(1).setTailSeq(30)))
        .contains("of epoch 7");
  }

  @Test
  void anAgentThatWasToldAnotherDigestOpensANewEpoch() {
    assertThat(
            reopenedAfterTen(
                Hello.newBuilder()
                    .setEpoch(1)
                    .setFirstSeq(11)
                    .setTailSeq(30)
                    .setDurableSeq(10)
                    .setDurableDigest(ByteString.copyFrom(new byte[16]))))
        .contains("was another one for the agent");
  }

  @Test
  void aStreamWaitsForItsBarrierAndGivesUpInTime() {
    link.committer.holdBarriers(true);
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.hello(Hello.newBuilder().setEpoch(1).setFirstSeq(1));
      assertThat(stream.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    } finally {
      link.committer.holdBarriers(false);
    }
  }

  @Test
  void whatTheConsumerMissesIsAskedForAtOnceAndOnce() {
    link.committer.hold();
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      stream.sendBatch(10, KIB);
      awaitBatches(1);
      DurableMarks marks = link.server.bean(DurableMarks.class);
      marks.missing(UUID.fromString(source), 1, 1);
      marks.missing(UUID.fromString(source), 1, 1);
      assertThat(stream.next().getRewind().getFromSeq()).isEqualTo(1);
      link.committer.release();
      stream.continueAt(1);
      stream.sendBatch(10, KIB);
      assertThat(stream.next().getDurable().getSeq()).isEqualTo(10);
    }
  }

  @Test
  void aConsumerThatTakesNothingHoldsTheAgentWithinItsWindow() {
    int batchBytes = 128 * KIB;
    link.committer.hold();
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      int sent = 0;
      while (stream.isReady() && sent < 1_000) {
        stream.sendBatch(10, batchBytes);
        sent++;
        awaitQuiet(stream);
      }
      // The window, one message beyond it, and what HTTP/2 and gRPC hold on the way.
      assertThat(batches()).hasSize(KIB * KIB / batchBytes);
      assertThat(sent * (long) batchBytes).isLessThan(8L * KIB * KIB);

      link.committer.release();
      link.committer.commitHeld(UUID.fromString(source));
      stream.awaitDurable(sent * 10L);
      assertThat(batches()).hasSize(sent);
    }
  }

  @Test
  void aTenantThatOverdrawsItsQuotaWaitsAndLosesNothing() {
    link.server
        .database()
        .superuser()
        .sql("UPDATE control.plan SET bytes_per_s_max = 200000")
        .update();
    ApiClient other = link.server.client().register("thrifty@example.com").client();
    try (TestAgent thrifty = new TestAgent(link.edge.port())) {
      thrifty.pair(
          io.claritystream.protocol.identity.PairingCode.parse(
                  other.post("/v1/agents/pairing-codes", Map.of()).text("code"))
              .orElseThrow());
      try (TestAgent.Stream stream = thrifty.stream(thrifty.register("plant").getSourceId())) {
        stream.open();
        int batches = 23;
        long startNs = System.nanoTime();
        for (int i = 0; i < batches; i++) {
          stream.sendBatch(1, 100 * KIB);
        }
        stream.awaitDurable(batches);
        // 2 MB are saved up; the rest comes at 200 kB a second.
        assertThat(Duration.ofNanos(System.nanoTime() - startNs))
            .isGreaterThan(Duration.ofMillis(900));
      }
    } finally {
      link.server
          .database()
          .superuser()
          .sql("UPDATE control.plan SET bytes_per_s_max = 104857600")
          .update();
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
              times_replaced, extras_left_out, sessions_left_out, exact, on_delete, last_event_at,
              last_seq)
            SELECT :tenant, model_id, :source, 'public.reading', 90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
              true, 'retract', now(), 90
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

  private interface Spoiling {
    BatchHeader.Builder spoil(BatchHeader.Builder header);
  }

  private void assertRefused(String code, Spoiling spoiling) {
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      byte[] payload = TestAgent.Stream.payload(1, KIB);
      stream.sendBatch(spoiling.spoil(stream.header(1, 1, payload)).build(), payload);
      assertThat(refusal(stream)).isEqualTo(code);
      assertThat(batches()).isEmpty();
    }
  }

  /// Why a new epoch was opened for an agent that says this after its first ten are durable.
  private String reopenedAfterTen(Hello.Builder hello) {
    try (TestAgent.Stream stream = agent.stream(source)) {
      stream.open();
      stream.sendBatch(10, KIB);
      stream.awaitDurable(10);
    }
    try (TestAgent.Stream stream = agent.stream(source)) {
      Welcome welcome = stream.open(hello).getWelcome();
      assertThat(welcome.getStartEpoch()).isTrue();
      return welcome.getReason();
    }
  }

  private static Hello.Builder continuing(long tailSeq, ByteString digest) {
    return Hello.newBuilder()
        .setEpoch(1)
        .setFirstSeq(tailSeq + 1)
        .setTailSeq(tailSeq)
        .setTailDigest(digest);
  }

  private static String refusal(TestAgent.Stream stream) {
    PlatformFrame frame = stream.next();
    while (frame.hasDurable() || frame.hasWelcome()) {
      frame = stream.next();
    }
    assertThat(frame.hasRefused()).as("%s", frame).isTrue();
    return frame.getRefused().getCode();
  }

  private String tenant() {
    return link.person.get("/v1/me").text("organization.id");
  }

  private List<Committer.OnBus> onBus() {
    return link.committer.seen().stream()
        .filter(record -> record.header().getSourceId().equals(source))
        .toList();
  }

  private List<Committer.OnBus> batches() {
    return onBus().stream().filter(record -> !record.isBarrier()).toList();
  }

  private List<Committer.OnBus> barriers() {
    return onBus().stream().filter(Committer.OnBus::isBarrier).toList();
  }

  private void awaitBatches(int count) {
    await().atMost(DEADLINE).until(() -> batches().size() >= count);
  }

  /// Gives what was sent the time to go as far as it will.
  private static void awaitQuiet(TestAgent.Stream stream) {
    long endNs = System.nanoTime() + Duration.ofMillis(300).toNanos();
    while (!stream.isReady() && System.nanoTime() < endNs) {
      Thread.onSpinWait();
    }
  }
}
