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
/// before anything is sent, so that no call acts and then has no room for its answer; from when it
/// is there until it is read, what it has counts.
final class Places {
  private static final int UNIT = 1_024;

  private final OutboundProperties settings;
  private final Semaphore all;
  private final Semaphore memory;
  private final Semaphore reading;
  private final ConcurrentHashMap<Object, Gate> gates = new ConcurrentHashMap<>();

  Places(OutboundProperties settings) {
    this.settings = settings;
    this.all = new Semaphore(settings.callsMax(), true);
    this.memory = new Semaphore(units(settings.buffersMaxBytes()), true);
    this.reading = new Semaphore(units(settings.readingMaxBytes()), true);
  }

  /// Waits for a place, and for room for so many bytes. What is a tenant's own comes first: who
  /// waits for that, or for a slow host, keeps nothing from other tenants.
  Place take(TenantId tenant, Destination destination, long bytes, Duration within)
      throws OutboundFault, InterruptedException {
    Taking taking = new Taking(System.nanoTime() + within.toNanos());
    try {
      String host = destination.place();
      int atHost = settings.callsPerTenantAndHostMax();
      taking.enter(new TenantAtHost(tenant, host), atHost, calls(atHost, destination));
      taking.enter(
          tenant,
          settings.callsPerTenantMax(),
          "%d calls of this workspace are under way, as many as may be; try again when one has ended."
              .formatted(settings.callsPerTenantMax()));
      taking.room = units(bytes);
      taking.mine = taking.gate(new MemoryOf(tenant), units(settings.buffersPerTenantMaxBytes()));
      taking.acquireRoom(
          taking.mine,
          "The answers that this workspace waits for fill the memory that is kept for them; try again shortly, or let the steps allow smaller answers.");
      int perHost = settings.callsPerHostMax();
      taking.enter(host, perHost, calls(perHost, destination));
      taking.acquire(
          all, "As many calls are under way as this server makes at once; try again shortly.");
      taking.acquireRoom(
          memory,
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
    return (long) (units(settings.buffersMaxBytes()) - memory.availablePermits()) * UNIT;
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
    /// The answer is there: gives back the room that it did not need.
    void came(long bytes);

    /// Waits for room for what reading it makes of it; whoever has some gives it back when it is
    /// read, so the wait is short.
    Room read(long bytes) throws InterruptedException;

    @Override
    void close();
  }

  /// Given back once.
  interface Room extends AutoCloseable {
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
    private @Nullable Semaphore mine;
    private int room;

    private Taking(long end) {
      this.end = end;
    }

    private void enter(Object key, int max, String full)
        throws OutboundFault, InterruptedException {
      acquire(gate(key, max), full);
    }

    private Semaphore gate(Object key, int max) {
      Gate gate = gates.compute(key, (name, known) -> entered(known, max));
      taken.push(() -> leave(key));
      return gate.places;
    }

    @Override
    public void came(long bytes) {
      int spare = room - units(bytes);
      if (spare > 0 && mine != null) {
        room -= spare;
        mine.release(spare);
        memory.release(spare);
      }
    }

    @Override
    public Room read(long bytes) throws InterruptedException {
      int most = units(settings.readingMaxBytes());
      int wanted = Math.min(most, units(bytes));
      reading.acquire(wanted);
      return () -> reading.release(wanted);
    }

    private void acquire(Semaphore places, String full) throws OutboundFault, InterruptedException {
      acquire(places, 1, full);
      taken.push(places::release);
    }

    /// Given back is as much as is still held then.
    private void acquireRoom(Semaphore places, String full)
        throws OutboundFault, InterruptedException {
      acquire(places, room, full);
      taken.push(() -> places.release(room));
    }

    private void acquire(Semaphore places, int permits, String full)
        throws OutboundFault, InterruptedException {
      long left = Math.max(0, end - System.nanoTime());
      if (!places.tryAcquire(permits, left, TimeUnit.NANOSECONDS)) {
        throw new OutboundFault(OutboundFault.Kind.BUSY, false, full);
      }
    }

    @Override
    public void close() {
      while (!taken.isEmpty()) {
        taken.pop().run();
      }
    }
  }
}
