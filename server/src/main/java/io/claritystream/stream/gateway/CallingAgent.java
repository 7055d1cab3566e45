package io.claritystream.stream.gateway;

import io.claritystream.protocol.identity.LinkHeaders;
import io.claritystream.protocol.identity.PeerIdentity;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// On whose behalf an edge calls. It is believed because the connection's handshake admits edges
/// only; no one else reaches this code.
///
/// @param identity of the agent's certificate; absent while it pairs
/// @param certificate serial number of that certificate
/// @param address the agent's, as the edge saw it
record CallingAgent(Optional<PeerIdentity.Agent> identity, String certificate, String address) {
  private static final Context.Key<CallingAgent> KEY = Context.key("clarity-calling-agent");

  /// Of the call that this thread works for.
  static CallingAgent current() {
    CallingAgent agent = KEY.get();
    if (agent == null) {
      throw new IllegalStateException("a call that no interceptor has seen");
    }
    return agent;
  }

  /// The identity, or the end of the call if there is none.
  PeerIdentity.Agent required() {
    return identity.orElseThrow(
        () ->
            Status.UNAUTHENTICATED
                .withDescription("This call needs the agent's certificate.")
                .asRuntimeException());
  }

  /// Reads what the edge has stamped.
  static final class Interceptor implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      Optional<PeerIdentity.Agent> identity;
      try {
        identity = identity(headers.get(LinkHeaders.TENANT), headers.get(LinkHeaders.AGENT));
      } catch (IllegalArgumentException e) {
        call.close(
            Status.UNAUTHENTICATED.withDescription("The edge named no agent."), new Metadata());
        return new ServerCall.Listener<>() {};
      }
      CallingAgent agent =
          new CallingAgent(
              identity,
              or(headers.get(LinkHeaders.CERTIFICATE), ""),
              or(headers.get(LinkHeaders.PEER), "unknown"));
      return Contexts.interceptCall(Context.current().withValue(KEY, agent), call, headers, next);
    }

    private static Optional<PeerIdentity.Agent> identity(
        @Nullable String tenant, @Nullable String agent) {
      if (tenant == null && agent == null) {
        return Optional.empty();
      }
      return Optional.of(
          new PeerIdentity.Agent(UUID.fromString(or(tenant, "")), UUID.fromString(or(agent, ""))));
    }

    private static String or(@Nullable String value, String otherwise) {
      return value == null ? otherwise : value;
    }
  }
}
