package io.claritystream.edge;

import io.claritystream.edge.Counters.Refusal;
import io.grpc.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The calls that are open now, by agent, and the agents that may have none.
///
/// One lock guards both, so that a revocation and an admission cannot pass each other: either the
/// call is there when the revocation ends what is there, or it is refused. Calls are ended outside
/// the lock.
final class LiveCalls {
  static final Status REVOKED =
      Status.PERMISSION_DENIED.withDescription(
          "This agent was revoked. Pair it again to use it again.");
  static final Status CERTIFICATE_EXPIRED =
      Status.UNAUTHENTICATED.withDescription(
          "The agent's certificate has expired. Pair the agent again.");
  static final Status STOPPING =
      Status.UNAVAILABLE.withDescription("The edge is stopping; connect again.");
  static final Status BUSY =
      Status.RESOURCE_EXHAUSTED.withDescription("Too many pair just now; try again.");
  static final Status TOO_SLOW =
      Status.DEADLINE_EXCEEDED.withDescription("Pairing took too long; try again.");
  static final Status TOO_MANY =
      Status.RESOURCE_EXHAUSTED.withDescription("This agent has too many calls open.");

  /// Strangers together may have this many calls open, each for a short time.
  private static final int UNIDENTIFIED_MAX = 64;

  private static final Duration UNIDENTIFIED_WITHIN = Duration.ofSeconds(15);

  /// What can be ended from outside.
  interface Call {
    void end(Status status);
  }

  /// Whether a call may go on.
  sealed interface Admission {
    record Admitted() implements Admission {}

    record Refused(Status status) implements Admission {}
  }

  private final int callsPerAgentMax;
  private final Counters counters;
  private final Map<UUID, Map<Call, Instant>> byAgent = new HashMap<>();
  private final Map<Call, Instant> unidentified = new HashMap<>();
  private Set<UUID> revoked = Set.of();
  private boolean stopping;

  LiveCalls(int callsPerAgentMax, Counters counters) {
    this.callsPerAgentMax = callsPerAgentMax;
    this.counters = counters;
  }

  synchronized Admission admit(Peer.@Nullable Identified agent, Call call, Instant now) {
    if (stopping) {
      return new Admission.Refused(STOPPING);
    }
    if (agent == null) {
      if (unidentified.size() >= UNIDENTIFIED_MAX) {
        counters.refused(Refusal.UNIDENTIFIED_CALLS);
        return new Admission.Refused(BUSY);
      }
      unidentified.put(call, now.plus(UNIDENTIFIED_WITHIN));
      return new Admission.Admitted();
    }
    UUID id = agent.identity().agentId();
    if (revoked.contains(id)) {
      counters.refused(Refusal.REVOKED);
      return new Admission.Refused(REVOKED);
    }
    Map<Call, Instant> calls = byAgent.computeIfAbsent(id, _ -> new HashMap<>());
    if (calls.size() >= callsPerAgentMax) {
      counters.refused(Refusal.CALLS_PER_AGENT);
      return new Admission.Refused(TOO_MANY);
    }
    calls.put(call, agent.expiresAt());
    return new Admission.Admitted();
  }

  synchronized void ended(Peer.@Nullable Identified agent, Call call) {
    if (agent == null) {
      unidentified.remove(call);
      return;
    }
    UUID id = agent.identity().agentId();
    Map<Call, Instant> calls = byAgent.get(id);
    if (calls != null) {
      calls.remove(call);
      if (calls.isEmpty()) {
        byAgent.remove(id);
      }
    }
  }

  synchronized int size() {
    return unidentified.size() + byAgent.values().stream().mapToInt(Map::size).sum();
  }

  /// From now on these and no others are revoked; their open calls end.
  void replaceRevoked(Collection<UUID> agents) {
    synchronized (this) {
      revoked = Set.copyOf(agents);
    }
    endRevoked(agents);
  }

  /// These are revoked too; their open calls end.
  void addRevoked(Collection<UUID> agents) {
    synchronized (this) {
      Set<UUID> all = new HashSet<>(revoked);
      all.addAll(agents);
      revoked = Set.copyOf(all);
    }
    endRevoked(agents);
  }

  /// Ends the calls whose certificate is over, and pairings that take too long.
  void endExpired(Instant now) {
    List<Call> over = new ArrayList<>();
    List<Call> slow = new ArrayList<>();
    synchronized (this) {
      unidentified.forEach(
          (call, endsAt) -> {
            if (!endsAt.isAfter(now)) {
              slow.add(call);
            }
          });
      byAgent
          .values()
          .forEach(
              calls ->
                  calls.forEach(
                      (call, expiresAt) -> {
                        if (!expiresAt.isAfter(now)) {
                          over.add(call);
                        }
                      }));
    }
    slow.forEach(call -> call.end(TOO_SLOW));
    over.forEach(
        call -> {
          counters.refused(Refusal.CERTIFICATE_EXPIRED);
          call.end(CERTIFICATE_EXPIRED);
        });
  }

  /// Ends every call and admits no more.
  void stop() {
    List<Call> all;
    synchronized (this) {
      stopping = true;
      all = new ArrayList<>(unidentified.keySet());
      byAgent.values().forEach(calls -> all.addAll(calls.keySet()));
    }
    all.forEach(call -> call.end(STOPPING));
  }

  private void endRevoked(Collection<UUID> agents) {
    List<Call> theirs = new ArrayList<>();
    synchronized (this) {
      for (UUID agent : agents) {
        theirs.addAll(byAgent.getOrDefault(agent, Map.of()).keySet());
      }
    }
    theirs.forEach(
        call -> {
          counters.refused(Refusal.REVOKED);
          call.end(REVOKED);
        });
  }
}
