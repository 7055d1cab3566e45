package io.claritystream.stream.gateway;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bucket;
import java.time.Duration;

/// How often pairing may be tried: by address, and by all together. A code has 80 random bits, so
/// this is against noise more than against guessing.
final class PairingAttempts {
  private static final int ALL_FACTOR = 20;

  private final int perMinute;
  private final Bucket all;
  private final Cache<String, Bucket> byAddress =
      Caffeine.newBuilder().expireAfterAccess(Duration.ofMinutes(10)).maximumSize(10_000).build();

  PairingAttempts(int perMinute) {
    this.perMinute = perMinute;
    this.all = bucket(perMinute * ALL_FACTOR);
  }

  boolean admits(String address) {
    return byAddress.get(address, _ -> bucket(perMinute)).tryConsume(1) && all.tryConsume(1);
  }

  private static Bucket bucket(int perMinute) {
    return Bucket.builder()
        .addLimit(limit -> limit.capacity(perMinute).refillGreedy(perMinute, Duration.ofMinutes(1)))
        .build();
  }
}
