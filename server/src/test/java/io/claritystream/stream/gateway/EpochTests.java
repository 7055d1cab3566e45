package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.Hello;
import io.claritystream.protocol.link.PlatformFrame;
import io.claritystream.protocol.link.Welcome;
import io.grpc.Status;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/// Where a stream goes on, and when the history of a source begins anew.
class EpochTests extends StreamSpec {
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
}
