package io.claritystream.base.outbound;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.process.LastResort;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// Looks up names. The system's look-up cannot be interrupted and holds on to its thread, so it has
/// threads of its own, few, which go when nobody asks; who asks waits for them no longer than he
/// can. Calls that ask for one name at once share one look-up, and its answer for some seconds.
///
/// A tenant has few look-ups under way, each until its thread is free again, whoever still waits
/// for it: one whose names are never resolved takes no more than its part of the threads.
final class Names implements AutoCloseable {
  static final int PER_TENANT_MAX = 4;

  private static final int THREADS_MAX = 64;
  private static final int WAITING_MAX = 1_000;
  private static final int REMEMBERED_MAX = 10_000;
  private static final Duration REMEMBERED_FOR = Duration.ofSeconds(10);

  /// How a name is looked up: by the system, but for tests.
  @FunctionalInterface
  interface Resolver {
    InetAddress[] lookUp(String name) throws UnknownHostException;
  }

  private final Resolver resolver;
  private final ThreadPoolExecutor threads;
  private final Counter abandoned;
  private final Cache<String, List<InetAddress>> answers =
      Caffeine.newBuilder()
          .maximumSize(REMEMBERED_MAX)
          .expireAfterWrite(REMEMBERED_FOR)
          .executor(Runnable::run)
          .build();
  private final ConcurrentHashMap<String, LookUp> underWay = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<TenantId, Part> parts = new ConcurrentHashMap<>();

  Names(Resolver resolver, MeterRegistry meters) {
    this.resolver = resolver;
    this.threads =
        new ThreadPoolExecutor(
            THREADS_MAX,
            THREADS_MAX,
            5,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(WAITING_MAX),
            Thread.ofPlatform().daemon().name("outbound-names-", 0).factory());
    threads.allowCoreThreadTimeOut(true);
    this.abandoned = meters.counter("clarity_outbound_look_ups_abandoned_total");
    Gauge.builder("clarity_outbound_look_ups", threads, ThreadPoolExecutor::getActiveCount)
        .register(meters);
  }

  /// The addresses of the destination, one at least.
  List<InetAddress> of(TenantId tenant, Destination destination, Duration within)
      throws OutboundFault, InterruptedException {
    if (destination.literal() != null) {
      return List.of(destination.literal());
    }
    String name = destination.host();
    List<InetAddress> addresses = answers.getIfPresent(name);
    if (addresses == null) {
      addresses = lookedUp(tenant, name, System.nanoTime() + within.toNanos());
    }
    if (addresses.isEmpty()) {
      throw new OutboundFault(
          OutboundFault.Kind.DNS,
          false,
          "The name %s has no address; check how it is written.".formatted(name));
    }
    return addresses;
  }

  private List<InetAddress> lookedUp(TenantId tenant, String name, long end)
      throws OutboundFault, InterruptedException {
    LookUp lookUp = joined(tenant, name, end);
    try {
      return lookUp.answer.get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException late) {
      throw new OutboundFault(
          OutboundFault.Kind.DNS,
          false,
          "The name %s was not resolved in time; check it, or try again.".formatted(name),
          late);
    } catch (ExecutionException failed) {
      throw new OutboundFault(
          OutboundFault.Kind.DNS,
          false,
          "The name %s could not be resolved.".formatted(name),
          failed.getCause());
    } finally {
      lookUp.leave();
    }
  }

  /// The look-up of the name that is under way, or a new one at the tenant's cost.
  private LookUp joined(TenantId tenant, String name, long end)
      throws OutboundFault, InterruptedException {
    LookUp known = underWay.get(name);
    if (known != null && known.join()) {
      return known;
    }
    Part part = parts.compute(tenant, (key, there) -> (there == null ? new Part() : there).used());
    enter(tenant, part, end);
    LookUp fresh = new LookUp(tenant, part, name);
    fresh.join();
    LookUp first = underWay.merge(name, fresh, (there, other) -> there.join() ? there : other);
    if (first != fresh) {
      fresh.free();
      return first;
    }
    boolean begun = false;
    try {
      threads.execute(fresh);
      begun = true;
    } catch (RejectedExecutionException full) {
      throw new OutboundFault(
          OutboundFault.Kind.BUSY, false, "Too many names are being looked up; try again shortly.");
    } finally {
      if (!begun) {
        fresh.answer.completeExceptionally(new RejectedExecutionException("it was not begun"));
        fresh.over();
      }
    }
    return fresh;
  }

  private void enter(TenantId tenant, Part part, long end)
      throws OutboundFault, InterruptedException {
    boolean entered = false;
    try {
      entered = part.free.tryAcquire(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
    } finally {
      if (!entered) {
        leave(tenant);
      }
    }
    if (!entered) {
      throw new OutboundFault(
          OutboundFault.Kind.BUSY,
          false,
          "%d names of this workspace are being looked up, as many as may be; try again shortly."
              .formatted(PER_TENANT_MAX));
    }
  }

  private void leave(TenantId tenant) {
    parts.computeIfPresent(tenant, (key, part) -> --part.users == 0 ? null : part);
  }

  /// Tenants that look something up.
  int tenants() {
    return parts.size();
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }

  /// What a tenant may have under way.
  private static final class Part {
    private final Semaphore free = new Semaphore(PER_TENANT_MAX, true);

    /// Written only within the map's own lock of this key.
    private int users;

    private Part used() {
      users++;
      return this;
    }
  }

  /// One name's, for all who ask at once. When the last of them has gone it is abandoned: it is
  /// taken out of the queue, or its thread is interrupted, and nobody joins it any more.
  private final class LookUp implements Runnable {
    private final TenantId tenant;
    private final Part part;
    private final String name;
    private final CompletableFuture<List<InetAddress>> answer = new CompletableFuture<>();
    private int waiting;
    private boolean gone;
    private @Nullable Thread thread;

    private LookUp(TenantId tenant, Part part, String name) {
      this.tenant = tenant;
      this.part = part;
      this.name = name;
    }

    private synchronized boolean join() {
      if (!gone) {
        waiting++;
      }
      return !gone;
    }

    private void leave() {
      boolean queued;
      synchronized (this) {
        if (--waiting > 0 || answer.isDone() || gone) {
          return;
        }
        gone = true;
        if (thread != null) {
          thread.interrupt();
        }
        queued = thread == null && threads.remove(this);
      }
      abandoned.increment();
      underWay.remove(name, this);
      if (queued) {
        free();
      }
    }

    @Override
    public void run() {
      synchronized (this) {
        if (gone) {
          free();
          return;
        }
        thread = Thread.currentThread();
      }
      try {
        List<InetAddress> found = found();
        boolean wanted;
        synchronized (this) {
          wanted = !gone;
        }
        if (wanted) {
          answers.put(name, found);
          answer.complete(found);
        }
      } catch (RuntimeException | Error broken) {
        answer.completeExceptionally(broken);
        LastResort.endUnlessPassing(broken);
      } finally {
        // Whatever came, the tenant has its part again.
        answer.completeExceptionally(new TimeoutException("nobody waits for it"));
        over();
      }
    }

    /// None if there is no such name, which is remembered no longer than others.
    private List<InetAddress> found() {
      try {
        return List.of(resolver.lookUp(name));
      } catch (UnknownHostException unknown) {
        return List.of();
      } finally {
        synchronized (this) {
          thread = null;
        }
      }
    }

    private void over() {
      synchronized (this) {
        gone = true;
      }
      underWay.remove(name, this);
      free();
    }

    private void free() {
      part.free.release();
      Names.this.leave(tenant);
    }
  }
}
