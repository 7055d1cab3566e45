package io.claritystream.stream.gateway;

import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.stream.bus.EventBus;
import io.claritystream.stream.source.DurableMarks;
import io.claritystream.stream.source.SourceGaps;
import io.claritystream.stream.source.SourceRef;
import io.claritystream.stream.source.SourceReports;
import io.claritystream.stream.source.SourceSnapshots;
import io.claritystream.stream.source.Sources;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.LoggerFactory;

/// What every stream works with.
///
/// @param background runs what may wait
/// @param timer runs what may not
/// @param nanoTime as [System#nanoTime()], for everything that is measured
record StreamServices(
    GatewayProperties properties,
    Sources sources,
    SourceReports reports,
    SourceGaps gaps,
    SourceSnapshots snapshots,
    DurableMarks marks,
    EventBus bus,
    Quotas quotas,
    Allowance epochs,
    LiveStreams streams,
    GatewayMeters meters,
    Executor background,
    ScheduledExecutorService timer,
    Clock clock,
    LongSupplier nanoTime) {

  private static final long WINDOW_BYTES_MIN = 1024 * 1024;

  /// The window of one source: all windows of a partition together take at most half of what the
  /// bus keeps of it, since what is asked for again is there twice.
  long window(int partition) {
    long share = bus.retentionBytes() / 2 / Math.max(1, sources.inPartition(partition));
    return Math.max(WINDOW_BYTES_MIN, Math.min(properties.window().toBytes(), share));
  }

  /// A header with what the gateway says of its batch, whatever the agent wrote there.
  BatchHeader.Builder completed(BatchHeader.Builder header, SourceRef to) {
    Instant now = clock.instant();
    return header
        .setTenantId(to.tenantId().toString())
        .setSession(to.session())
        .setAcceptedAtUs(
            TimeUnit.SECONDS.toMicros(now.getEpochSecond())
                + TimeUnit.NANOSECONDS.toMicros(now.getNano()));
  }

  /// Runs `act` after `wait`, unless the gateway stops before.
  void later(Duration wait, Runnable act) {
    try {
      timer.schedule(act, wait.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      LoggerFactory.getLogger(StreamServices.class).debug("stopping, nothing is done later");
    }
  }
}
