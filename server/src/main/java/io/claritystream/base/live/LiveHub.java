package io.claritystream.base.live;

import io.claritystream.base.db.TenantId;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// Hands messages to the streams of their tenant, in this process and, where it was joined to
/// others, in those. Publishing never waits for a reader.
public final class LiveHub {
  /// How far apart the deliveries of one stream are at least.
  static final Duration SPACING = Duration.ofMillis(50);

  private final ConcurrentHashMap<TenantId, List<LiveStream>> streams = new ConcurrentHashMap<>();
  private volatile boolean closed;
  private volatile @Nullable Elsewhere elsewhere;

  /// The open pages of other processes. Nothing here may wait.
  public interface Elsewhere {
    boolean isWatched(TenantId tenant);

    void publish(TenantId tenant, LiveMessage message);

    /// A tenant is watched here that was not before.
    void watchedHere();
  }

  /// Tells others too from now on.
  public void join(Elsewhere others) {
    elsewhere = others;
  }

  /// To be called after the commit of what the message tells.
  public void publish(TenantId tenant, LiveMessage message) {
    deliver(tenant, message);
    var others = elsewhere;
    if (others != null) {
      others.publish(tenant, message);
    }
  }

  /// To the streams of this process alone: what another one has published.
  public void deliver(TenantId tenant, LiveMessage message) {
    var watching = streams.get(tenant);
    if (watching != null) {
      for (var stream : watching) {
        stream.offer(message);
      }
    }
  }

  /// Whether anybody watches: where making a message costs something.
  public boolean isWatched(TenantId tenant) {
    var others = elsewhere;
    return streams.containsKey(tenant) || others != null && others.isWatched(tenant);
  }

  /// The tenants that are watched in this process.
  public Set<TenantId> watched() {
    return Set.copyOf(streams.keySet());
  }

  /// A stream of what is published from now on. Whoever opens it closes it.
  public LiveStream open(TenantId tenant) {
    var stream = new LiveStream(SPACING, gone -> remove(tenant, gone));
    var all =
        streams.compute(
            tenant,
            (id, open) -> {
              var known = open == null ? new CopyOnWriteArrayList<LiveStream>() : open;
              known.add(stream);
              return known;
            });
    var others = elsewhere;
    if (others != null && all.size() == 1) {
      others.watchedHere();
    }
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
