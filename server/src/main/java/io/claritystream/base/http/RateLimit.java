package io.claritystream.base.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.Objects;

/// At most so many in a window, for each key. Tokens come back evenly over the window.
public final class RateLimit {

  private static final int KEYS_MAX = 100_000;

  private final String name;
  private final int limit;
  private final Duration window;
  private final Cache<String, Bucket> buckets;

  public RateLimit(String name, int limit, Duration window) {
    this.name = name;
    this.limit = limit;
    this.window = window;
    this.buckets =
        Caffeine.newBuilder()
            .maximumSize(KEYS_MAX)
            .expireAfterAccess(window.multipliedBy(2))
            .build();
  }

  /// Takes one, and tells the client in the RateLimit headers, of several limits of that with the
  /// least left; throws the problem `rate_limited` when there is none left.
  public void take(String key, HttpServletResponse response) {
    ConsumptionProbe probe = bucket(key).tryConsumeAndReturnRemaining(1);
    if (isTightest(probe, response)) {
      response.setHeader(
          "RateLimit-Policy", "\"%s\";q=%d;w=%d".formatted(name, limit, window.toSeconds()));
      response.setHeader("RateLimit-Limit", Integer.toString(limit));
      response.setHeader("RateLimit-Remaining", Long.toString(probe.getRemainingTokens()));
      response.setHeader("RateLimit-Reset", Long.toString(seconds(probe.getNanosToWaitForReset())));
    }
    if (!probe.isConsumed()) {
      throw Problem.rateLimited(Duration.ofNanos(probe.getNanosToWaitForRefill()));
    }
  }

  /// As if nothing had been taken.
  public void forget(String key) {
    buckets.invalidate(key);
  }

  /// What was taken last.
  public void giveBack(String key) {
    bucket(key).addTokens(1);
  }

  private static boolean isTightest(ConsumptionProbe probe, HttpServletResponse response) {
    String told = response.getHeader("RateLimit-Remaining");
    return told == null || !probe.isConsumed() || probe.getRemainingTokens() < Long.parseLong(told);
  }

  private Bucket bucket(String key) {
    return Objects.requireNonNull(
        buckets.get(
            key,
            fresh ->
                Bucket.builder()
                    .addLimit(bound -> bound.capacity(limit).refillGreedy(limit, window))
                    .build()));
  }

  private static long seconds(long nanos) {
    return Duration.ofNanos(nanos).plusMillis(999).toSeconds();
  }
}
