package io.claritystream.edge;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/// What went through and what was turned away, counted since the start.
final class Counters {

  /// Why a connection or a call was turned away or ended by the edge.
  enum Refusal {
    CONNECTIONS_PER_ADDRESS,
    CONNECTIONS,
    NO_CERTIFICATE,
    METADATA,
    CERTIFICATE_EXPIRED,
    REVOKED,
    CALLS_PER_AGENT,
    UNIDENTIFIED_CALLS,
    UNKNOWN_METHOD,
    GATEWAY_AWAY
  }

  private final LongAdder connections = new LongAdder();
  private final LongAdder handshakes = new LongAdder();
  private final LongAdder calls = new LongAdder();
  private final LongAdder toGatewayBytes = new LongAdder();
  private final LongAdder toGatewayMessages = new LongAdder();
  private final LongAdder toAgentBytes = new LongAdder();
  private final LongAdder toAgentMessages = new LongAdder();
  private final Map<Refusal, LongAdder> refusals = new EnumMap<>(Refusal.class);

  Counters() {
    for (Refusal refusal : Refusal.values()) {
      refusals.put(refusal, new LongAdder());
    }
  }

  LongAdder connections() {
    return connections;
  }

  LongAdder handshakes() {
    return handshakes;
  }

  LongAdder calls() {
    return calls;
  }

  void toGateway(int bytes) {
    toGatewayMessages.increment();
    toGatewayBytes.add(bytes);
  }

  void toAgent(int bytes) {
    toAgentMessages.increment();
    toAgentBytes.add(bytes);
  }

  void refused(Refusal refusal) {
    adder(refusal).increment();
  }

  long refusals(Refusal refusal) {
    return adder(refusal).sum();
  }

  /// One line of `name=value`, refusals only where there were any.
  String line(int liveCalls, int liveConnections) {
    String refused =
        refusals.entrySet().stream()
            .filter(entry -> entry.getValue().sum() > 0)
            .map(
                entry ->
                    " refused_"
                        + entry.getKey().name().toLowerCase(java.util.Locale.ROOT)
                        + "_total="
                        + entry.getValue().sum())
            .collect(Collectors.joining());
    return "connections="
        + liveConnections
        + " calls="
        + liveCalls
        + " connections_total="
        + connections.sum()
        + " handshakes_total="
        + handshakes.sum()
        + " calls_total="
        + calls.sum()
        + " to_gateway_messages_total="
        + toGatewayMessages.sum()
        + " to_gateway_bytes_total="
        + toGatewayBytes.sum()
        + " to_agent_messages_total="
        + toAgentMessages.sum()
        + " to_agent_bytes_total="
        + toAgentBytes.sum()
        + refused;
  }

  private LongAdder adder(Refusal refusal) {
    LongAdder adder = refusals.get(refusal);
    if (adder == null) {
      throw new IllegalStateException("not counted: " + refusal);
    }
    return adder;
  }
}
