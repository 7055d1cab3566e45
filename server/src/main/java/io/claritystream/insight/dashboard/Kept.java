package io.claritystream.insight.dashboard;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/// Answers that are kept for a while, because many ask for the same: one caller computes, the
/// others wait for it. How long depends on what it cost, so that keeping an answer fresh takes a
/// twentieth of a connection at most.
final class Kept<K, V> {
  private static final int COST_FACTOR = 20;
  private static final Duration LONGEST = Duration.ofMinutes(1);

  private record Entry<V>(V value, long costNanos) {}

  private final Cache<K, Entry<V>> cache;

  Kept(int entries, Duration shortest, Clock clock) {
    cache =
        Caffeine.newBuilder()
            .maximumSize(entries)
            .ticker(() -> TimeUnit.MILLISECONDS.toNanos(clock.millis()))
            .expireAfter(
                Expiry.<K, Entry<V>>creating(
                    (key, entry) -> {
                      var kept = Duration.ofNanos(entry.costNanos()).multipliedBy(COST_FACTOR);
                      return kept.compareTo(shortest) < 0
                          ? shortest
                          : kept.compareTo(LONGEST) > 0 ? LONGEST : kept;
                    }))
            .build();
  }

  V get(K key, Function<K, V> compute) {
    var entry =
        cache.get(
            key,
            wanted -> {
              var begun = System.nanoTime();
              var value = compute.apply(wanted);
              return new Entry<>(value, System.nanoTime() - begun);
            });
    return Objects.requireNonNull(entry).value();
  }

  void forget(K key) {
    cache.invalidate(key);
  }
}
