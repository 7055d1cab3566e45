package io.claritystream.stream.ingest;

import io.claritystream.stream.bus.Lane;
import io.claritystream.stream.deadletter.Cause;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/// What ingest counts. Reasons and causes are closed lists, so the number of series is bounded.
final class IngestMetrics {

  /// Why a record of the bus was not taken.
  enum Drop {
    /// It has no readable header.
    UNREADABLE,
    UNKNOWN_SOURCE,
    /// It names another tenant than its source has.
    WRONG_TENANT,
    /// Its source keeps another partition.
    WRONG_PARTITION,
    /// All of it was taken before.
    REPEATED,
    /// Of an epoch or session that a newer one has replaced.
    STALE,
    /// Of an epoch that was never opened.
    UNOPENED,
    /// Numbers before it are missing.
    AFTER_GAP,
    /// It was not made after the batch that is durable before it.
    FORKED,
    /// Its checksum is wrong: it was asked for again.
    DAMAGED
  }

  private final MeterRegistry meters;
  private final Counter events;
  private final Counter batches;
  private final Counter gaps;
  private final Counter corrupt;
  private final Counter fenced;
  private final Counter packed;
  private final Timer commits;
  private final Timer packing;
  private final Map<Drop, Counter> drops = new EnumMap<>(Drop.class);
  private final Map<Cause, Counter> letters = new EnumMap<>(Cause.class);
  private final Map<Fault, Counter> faults = new EnumMap<>(Fault.class);

  IngestMetrics(MeterRegistry meters) {
    this.meters = meters;
    events = counter("clarity_ingest_events", "Events committed");
    batches = counter("clarity_ingest_batches", "Transactions committed");
    gaps = counter("clarity_ingest_gaps", "Times that numbers were missing and asked for again");
    corrupt = counter("clarity_ingest_lost_events", "Events of batches that could not be decoded");
    fenced = counter("clarity_ingest_fenced", "Transactions given up because another has moved on");
    packed = counter("clarity_ingest_packed_minutes", "Minutes laid beside those of their series");
    packing =
        Timer.builder("clarity_ingest_packing_held_seconds")
            .description("How long a portion of minutes that are packed keeps ingest waiting")
            .publishPercentileHistogram()
            .register(meters);
    commits =
        Timer.builder("clarity_ingest_commit_seconds")
            .description("One transaction, from its first statement to its commit")
            .publishPercentileHistogram()
            .register(meters);
    for (var drop : Drop.values()) {
      drops.put(drop, byReason("clarity_ingest_dropped_records", "Records not taken", drop));
    }
    for (var cause : Cause.values()) {
      letters.put(cause, byReason("clarity_ingest_dead_letters", "Dead letters written", cause));
    }
    for (var fault : Fault.values()) {
      faults.put(fault, byReason("clarity_ingest_faults", "Transactions that failed", fault));
    }
  }

  void committed(int eventCount, Duration took) {
    batches.increment();
    events.increment(eventCount);
    commits.record(took);
  }

  void packed(int minutes, Duration held) {
    packed.increment(minutes);
    packing.record(held);
  }

  void dropped(Drop reason) {
    counter(drops, reason).increment();
  }

  void deadLetter(Cause cause) {
    counter(letters, cause).increment();
  }

  void failed(Fault fault) {
    counter(faults, fault).increment();
  }

  void gap() {
    gaps.increment();
  }

  void lost(int eventCount) {
    corrupt.increment(eventCount);
  }

  void fenced() {
    fenced.increment();
  }

  /// Shows how far a partition is behind, until the returned action is run.
  Runnable watch(Lane lane) {
    var gauge =
        Gauge.builder("clarity_ingest_lag_records", lane, Lane::recordsBehind)
            .description("Records of the partition that were not taken yet")
            .tag("partition", Integer.toString(lane.partition()))
            .register(meters);
    return () -> meters.remove(gauge);
  }

  private static <E extends Enum<E>> Counter counter(Map<E, Counter> counters, E key) {
    return java.util.Objects.requireNonNull(counters.get(key));
  }

  private Counter counter(String name, String description) {
    return Counter.builder(name).description(description).register(meters);
  }

  private Counter byReason(String name, String description, Enum<?> reason) {
    return Counter.builder(name)
        .description(description)
        .tag("reason", reason.name().toLowerCase(java.util.Locale.ROOT))
        .register(meters);
  }
}
