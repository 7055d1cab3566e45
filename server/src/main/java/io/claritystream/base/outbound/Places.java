package io.claritystream.base.outbound;

import io.claritystream.base.db.TenantId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// How many calls are under way, and how many bytes of answers they may hold: in all, of one
/// tenant, to one host and port, and of one tenant to one host. What an answer may hold is taken
/// before anything is sent, so that no call acts and then has no room for its answer.
final class Places {
  private static final int UNIT = 1_024;

  private final OutboundProperties settings;
  private final Semaphore all;
  private final Semaphore memory;
  private final ConcurrentHashMap<Object, Gate> gates = new ConcurrentHashMap<>();

  Places(OutboundProperties settings) {
    this.settings = settings;
    this.all = new Semaphore(settings.callsMax(), true);
    this.memory = new Semaphore(units(settings.buffersMax().toBytes()), true);
  }

  /// Waits for a place, and for room for so many bytes. What is a tenant's own comes first: who
  /// waits for that, or for a slow host, keeps nothing from other tenants.
  Place take(TenantId tenant, Destination destination, long bytes, Duration within)
      throws OutboundFault, InterruptedException {
    Taking taking = new Taking(System.nanoTime() + within.toNanos());
    try {
      String host = destination.place();
      int atHost = settings.callsPerTenantAndHostMax();
      taking.enter(new TenantAtHost(tenant, host), atHost, 1, calls(atHost, destination));
      taking.enter(
          tenant,
          settings.callsPerTenantMax(),
          1,
          "%d calls of this workspace are under way, as many as may be; try again when one has ended."
              .formatted(settings.callsPerTenantMax()));
      int room = units(bytes);
      taking.enter(
          new MemoryOf(tenant),
          units(settings.buffersPerTenantMax().toBytes()),
          room,
          "The answers that this workspace waits for fill the memory that is kept for them; try again shortly, or let the steps allow smaller answers.");
      int perHost = settings.callsPerHostMax();
      taking.enter(host, perHost, 1, calls(perHost, destination));
      taking.acquire(
          all, 1, "As many calls are under way as this server makes at once; try again shortly.");
      taking.acquire(
          memory,
          room,
          "The answers that are waited for fill the memory that is kept for them; try again shortly.");
      return taking;
    } catch (OutboundFault | InterruptedException refused) {
      taking.close();
      throw refused;
    }
  }

  private static String calls(int max, Destination destination) {
    return "%d calls to %s are under way, as many as may be; try again when one has ended."
        .formatted(max, destination.host());
  }

  /// Tenants and hosts that somebody calls for or to, or waits to.
  int hosts() {
    return gates.size();
  }

  long bytesTaken() {
    return (long) (units(settings.buffersMax().toBytes()) - memory.availablePermits()) * UNIT;
  }

  private static int units(long bytes) {
    return (int) Math.min(Integer.MAX_VALUE, (bytes + UNIT - 1) / UNIT);
  }

  private Gate entered(@Nullable Gate known, int max) {
    Gate gate = known == null ? new Gate(new Semaphore(max, true)) : known;
    gate.users++;
    return gate;
  }

  private void leave(Object key) {
    gates.computeIfPresent(key, (name, gate) -> --gate.users == 0 ? null : gate);
  }

  /// Given back once.
  interface Place extends AutoCloseable {
    @Override
    void close();
  }

  private record TenantAtHost(TenantId tenant, String host) {}

  private record MemoryOf(TenantId tenant) {}

  private static final class Gate {
    private final Semaphore places;

    /// Written only within the map's own lock of this key.
    private int users;

    private Gate(Semaphore places) {
      this.places = places;
    }
  }

  /// What one call has taken so far, given back in the opposite order.
  private final class Taking implements Place {
    private final long end;
    private final Deque<Runnable> taken = new ArrayDeque<>();

    private Taking(long end) {
      this.end = end;
    }

    private void enter(Object key, int max, int permits, String full)
        throws OutboundFault, InterruptedException {
      Gate gate = gates.compute(key, (name, known) -> entered(known, max));
      taken.push(() -> leave(key));
      acquire(gate.places, permits, full);
    }

    private void acquire(Semaphore places, int permits, String full)
        throws OutboundFault, InterruptedException {
      long left = Math.max(0, end - System.nanoTime());
      if (!places.tryAcquire(permits, left, TimeUnit.NANOSECONDS)) {
        throw new OutboundFault(OutboundFault.Kind.BUSY, false, full);
      }
      taken.push(() -> places.release(permits));
    }

    @Override
    public void close() {
      while (!taken.isEmpty()) {
        taken.pop().run();
      }
    }
  }
}
