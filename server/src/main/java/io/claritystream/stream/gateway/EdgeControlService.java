package io.claritystream.stream.gateway;

import io.claritystream.protocol.link.EdgeControlGrpc;
import io.claritystream.protocol.link.Revocations;
import io.claritystream.protocol.link.WatchRequest;
import io.claritystream.stream.source.RevokedAgents;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;

/// Tells edges which agents are revoked: all at first, then each as it happens.
final class EdgeControlService extends EdgeControlGrpc.EdgeControlImplBase {
  private final RevokedAgents revoked;

  EdgeControlService(RevokedAgents revoked) {
    this.revoked = revoked;
  }

  @Override
  public void watch(WatchRequest request, StreamObserver<Revocations> answer) {
    ServerCallStreamObserver<Revocations> toEdge = (ServerCallStreamObserver<Revocations>) answer;
    Consumer<Set<UUID>> listener =
        agents -> {
          synchronized (toEdge) {
            if (!toEdge.isCancelled()) {
              toEdge.onNext(message(agents, false));
            }
          }
        };
    toEdge.setOnCancelHandler(() -> revoked.forget(listener));
    synchronized (toEdge) {
      // Listening first, so that none is revoked unnoticed between the two; twice does no harm.
      revoked.listen(listener);
      toEdge.onNext(message(revoked.current(), true));
    }
  }

  private static Revocations message(Set<UUID> agents, boolean complete) {
    Revocations.Builder message = Revocations.newBuilder().setComplete(complete);
    agents.forEach(agent -> message.addAgentIds(agent.toString()));
    return message.build();
  }
}
