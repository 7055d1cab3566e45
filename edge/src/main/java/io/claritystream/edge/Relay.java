package io.claritystream.edge;

import io.claritystream.edge.Counters.Refusal;
import io.claritystream.protocol.identity.LinkHeaders;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import java.time.Clock;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Joins each admitted call of an agent to a call at the gateway, as bytes.
///
/// Both directions go one message at a time: the next one is requested only when the far side can
/// take it, so that a call holds at most a message and gRPC's own small send buffer each way.
/// Half-close, cancellation, deadline, status and trailers pass through; metadata passes except
/// for what only the edge may say.
final class Relay extends HandlerRegistry {
  private static final Pattern METHOD =
      Pattern.compile("clarity\\.link\\.v1\\.AgentLink/[A-Za-z]{1,40}");
  static final String PAIR = "clarity.link.v1.AgentLink/Pair";

  /// Of one call, as HTTP/2 counts them: each field has so many bytes besides its own.
  static final int METADATA_BYTES_MAX = 8 * 1024;

  private static final int FIELD_BYTES = 32;

  private final Supplier<Channel> gateway;
  private final LiveCalls liveCalls;
  private final Counters counters;
  private final Clock clock;

  Relay(Supplier<Channel> gateway, LiveCalls liveCalls, Counters counters, Clock clock) {
    this.gateway = gateway;
    this.liveCalls = liveCalls;
    this.counters = counters;
    this.clock = clock;
  }

  @Override
  public @Nullable ServerMethodDefinition<?, ?> lookupMethod(
      String name, @Nullable String authority) {
    if (!METHOD.matcher(name).matches()) {
      counters.refused(Refusal.UNKNOWN_METHOD);
      return null;
    }
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.newBuilder(Frame.AS_BYTES, Frame.AS_BYTES)
            .setFullMethodName(name)
            .setType(MethodDescriptor.MethodType.UNKNOWN)
            .build();
    return ServerMethodDefinition.create(method, (call, headers) -> start(method, call, headers));
  }

  private ServerCall.Listener<byte[]> start(
      MethodDescriptor<byte[], byte[]> method,
      ServerCall<byte[], byte[]> fromAgent,
      Metadata headers) {
    Peer peer = Peer.of(fromAgent.getAttributes());
    Peer.Identified agent = peer.agent();
    if (agent == null && !method.getFullMethodName().equals(PAIR)) {
      counters.refused(Refusal.NO_CERTIFICATE);
      return refuse(
          fromAgent,
          Status.UNAUTHENTICATED.withDescription("This call needs the agent's certificate."));
    }
    if (agent != null && !agent.expiresAt().isAfter(clock.instant())) {
      counters.refused(Refusal.CERTIFICATE_EXPIRED);
      return refuse(fromAgent, LiveCalls.CERTIFICATE_EXPIRED);
    }

    if (bytes(headers) > METADATA_BYTES_MAX) {
      counters.refused(Refusal.METADATA);
      return refuse(
          fromAgent,
          Status.INVALID_ARGUMENT.withDescription(
              "A call's metadata has at most " + METADATA_BYTES_MAX + " bytes; send less of it."));
    }

    ClientCall<byte[], byte[]> toGateway = gateway.get().newCall(method, CallOptions.DEFAULT);
    Joined joined = new Joined(fromAgent, toGateway, counters);
    LiveCalls.Admission admission = liveCalls.admit(agent, joined, clock.instant());
    if (admission instanceof LiveCalls.Admission.Refused(Status status)) {
      return refuse(fromAgent, status);
    }
    counters.calls().increment();
    joined.start(stamped(headers, peer), () -> liveCalls.ended(agent, joined));
    return joined.agentSide;
  }

  /// As HTTP/2 counts them.
  private static int bytes(Metadata headers) {
    int bytes = 0;
    for (String name : headers.keys()) {
      if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
        for (byte[] value : all(headers, Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER))) {
          bytes += name.length() + Math.ceilDiv(value.length, 3) * 4 + FIELD_BYTES;
        }
      } else {
        for (String value : all(headers, Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER))) {
          bytes += name.length() + value.length() + FIELD_BYTES;
        }
      }
    }
    return bytes;
  }

  private static <T> Iterable<T> all(Metadata headers, Metadata.Key<T> key) {
    Iterable<T> values = headers.getAll(key);
    return values == null ? List.of() : values;
  }

  /// The agent's headers without any that only an edge may send, and with what this edge knows.
  private static Metadata stamped(Metadata headers, Peer peer) {
    Metadata stamped = new Metadata();
    stamped.merge(headers);
    for (String name : headers.keys()) {
      if (name.startsWith(LinkHeaders.PREFIX)) {
        discard(stamped, name);
      }
    }
    stamped.put(LinkHeaders.PEER, peer.address());
    Peer.Identified agent = peer.agent();
    if (agent != null) {
      stamped.put(LinkHeaders.TENANT, agent.identity().tenantId().toString());
      stamped.put(LinkHeaders.AGENT, agent.identity().agentId().toString());
      stamped.put(LinkHeaders.CERTIFICATE, agent.serial());
    }
    return stamped;
  }

  private static void discard(Metadata headers, String name) {
    if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
      headers.discardAll(Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER));
    } else {
      headers.discardAll(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
    }
  }

  private static ServerCall.Listener<byte[]> refuse(
      ServerCall<byte[], byte[]> call, Status status) {
    call.close(status, new Metadata());
    return new ServerCall.Listener<>() {};
  }

  /// One call in its two halves. gRPC calls each half's listener one event at a time, but the two
  /// halves from different threads: the two flags are what they share.
  static final class Joined implements LiveCalls.Call {
    private final ServerCall<byte[], byte[]> fromAgent;
    private final ClientCall<byte[], byte[]> toGateway;
    private final Counters counters;
    private final AgentSide agentSide = new AgentSide();
    private final GatewaySide gatewaySide = new GatewaySide();
    private boolean agentAwaited;
    private boolean gatewayAwaited;
    private boolean started;
    private boolean cancelled;
    private @Nullable Status endedBy;
    private Runnable whenEnded = () -> {};

    Joined(
        ServerCall<byte[], byte[]> fromAgent,
        ClientCall<byte[], byte[]> toGateway,
        Counters counters) {
      this.fromAgent = fromAgent;
      this.toGateway = toGateway;
      this.counters = counters;
    }

    private void start(Metadata headers, Runnable whenEnded) {
      this.whenEnded = whenEnded;
      Status ended;
      synchronized (this) {
        ended = endedBy;
        if (ended == null) {
          started = true;
          toGateway.start(gatewaySide, headers);
          toGateway.request(1);
        }
      }
      if (ended == null) {
        fromAgent.request(1);
      } else {
        whenEnded.run();
        fromAgent.close(ended, new Metadata());
      }
    }

    /// Ends the call from the edge's side. The gateway's half is cancelled, and its end, which
    /// gRPC reports in that half's own turn, closes the agent's half with this status.
    @Override
    public synchronized void end(Status status) {
      if (endedBy == null) {
        endedBy = status;
        cancel("ended by the edge: " + status.getDescription());
      }
    }

    /// Nothing may be sent to a cancelled call, and who cancels is not who sends.
    private synchronized void cancel(String why) {
      if (started && !cancelled) {
        cancelled = true;
        toGateway.cancel(why, null);
      }
    }

    private synchronized @Nullable Status endedBy() {
      return endedBy;
    }

    private final class AgentSide extends ServerCall.Listener<byte[]> {
      @Override
      public void onMessage(byte[] message) {
        counters.toGateway(message.length);
        synchronized (Joined.this) {
          if (cancelled) {
            return;
          }
          toGateway.sendMessage(message);
          if (!toGateway.isReady()) {
            agentAwaited = true;
            return;
          }
        }
        fromAgent.request(1);
      }

      @Override
      public void onHalfClose() {
        synchronized (Joined.this) {
          if (!cancelled) {
            toGateway.halfClose();
          }
        }
      }

      @Override
      public void onCancel() {
        cancel("the agent went away");
      }

      @Override
      public void onReady() {
        synchronized (Joined.this) {
          if (!gatewayAwaited) {
            return;
          }
          gatewayAwaited = false;
        }
        toGateway.request(1);
      }
    }

    private final class GatewaySide extends ClientCall.Listener<byte[]> {
      @Override
      public void onHeaders(Metadata headers) {
        fromAgent.sendHeaders(headers);
      }

      @Override
      public void onMessage(byte[] message) {
        counters.toAgent(message.length);
        fromAgent.sendMessage(message);
        synchronized (Joined.this) {
          if (!fromAgent.isReady()) {
            gatewayAwaited = true;
            return;
          }
        }
        toGateway.request(1);
      }

      @Override
      public void onReady() {
        synchronized (Joined.this) {
          if (!agentAwaited) {
            return;
          }
          agentAwaited = false;
        }
        fromAgent.request(1);
      }

      @Override
      public void onClose(Status status, Metadata trailers) {
        whenEnded.run();
        Status ended = endedBy();
        if (ended != null) {
          fromAgent.close(ended, new Metadata());
        } else if (status.getCode() == Status.Code.UNAVAILABLE && status.getCause() != null) {
          // Made here and not by the gateway: the text would show addresses of the inside.
          counters.refused(Refusal.GATEWAY_AWAY);
          fromAgent.close(
              Status.UNAVAILABLE.withDescription("The platform cannot be reached just now."),
              new Metadata());
        } else {
          fromAgent.close(status.withCause(null), trailers);
        }
      }
    }
  }
}
