package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.PlatformFrame;
import io.grpc.Status;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class StallTests {
  private static final int KIB = 1024;

  private static TestLink link;

  @BeforeAll
  static void begin() {
    link =
        TestLink.start(
            Map.of("clarity.gateway.stall-after", "500ms", "clarity.gateway.window", "1MB"),
            new Properties());
  }

  @AfterAll
  static void end() {
    link.close();
  }

  @Test
  void withoutProgressTheAgentIsAskedAgainAndWhatWasOnItsWayIsDropped() {
    link.committer.hold();
    try (TestAgent agent = link.pairedAgent()) {
      String source = agent.register("plant").getSourceId();
      TestAgent.Stream stream = agent.stream(source);
      stream.open();
      stream.sendBatch(10, KIB);
      stream.sendBatch(10, KIB);
      assertThat(stream.next().getRewind().getFromSeq()).isEqualTo(1);
      link.committer.release();
      // Sent before the agent has heard of it:
      stream.sendBatch(10, KIB);
      sendAgainUntilDurable(stream, 10, KIB);
      assertThat(
              link.committer.batches().stream()
                  .map(Committer.OnBus::header)
                  .filter(header -> header.getSourceId().equals(source))
                  .map(BatchHeader::getFirstSeq))
          // The second may come after the agent was asked again, and is dropped then like the
          // third.
          .startsWith(1L)
          .containsSubsequence(1L, 1L)
          .doesNotContain(21L);
    }
  }

  @Test
  void aStreamThatGetsNowhereHoweverOftenItIsAskedEnds() {
    link.committer.hold();
    try (TestAgent agent = link.pairedAgent();
        TestAgent.Stream stream = agent.stream(agent.register("plant").getSourceId())) {
      stream.open();
      for (int i = 0; i < 3; i++) {
        stream.continueAt(1);
        stream.sendBatch(10, KIB);
        if (i < 2) {
          assertThat(stream.next().getRewind().getFromSeq()).isEqualTo(1);
        }
      }
      assertThat(stream.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    } finally {
      link.committer.release();
    }
  }

  @Test
  void aWindowThatIsFullOfWhatWasLostIsEmptiedByGoingBack() {
    link.committer.hold();
    try (TestAgent agent = link.pairedAgent();
        TestAgent.Stream stream = agent.stream(agent.register("plant").getSourceId())) {
      stream.open();
      for (int i = 0; i < 6; i++) {
        stream.sendBatch(10, 256 * KIB);
      }
      assertThat(stream.next().getRewind().getFromSeq()).isEqualTo(1);
      link.committer.release();
      sendAgainUntilDurable(stream, 10, 256 * KIB);
    }
  }

  /// As an agent does, however often it is asked.
  private static void sendAgainUntilDurable(TestAgent.Stream stream, int count, int bytes) {
    while (true) {
      stream.continueAt(1);
      stream.sendBatch(count, bytes);
      PlatformFrame answer = stream.next();
      if (answer.hasDurable()) {
        assertThat(answer.getDurable().getSeq()).isEqualTo(count);
        return;
      }
      assertThat(answer.getRewind().getFromSeq()).isEqualTo(1);
    }
  }
}
