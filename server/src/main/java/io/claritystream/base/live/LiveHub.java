package io.claritystream.base.live;

import io.claritystream.base.db.TenantId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// Hands messages to the streams of their tenant. Publishing never waits for a reader.
public final class LiveHub {
  /// How far apart the deliveries of one stream are at least.
  static final Duration SPACING = Duration.ofMillis(50);

  private final ConcurrentHashMap<TenantId, List<LiveStream>> streams = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /// To be called after the commit of what the message tells.
  public void publish(TenantId tenant, LiveMessage message) {
    var watching = streams.get(tenant);
    if (watching != null) {
      for (var stream : watching) {
        stream.offer(message);
      }
    }
  }

  /// Whether anybody watches: where making a message costs something.
  public boolean isWatched(TenantId tenant) {
    return streams.containsKey(tenant);
  }

  /// A stream of what is published from now on. Whoever opens it closes it.
  public LiveStream open(TenantId tenant) {
    var stream = new LiveStream(SPACING, gone -> remove(tenant, gone));
    streams.compute(
        tenant,
        (id, open) -> {
          var all = open == null ? new CopyOnWriteArrayList<LiveStream>() : open;
          all.add(stream);
          return all;
        });
    if (closed) {
      stream.close();
    }
    return stream;
  }

  private void remove(TenantId tenant, LiveStream stream) {
    streams.computeIfPresent(
        tenant,
        (id, open) -> {
          open.remove(stream);
          return open.isEmpty() ? null : open;
        });
  }

  /// Ends every stream, and any that is opened later.
  public void close() {
    closed = true;
    for (var open : streams.values()) {
      open.forEach(LiveStream::close);
    }
  }
}
