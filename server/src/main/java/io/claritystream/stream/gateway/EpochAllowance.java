package io.claritystream.stream.gateway;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.UUID;

/// How many epochs a source may begin in an hour. Each costs a barrier and a snapshot or a reading
/// anew; an agent that needs more of them loses its spool again and again, or lies about it. The
/// count is this process's own.
final class EpochAllowance {

  private static final Duration PERIOD = Duration.ofHours(1);
  private static final int SOURCES_MAX = 100_000;

  private final int perHour;
  private final TimeMeter time;
  private final Cache<UUID, Bucket> bySource =
      Caffeine.newBuilder().expireAfterAccess(PERIOD).maximumSize(SOURCES_MAX).build();

  EpochAllowance(int perHour, TimeMeter time) {
    this.perHour = perHour;
    this.time = time;
  }

  int perHour() {
    return perHour;
  }

  /// Takes one, if there is one left.
  boolean admits(UUID sourceId) {
    return bySource.get(sourceId, _ -> bucket()).tryConsume(1);
  }

  private Bucket bucket() {
    return Bucket.builder()
        .withCustomTimePrecision(time)
        .addLimit(limit -> limit.capacity(perHour).refillGreedy(perHour, PERIOD))
        .build();
  }
}
