package io.claritystream.stream.gateway;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.claritystream.base.db.TenantId;
import io.claritystream.stream.source.Plans;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;

/// What each tenant may send, by its plan: bytes and events a second, with ten seconds of either
/// saved up. A tenant that overdraws is made to wait and refused nothing: its agents' spools hold
/// what is not asked for yet. The count is this process's own.
final class Quotas {
  private static final int SAVED_SECONDS = 10;

  /// A bucket counts at most one token a nanosecond; more than this is no limit.
  private static final long PER_SECOND_MAX = 1_000_000_000;

  private record Allowance(Bucket bytes, Bucket events) {}

  private final Plans plans;
  private final TimeMeter time;
  private final Cache<TenantId, Allowance> allowances =
      Caffeine.newBuilder().expireAfterWrite(Duration.ofMinutes(10)).maximumSize(100_000).build();

  Quotas(Plans plans, TimeMeter time) {
    this.plans = plans;
    this.time = time;
  }

  /// Counts a batch that was accepted; the answer is how long to wait before the next one.
  Duration spent(TenantId tenant, Charge charge) {
    Allowance allowance = allowance(tenant);
    long waitNs =
        Math.max(
            allowance.bytes().consumeIgnoringRateLimits(Math.max(1, charge.bytes())),
            allowance.events().consumeIgnoringRateLimits(Math.max(1, charge.events())));
    return Duration.ofNanos(waitNs);
  }

  private Allowance allowance(TenantId tenant) {
    Allowance known = allowances.getIfPresent(tenant);
    if (known != null) {
      return known;
    }
    // Read outside the cache: whoever computes within it makes its neighbours wait as well.
    Plans.Limits limits = plans.of(tenant);
    Allowance fresh =
        new Allowance(bucket(limits.bytesPerSecond()), bucket(limits.eventsPerSecond()));
    Allowance first = allowances.asMap().putIfAbsent(tenant, fresh);
    return first == null ? fresh : first;
  }

  private Bucket bucket(long allowed) {
    long perSecond = Math.min(allowed, PER_SECOND_MAX);
    return Bucket.builder()
        .withCustomTimePrecision(time)
        .addLimit(
            limit ->
                limit
                    .capacity(perSecond * SAVED_SECONDS)
                    .refillGreedy(perSecond, Duration.ofSeconds(1)))
        .build();
  }
}
