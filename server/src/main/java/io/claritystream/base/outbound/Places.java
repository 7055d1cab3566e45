package io.claritystream.base.outbound;

import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// How many calls are under way, in all and to one host and port.
final class Places {
  private final int perHostMax;
  private final Semaphore all;
  private final ConcurrentHashMap<String, Host> hosts = new ConcurrentHashMap<>();

  Places(int max, int perHostMax) {
    this.perHostMax = perHostMax;
    this.all = new Semaphore(max, true);
  }

  /// Waits for a place. The host comes first: who waits for a slow host keeps no place from others.
  Place take(Destination destination, Duration within) throws OutboundFault, InterruptedException {
    long end = System.nanoTime() + within.toNanos();
    String key = destination.place();
    Host host = hosts.compute(key, (name, known) -> entered(known));
    boolean taken = false;
    try {
      if (!host.places.tryAcquire(within.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new OutboundFault(
            OutboundFault.Kind.BUSY,
            false,
            "%d calls to %s are under way, as many as may be; try again when one has ended."
                .formatted(perHostMax, destination.host()));
      }
      try {
        taken = all.tryAcquire(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
      } finally {
        if (!taken) {
          host.places.release();
        }
      }
      if (!taken) {
        throw new OutboundFault(
            OutboundFault.Kind.BUSY,
            false,
            "As many calls are under way as this server makes at once; try again shortly.");
      }
      return () -> {
        all.release();
        host.places.release();
        leave(key);
      };
    } finally {
      if (!taken) {
        leave(key);
      }
    }
  }

  /// Hosts that somebody calls, or waits to call.
  int hosts() {
    return hosts.size();
  }

  private Host entered(@Nullable Host known) {
    Host host = known == null ? new Host(new Semaphore(perHostMax, true)) : known;
    host.users++;
    return host;
  }

  private void leave(String key) {
    hosts.computeIfPresent(key, (name, host) -> --host.users == 0 ? null : host);
  }

  /// Given back once.
  @FunctionalInterface
  interface Place extends AutoCloseable {
    @Override
    void close();
  }

  private static final class Host {
    private final Semaphore places;

    /// Written only within the map's own lock of this key.
    private int users;

    private Host(Semaphore places) {
      this.places = places;
    }
  }
}
