package io.claritystream.agent.uplink;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/// What a person reads of a call that failed.
class FailuresTests {
  private final ServerAddress server = ServerAddress.parse("https://edge.example.com:8443");

  @Test
  void aConnectionThatBreaksIsToldWithoutTheInsideOfTheNetworksLibrary() {
    var failure =
        Status.UNAVAILABLE
            .withDescription("io exception\nChannel Pipeline: [SslHandler#0, ProtocolHandler#0]")
            .withCause(new IOException("Connection reset by peer"))
            .asRuntimeException();
    assertThat(Failures.words(failure, server))
        .isEqualTo(
            "the platform at https://edge.example.com:8443 cannot be reached: the connection broke"
                + " off; check that its edge runs");
  }

  @Test
  void whatThePlatformSaysItselfIsPassedOn() {
    var failure = Status.UNAVAILABLE.withDescription("it is being updated").asRuntimeException();
    assertThat(Failures.words(failure, server)).endsWith("cannot be reached: it is being updated");
    assertThat(Failures.words(Status.UNAVAILABLE.asRuntimeException(), server))
        .endsWith("cannot be reached");
  }
}
