package io.claritystream.stream.gateway;

import io.claritystream.stream.source.SourceRef;
import io.claritystream.stream.source.Sources;
import io.grpc.Status;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/// The streams of this process, one a source.
final class LiveStreams {
  private final ConcurrentMap<UUID, SourceStream> bySource = new ConcurrentHashMap<>();

  /// The stream is the source's from now on; an older one that is here ends.
  void add(SourceRef source, SourceStream stream) {
    SourceStream older = bySource.put(source.sourceId(), stream);
    if (older != null && older != stream) {
      older.refuse(Refusal.SUPERSEDED, "A newer stream of this source was opened.");
    }
  }

  void remove(SourceRef source, SourceStream stream) {
    bySource.remove(source.sourceId(), stream);
  }

  int size() {
    return bySource.size();
  }

  /// Reads where all the sources stand, in one statement, and tells their streams.
  void look(Sources sources) {
    Map<UUID, SourceStream> now = Map.copyOf(bySource);
    if (now.isEmpty()) {
      return;
    }
    for (Sources.Standing standing : sources.standing(now.keySet())) {
      SourceStream stream = now.get(standing.source().sourceId());
      if (stream != null) {
        stream.standing(standing);
      }
    }
    now.values().forEach(SourceStream::tick);
  }

  /// The edge ends the streams of a revoked agent as well; whichever comes first.
  void end(Set<UUID> revokedAgents) {
    for (SourceStream stream : List.copyOf(bySource.values())) {
      if (revokedAgents.contains(stream.agent().agentId())) {
        stream.end(
            Status.PERMISSION_DENIED.withDescription(
                "This agent was revoked. Pair it again to use it again."));
      }
    }
  }

  void endAll() {
    for (SourceStream stream : List.copyOf(bySource.values())) {
      stream.end(Status.UNAVAILABLE.withDescription("The gateway is stopping; connect again."));
    }
  }
}
