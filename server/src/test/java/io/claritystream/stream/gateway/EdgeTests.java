package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.claritystream.edge.TestEdge;
import io.claritystream.protocol.identity.Pem;
import io.claritystream.protocol.link.AgentLinkGrpc;
import io.claritystream.protocol.link.PairRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class EdgeTests {
  private static final Duration DEADLINE = Duration.ofSeconds(20);

  private static TestLink link;

  @BeforeAll
  static void begin() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    // The same one after a restart.
    link = TestLink.start(Map.of("clarity.gateway.port", Integer.toString(port)), new Properties());
  }

  @AfterAll
  static void end() {
    link.close();
  }

  @Test
  void anAddressHasSoManyConnectionsAndNoMore() throws IOException {
    Properties two = new Properties();
    two.setProperty("connections-per-address", "2");
    try (TestEdge edge = TestEdge.start(link.gatewayPort(), link.credentials(), two)) {
      List<Socket> open = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        open.add(new Socket("127.0.0.1", edge.port()));
      }
      try (Socket third = new Socket("127.0.0.1", edge.port())) {
        assertThat(isClosedByPeer(third)).isTrue();
      }
      assertThat(isClosedByPeer(open.getFirst())).isFalse();
      assertThat(edge.refusals("CONNECTIONS_PER_ADDRESS")).isEqualTo(1);

      open.getFirst().close();
      await()
          .atMost(DEADLINE)
          .until(
              () -> {
                try (Socket next = new Socket("127.0.0.1", edge.port())) {
                  return !isClosedByPeer(next);
                }
              });
      open.getLast().close();
    }
  }

  @Test
  void anAgentHasSoManyStreamsAndNoMore() {
    Properties two = new Properties();
    two.setProperty("calls-per-agent", "2");
    try (TestEdge edge = TestEdge.start(link.gatewayPort(), link.credentials(), two);
        TestAgent agent = new TestAgent(edge.port())) {
      agent.pair(link.pairingCode());
      String one = agent.register("one").getSourceId();
      String other = agent.register("two").getSourceId();
      String three = agent.register("three").getSourceId();
      try (TestAgent.Stream first = agent.stream(one);
          TestAgent.Stream second = agent.stream(other)) {
        first.open();
        second.open();
        try (TestAgent.Stream third = agent.stream(three)) {
          assertThat(third.awaitEnd().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        }
        first.halfClose();
        assertThat(first.awaitEnd()).isEqualTo(Status.OK);
        try (TestAgent.Stream third = agent.stream(three)) {
          third.open();
        }
      }
    }
  }

  @Test
  void aStrangerCannotSendMoreThanAPairingCanBe() {
    try (TestAgent stranger = new TestAgent(link.edge.port())) {
      stranger.trust(link.authority().certificate());
      assertThatThrownBy(
              () ->
                  AgentLinkGrpc.newBlockingStub(stranger.channel())
                      .withDeadlineAfter(10, TimeUnit.SECONDS)
                      .pair(PairRequest.newBuilder().setAgentName("x".repeat(64 * 1024)).build()))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              failure ->
                  // gRPC resets such a call; the reason may come before that or not.
                  assertThat(failure.getStatus().getCode())
                      .isIn(Status.Code.RESOURCE_EXHAUSTED, Status.Code.CANCELLED));
    }
  }

  @Test
  void stoppingEndsStreamsWithAnInvitationToComeBackAndTakesSeconds() {
    TestEdge edge = TestEdge.start(link.gatewayPort(), link.credentials(), new Properties());
    try (TestAgent agent = new TestAgent(edge.port())) {
      agent.pair(link.pairingCode());
      try (TestAgent.Stream stream = agent.stream(agent.register("plant").getSourceId())) {
        stream.open();
        assertThat(edge.liveCalls()).isEqualTo(1);
        assertThat(edge.stop()).isLessThan(Duration.ofSeconds(5));
        assertThat(stream.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      }
    }
  }

  @Test
  void aGatewayThatIsAwayIsSaidToBeAndIsFoundAgain() {
    try (TestAgent agent = link.pairedAgent()) {
      String source = agent.register("plant").getSourceId();
      Gateway gateway = link.server.bean(Gateway.class);
      try (TestAgent.Stream stream = agent.stream(source)) {
        stream.open();
        gateway.stop();
        assertThat(stream.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      }
      await().atMost(DEADLINE).until(() -> status(agent).getCode() == Status.Code.UNAVAILABLE);
      assertThat(status(agent).getDescription())
          .isEqualTo("The platform cannot be reached just now.");
      gateway.start();
      await().atMost(DEADLINE).until(() -> status(agent).isOk());
      try (TestAgent.Stream stream = agent.stream(source)) {
        stream.open();
      }
    }
  }

  @Test
  void anEdgeOfSeveralGatewaysUsesThoseThatAreThere() throws IOException {
    int nobody;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = free.getLocalPort();
    }
    try (TestEdge edge =
            TestEdge.start(
                List.of(nobody, link.gatewayPort()), link.credentials(), new Properties());
        TestAgent agent = new TestAgent(edge.port())) {
      agent.pair(link.pairingCode());
      // Its turn comes and is passed over.
      for (int call = 0; call < 6; call++) {
        assertThat(status(agent).isOk()).isTrue();
      }
      try (TestAgent.Stream stream = agent.stream(agent.register("plant").getSourceId())) {
        stream.open();
      }
    }
  }

  @Test
  void renewedCredentialsAreTakenUpWithoutARestart() throws Exception {
    Path listen = link.credentials().resolve("listen.crt");
    X509Certificate before = Pem.certificates(Files.readString(listen)).getFirst();
    for (String name : List.of("listen.key", "edge.crt")) {
      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(link.credentials().resolve(name))))
          .isEqualTo("rw-------");
    }
    Files.delete(listen);
    Files.delete(link.credentials().resolve("edge.crt"));
    Gateway gateway = link.server.bean(Gateway.class);
    gateway.renewCertificates();
    X509Certificate renewed = Pem.certificates(Files.readString(listen)).getFirst();
    assertThat(renewed).isNotEqualTo(before);

    try (TestAgent agent = new TestAgent(link.edge.port())) {
      agent.trust(link.authority().certificate());
      await().atMost(DEADLINE).until(() -> agent.listenerCertificate().equals(renewed));
      agent.pair(link.pairingCode());
      assertThat(agent.register("plant").getSourceId()).isNotEmpty();
    }
  }

  private static Status status(TestAgent agent) {
    try {
      agent.register("plant");
      return Status.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus();
    }
  }

  private static boolean isClosedByPeer(Socket socket) throws IOException {
    socket.setSoTimeout(500);
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true; // Reset.
    }
  }
}
