package io.claritystream.stream.gateway;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.UUID;

/// How often somebody may do what costs more than a call: so many times at once, and as many an
/// hour from then on. Whoever begins with none used may so do it nearly twice as often in the first
/// hour. The count is this process's own.
final class Allowance {

  private static final Duration PERIOD = Duration.ofHours(1);
  private static final int KNOWN_MAX = 100_000;

  private final int perHour;
  private final TimeMeter time;
  private final Cache<UUID, Bucket> byId =
      Caffeine.newBuilder().expireAfterAccess(PERIOD).maximumSize(KNOWN_MAX).build();

  Allowance(int perHour, TimeMeter time) {
    this.perHour = perHour;
    this.time = time;
  }

  /// As many at once, too.
  int perHour() {
    return perHour;
  }

  /// Takes one, if there is one left.
  boolean admits(UUID id) {
    return byId.get(id, _ -> bucket()).tryConsume(1);
  }

  private Bucket bucket() {
    return Bucket.builder()
        .withCustomTimePrecision(time)
        .addLimit(limit -> limit.capacity(perHour).refillGreedy(perHour, PERIOD))
        .build();
  }
}
