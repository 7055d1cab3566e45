package io.claritystream.insight.dashboard;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers that are kept for a while, because many ask for the same. How long depends on what an
/// answer cost, so that keeping it fresh takes a twentieth of a connection at most.
///
/// For a few seconds more it is still given, while one refreshes it and nobody waits; then, as when
/// there is none, one caller computes and the others wait for that. Nothing is computed within the
/// cache itself, whose locks other keys would wait for.
final class Kept<K, V> {
  private static final Logger log = LoggerFactory.getLogger(Kept.class);
  private static final int COST_FACTOR = 20;
  private static final Duration LONGEST = Duration.ofMinutes(1);

  /// How much longer than fresh an answer is given.
  static final Duration STALE_MAX = Duration.ofSeconds(3);

  /// @param freshUntil in milliseconds of the clock
  private record Entry<V>(V value, long freshUntil) {}

  private final Duration shortest;
  private final Clock clock;
  private final Cache<K, Entry<V>> cache;

  /// What is being computed at the moment.
  private final ConcurrentMap<K, CompletableFuture<V>> computing = new ConcurrentHashMap<>();

  Kept(int entries, Duration shortest, Clock clock) {
    this.shortest = shortest;
    this.clock = clock;
    cache =
        Caffeine.newBuilder()
            .maximumSize(entries)
            .ticker(() -> TimeUnit.MILLISECONDS.toNanos(clock.millis()))
            .expireAfterWrite(LONGEST.plus(STALE_MAX))
            .build();
  }

  /// @param compute may run in another thread, after the call
  V get(K key, Function<K, V> compute) {
    var entry = cache.getIfPresent(key);
    var now = clock.millis();
    if (entry != null && now < entry.freshUntil()) {
      return entry.value();
    }
    var mine = new CompletableFuture<V>();
    var others = computing.putIfAbsent(key, mine);
    if (entry != null && now < entry.freshUntil() + STALE_MAX.toMillis()) {
      if (others == null) {
        Thread.ofVirtual().name("refresh").start(() -> refresh(key, compute, mine));
      }
      return entry.value();
    }
    if (others != null) {
      return waitFor(others);
    }
    compute(key, compute, mine);
    return waitFor(mine);
  }

  private void refresh(K key, Function<K, V> compute, CompletableFuture<V> mine) {
    compute(key, compute, mine);
    if (mine.isCompletedExceptionally()) {
      log.warn("answer was not refreshed: cause={}", String.valueOf(mine.exceptionNow()));
    }
  }

  private void compute(K key, Function<K, V> compute, CompletableFuture<V> mine) {
    try {
      mine.complete(computed(key, compute));
    } catch (RuntimeException | Error e) {
      mine.completeExceptionally(e);
    } finally {
      computing.remove(key, mine);
    }
  }

  private V computed(K key, Function<K, V> compute) {
    // Another one may have been done between this caller's two looks.
    @Nullable Entry<V> entry = cache.getIfPresent(key);
    if (entry != null && clock.millis() < entry.freshUntil()) {
      return entry.value();
    }
    var begun = System.nanoTime();
    var value = compute.apply(key);
    var cost = Duration.ofNanos(System.nanoTime() - begun).multipliedBy(COST_FACTOR);
    var kept =
        cost.compareTo(shortest) < 0 ? shortest : cost.compareTo(LONGEST) > 0 ? LONGEST : cost;
    cache.put(key, new Entry<>(value, clock.millis() + kept.toMillis()));
    return value;
  }

  private static <V> V waitFor(CompletableFuture<V> computed) {
    try {
      return computed.join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case RuntimeException ours -> throw ours;
        case Error ours -> throw ours;
        case null, default -> throw e;
      }
    }
  }
}
