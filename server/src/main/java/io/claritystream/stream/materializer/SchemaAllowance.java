package io.claritystream.stream.materializer;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.UUID;

/// How many tables a source may have, and how many new versions of them it may make in an hour.
/// Each is looked at beside all others of its source, on the thread that serves the other sources
/// of the partition as well. The count is this process's own.
final class SchemaAllowance {
  static final int TABLES_MAX = 20_000;
  static final int NEW_PER_HOUR = 5_000;

  private static final Duration PERIOD = Duration.ofHours(1);
  private static final int SOURCES_MAX = 100_000;

  private final TimeMeter time;
  private final Cache<UUID, Bucket> bySource =
      Caffeine.newBuilder().expireAfterAccess(PERIOD).maximumSize(SOURCES_MAX).build();

  SchemaAllowance(TimeMeter time) {
    this.time = time;
  }

  /// @param had tables that the source has already
  /// @throws TooManySchemasException if so many more are too many; nothing is taken then
  void take(UUID sourceId, int had, int more) {
    if (had + more > TABLES_MAX) {
      throw new TooManySchemasException(
          "the source has " + had + " tables, and may have " + TABLES_MAX);
    }
    if (!bySource.get(sourceId, _ -> bucket()).tryConsume(more)) {
      throw new TooManySchemasException(
          "the source has made more than "
              + NEW_PER_HOUR
              + " new tables, or versions of them, within an hour");
    }
  }

  private Bucket bucket() {
    return Bucket.builder()
        .withCustomTimePrecision(time)
        .addLimit(limit -> limit.capacity(NEW_PER_HOUR).refillGreedy(NEW_PER_HOUR, PERIOD))
        .build();
  }
}
