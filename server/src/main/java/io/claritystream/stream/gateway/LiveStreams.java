package io.claritystream.stream.gateway;

import io.claritystream.stream.source.SourceRef;
import io.claritystream.stream.source.SourceSnapshots;
import io.claritystream.stream.source.Sources;
import io.grpc.Status;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The streams of this process, one a source.
final class LiveStreams {
  private record Held(long session, SourceStream stream) {}

  private final Supplier<Set<UUID>> revoked;
  private final ConcurrentMap<UUID, Held> bySource = new ConcurrentHashMap<>();

  /// @param revoked the agents that are revoked now
  LiveStreams(Supplier<Set<UUID>> revoked) {
    this.revoked = revoked;
  }

  /// The stream is the source's from now on, and an older one that is here ends. False if the one
  /// that is here is newer: two that open at once may come in either order.
  boolean add(SourceRef source, SourceStream stream) {
    Held held = new Held(source.session(), stream);
    AtomicReference<@Nullable Held> before = new AtomicReference<>();
    Held now =
        bySource.compute(
            source.sourceId(),
            (_, there) -> {
              before.set(there);
              return there != null && there.session() > held.session() ? there : held;
            });
    if (now != held) {
      return false;
    }
    Held older = before.get();
    if (older != null) {
      older.stream().refuse(Refusal.SUPERSEDED, "A newer stream of this source was opened.");
    }
    // Its agent may have been revoked since the call began, and told of before it was here.
    if (revoked.get().contains(stream.agent().agentId())) {
      endRevoked(stream);
    }
    return true;
  }

  void remove(SourceRef source, SourceStream stream) {
    bySource.remove(source.sourceId(), new Held(source.session(), stream));
  }

  int size() {
    return bySource.size();
  }

  /// Reads where all the sources stand, in one statement, and tells their streams.
  void look(Sources sources) {
    Map<UUID, Held> now = Map.copyOf(bySource);
    if (now.isEmpty()) {
      return;
    }
    for (Sources.Standing standing : sources.standing(now.keySet())) {
      Held held = now.get(standing.source().sourceId());
      if (held != null) {
        held.stream().standing(standing);
      }
    }
    now.values().forEach(held -> held.stream().tick());
  }

  /// Tells the agents that are here of the snapshots that people ordered.
  void order(SourceSnapshots snapshots) {
    Map<UUID, Held> now = Map.copyOf(bySource);
    if (now.isEmpty()) {
      return;
    }
    for (SourceSnapshots.Order order : snapshots.open(now.keySet())) {
      Held held = now.get(order.sourceId());
      if (held != null) {
        held.stream().order(order);
      }
    }
  }

  /// The edge ends the streams of a revoked agent as well; whichever comes first.
  void end(Set<UUID> revokedAgents) {
    for (Held held : List.copyOf(bySource.values())) {
      if (revokedAgents.contains(held.stream().agent().agentId())) {
        endRevoked(held.stream());
      }
    }
  }

  private static void endRevoked(SourceStream stream) {
    stream.end(
        Status.PERMISSION_DENIED.withDescription(
            "This agent was revoked. Pair it again to use it again."));
  }

  void endAll() {
    for (Held held : List.copyOf(bySource.values())) {
      held.stream()
          .end(Status.UNAVAILABLE.withDescription("The gateway is stopping; connect again."));
    }
  }
}
