package io.claritystream.base.live;

import io.claritystream.base.live.LiveMessage.Reading;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// One reader's view of what is published. Between two deliveries it keeps the newest value of
/// each series and the newest state of each source, so it is bounded by what there is, not by
/// how slowly it is read. One thread reads; any may publish.
public final class LiveStream implements AutoCloseable {
  /// More series than this at once are not told; a page that shows as many asks the API.
  static final int SERIES_MAX = 20_000;

  static final int SOURCES_MAX = 1_000;

  private record Series(UUID deviceId, String key) {}

  /// What became known since the delivery before; empty where nothing did in the time allowed.
  ///
  /// @param readAgain whether all that is shown should be asked for anew
  /// @param leftOut how many readings were of series beyond the limit
  /// @param ended whether the stream was closed: nothing will follow
  public record Delivery(
      List<Reading> readings,
      List<LiveMessage.Source> sources,
      boolean readAgain,
      long leftOut,
      boolean ended) {
    public Delivery {
      readings = List.copyOf(readings);
      sources = List.copyOf(sources);
    }

    public boolean isEmpty() {
      return readings.isEmpty() && sources.isEmpty() && !readAgain;
    }
  }

  private final long spacingNanos;
  private final Consumer<LiveStream> onClose;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<Series, Reading> readings = new LinkedHashMap<>();
  private final Map<UUID, LiveMessage.Source> sources = new LinkedHashMap<>();
  private boolean readAgain;
  private long leftOut;
  private boolean closed;
  private long lastDelivery;

  LiveStream(Duration spacing, Consumer<LiveStream> onClose) {
    spacingNanos = spacing.toNanos();
    this.onClose = onClose;
    lastDelivery = System.nanoTime() - spacingNanos;
  }

  void offer(LiveMessage message) {
    lock.lock();
    try {
      switch (message) {
        case LiveMessage.Readings(var fresh) -> fresh.forEach(this::keep);
        case LiveMessage.Source source -> {
          if (sources.size() < SOURCES_MAX || sources.containsKey(source.id())) {
            sources.put(source.id(), source);
          }
        }
        case LiveMessage.ReadAgain() -> readAgain = true;
      }
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  private void keep(Reading reading) {
    var series = new Series(reading.deviceId(), reading.key());
    var known = readings.get(series);
    if (known == null && readings.size() >= SERIES_MAX) {
      leftOut++;
    } else if (known == null || reading.isNewerThan(known)) {
      readings.put(series, reading);
    }
  }

  /// Waits for something to tell, at most `timeout`; at once if the last delivery is long enough
  /// ago.
  public Delivery next(Duration timeout) throws InterruptedException {
    var deadline = System.nanoTime() + timeout.toNanos();
    lock.lockInterruptibly();
    try {
      while (!closed) {
        var now = System.nanoTime();
        var wait = deadline - now;
        if (!readings.isEmpty() || !sources.isEmpty() || readAgain) {
          var spacing = lastDelivery + spacingNanos - now;
          if (spacing <= 0) {
            break;
          }
          wait = Math.min(wait, spacing);
        }
        if (deadline - now <= 0) {
          return new Delivery(List.of(), List.of(), false, 0, false);
        }
        changed.awaitNanos(wait);
      }
      var delivery =
          new Delivery(
              List.copyOf(readings.values()),
              List.copyOf(sources.values()),
              readAgain,
              leftOut,
              closed);
      readings.clear();
      sources.clear();
      readAgain = false;
      leftOut = 0;
      lastDelivery = System.nanoTime();
      return delivery;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    onClose.accept(this);
    lock.lock();
    try {
      closed = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }
}
