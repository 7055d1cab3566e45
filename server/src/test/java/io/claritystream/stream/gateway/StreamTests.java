package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.ApiClient;
import io.claritystream.protocol.link.AgentFrame;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.Hello;
import io.claritystream.protocol.link.Welcome;
import io.claritystream.stream.source.DurableMarks;
import io.grpc.Status;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/// Batches on a stream: which are taken, in which order, at which pace, and which are refused.
class StreamTests extends StreamSpec {
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
      int window = KIB * KIB / batchBytes;
      int sent = 0;
      long endNs = System.nanoTime() + DEADLINE.toNanos();
      // Until the window is on the bus the agent is held up by nothing but the machine.
      while (sent < 1_000
          && (stream.isReady() || batches().size() < window && System.nanoTime() < endNs)) {
        if (stream.isReady()) {
          stream.sendBatch(10, batchBytes);
          sent++;
        }
        awaitQuiet(stream);
      }
      // The window, one message beyond it, and what HTTP/2 and gRPC hold on the way.
      assertThat(batches()).hasSize(window);
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

  private void awaitBatches(int count) {
    await().atMost(DEADLINE).until(() -> batches().size() >= count);
  }

  /// Gives what was sent the time to go as far as it will.
  private static void awaitQuiet(TestAgent.Stream stream) {
    long endNs = System.nanoTime() + Duration.ofMillis(300).toNanos();
    while (!stream.isReady() && System.nanoTime() < endNs) {
      // The others need the processor to get anywhere.
      LockSupport.parkNanos(100_000);
    }
  }
}
