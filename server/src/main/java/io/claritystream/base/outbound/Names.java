package io.claritystream.base.outbound;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Looks up names. The system's look-up cannot be interrupted and holds on to its thread, so it has
/// threads of its own, few, which go when nobody asks; who asks waits for them no longer than he
/// can. Calls that ask for one name at once share one look-up, and its answer for some seconds.
final class Names implements AutoCloseable {
  private static final int THREADS_MAX = 32;
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
  private final AsyncCache<String, List<InetAddress>> answers;

  Names(Resolver resolver) {
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
    this.answers =
        Caffeine.newBuilder()
            .maximumSize(REMEMBERED_MAX)
            .expireAfterWrite(REMEMBERED_FOR)
            .executor(Runnable::run)
            .buildAsync();
  }

  /// A name without an address is remembered as such, no longer than others.
  private List<InetAddress> lookUp(String name) {
    try {
      return List.of(resolver.lookUp(name));
    } catch (UnknownHostException unknown) {
      return List.of();
    }
  }

  /// The addresses of the destination, one at least.
  List<InetAddress> of(Destination destination, Duration within)
      throws OutboundFault, InterruptedException {
    if (destination.literal() != null) {
      return List.of(destination.literal());
    }
    String name = destination.host();
    try {
      CompletableFuture<List<InetAddress>> answer =
          answers.get(
              name, (asked, _) -> CompletableFuture.supplyAsync(() -> lookUp(asked), threads));
      List<InetAddress> addresses = answer.get(within.toNanos(), TimeUnit.NANOSECONDS);
      if (addresses.isEmpty()) {
        throw new OutboundFault(
            OutboundFault.Kind.DNS,
            false,
            "The name %s has no address; check how it is written.".formatted(name));
      }
      return addresses;
    } catch (RejectedExecutionException full) {
      throw new OutboundFault(
          OutboundFault.Kind.BUSY, false, "Too many names are being looked up; try again shortly.");
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
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
