package io.claritystream.stream.gateway;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// What the gateway counts.
final class GatewayMeters {
  private final Counter batches;
  private final Counter bytes;
  private final Counter events;
  private final Timer acceptance;
  private final Counter droppedBytes;
  private final Counter rewinds;
  private final Counter epochs;
  private final Counter failures;
  private final Counter throttled;
  private final Map<Refusal, Counter> refusals = new EnumMap<>(Refusal.class);

  GatewayMeters(MeterRegistry registry, LiveStreams streams) {
    batches = registry.counter("clarity_gateway_batches_total");
    bytes = registry.counter("clarity_gateway_bytes_total");
    events = registry.counter("clarity_gateway_events_total");
    droppedBytes = registry.counter("clarity_gateway_dropped_bytes_total", "reason", "rewind");
    rewinds = registry.counter("clarity_gateway_rewinds_total");
    epochs = registry.counter("clarity_gateway_epochs_opened_total");
    failures = registry.counter("clarity_gateway_stream_failures_total");
    throttled = registry.counter("clarity_gateway_throttled_total");
    acceptance =
        Timer.builder("clarity_gateway_acceptance_seconds")
            .description("From a batch read to Kafka's acknowledgement of it")
            .publishPercentileHistogram()
            .register(registry);
    for (Refusal refusal : Refusal.values()) {
      refusals.put(
          refusal, registry.counter("clarity_gateway_refusals_total", "reason", refusal.code()));
    }
    Gauge.builder("clarity_gateway_streams", streams, LiveStreams::size).register(registry);
  }

  void accepted(int payloadBytes, int eventCount, long nanos) {
    batches.increment();
    bytes.increment(payloadBytes);
    events.increment(eventCount);
    acceptance.record(nanos, TimeUnit.NANOSECONDS);
  }

  void dropped(int payloadBytes) {
    droppedBytes.increment(payloadBytes);
  }

  void rewound() {
    rewinds.increment();
  }

  void epochOpened() {
    epochs.increment();
  }

  void failed() {
    failures.increment();
  }

  void throttled() {
    throttled.increment();
  }

  void refused(Refusal refusal) {
    Counter counter = refusals.get(refusal);
    if (counter != null) {
      counter.increment();
    }
  }
}
