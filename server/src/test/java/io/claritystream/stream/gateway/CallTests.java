package io.claritystream.stream.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.protocol.link.AgentLinkGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Calls that are refused, or come to nothing, end with a status that says why.
class CallTests {
  private static final Metadata.Key<String> EXTRA =
      Metadata.Key.of("x-extra", Metadata.ASCII_STRING_MARSHALLER);

  private static TestLink link;

  @BeforeAll
  static void begin() {
    link = TestLink.start(Map.of("clarity.gateway.hello-within", "1s"), new Properties());
  }

  @AfterAll
  static void end() {
    link.close();
  }

  private static TestAgent withExtra(int bytes) {
    var headers = new Metadata();
    headers.put(EXTRA, "x".repeat(bytes));
    return link.pairedAgent().intercepted(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  @Test
  void metadataThatTheEdgeTakesTheGatewayTakesToo() {
    try (var agent = withExtra(7_900)) {
      assertThat(agent.register("much metadata").getSourceId()).isNotEmpty();
    }
  }

  @Test
  void moreMetadataIsRefusedWithHowMuchThereMayBe() {
    for (var bytes : new int[] {8_200, 30_000}) {
      try (var agent = withExtra(bytes)) {
        assertThatThrownBy(() -> agent.register("too much metadata"))
            .isInstanceOfSatisfying(
                StatusRuntimeException.class,
                failure -> {
                  assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
                  assertThat(failure.getStatus().getDescription()).contains("at most 8192 bytes");
                });
      }
    }
  }

  @Test
  void aStreamWithoutAHelloEnds() {
    try (var agent = link.pairedAgent()) {
      var source = agent.register("silent").getSourceId();
      try (var stream = agent.stream(source)) {
        var ended = stream.awaitEnd();
        assertThat(ended.getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(ended.getDescription()).contains("within 1 seconds");
      }
      try (var stream = agent.stream(source)) {
        assertThat(stream.open().hasWelcome()).isTrue();
      }
    }
  }

  @Test
  void aCallWhoseRequestDoesNotComeEnds() throws Exception {
    try (var agent = link.pairedAgent()) {
      assertThat(silentCall(agent.channel()).get(20, TimeUnit.SECONDS).getCode())
          .isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    }
  }

  private static CompletableFuture<Status> silentCall(Channel channel) {
    var ended = new CompletableFuture<Status>();
    // The headers of a call that is known to have one request would wait for it.
    var method =
        AgentLinkGrpc.getRegisterSourceMethod().toBuilder()
            .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
            .build();
    channel
        .newCall(method, CallOptions.DEFAULT)
        .start(
            new ClientCall.Listener<>() {
              @Override
              public void onClose(Status status, Metadata trailers) {
                ended.complete(status);
              }
            },
            new Metadata());
    return ended;
  }

  @Test
  void anAgentThatIsRevokedIsRefusedAndNothingIsLoggedAsAFaultOfOurs() {
    var logged = new ConcurrentLinkedQueue<String>();
    var handler = listening(logged);
    var grpc = Logger.getLogger("io.grpc");
    grpc.addHandler(handler);
    try (var agent = link.pairedAgent()) {
      var source = agent.register("revoked").getSourceId();
      link.server
          .database()
          .superuser()
          .sql("UPDATE control.agent SET revoked_at = now() WHERE agent_id = :id")
          .param("id", java.util.UUID.fromString(agent.agentId()))
          .update();
      try (var stream = agent.stream(source)) {
        assertThat(stream.awaitEnd().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
      }
      assertThatThrownBy(() -> agent.register("another"))
          .isInstanceOf(StatusRuntimeException.class)
          .hasMessageContaining("revoked");
      assertThat(logged).isEmpty();
    } finally {
      grpc.removeHandler(handler);
    }
  }

  private static Handler listening(ConcurrentLinkedQueue<String> logged) {
    return new Handler() {
      @Override
      public void publish(LogRecord entry) {
        if (entry.getLevel().intValue() >= java.util.logging.Level.WARNING.intValue()) {
          logged.add(entry.getMessage());
        }
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
  }
}
