package io.claritystream.maestro.engine;

import java.time.Instant;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/// Ids of executions: UUIDv7, with the millisecond in front. A day of them is a range, and the
/// partition they lie in.
final class ExecutionIds {
  private static final long RANDOM_A_BITS = 0xFFFL;
  private static final long VERSION_7 = 7L << 12;
  private static final long VARIANT = 0x8000_0000_0000_0000L;
  private static final long VARIANT_MASK = 0x3FFF_FFFF_FFFF_FFFFL;

  private ExecutionIds() {}

  static UUID next(Instant now) {
    var random = ThreadLocalRandom.current();
    return id(now, random.nextLong(), random.nextLong());
  }

  /// The same for the same claim and number, so that a request that is taken up again after a crash
  /// makes what it made.
  static UUID of(UUID claim, Instant at, int number) {
    var random = new SplittableRandom(claim.getMostSignificantBits() ^ Long.rotateLeft(number, 32));
    var high = random.nextLong();
    return id(at, high, random.nextLong() ^ claim.getLeastSignificantBits());
  }

  private static UUID id(Instant at, long high, long low) {
    return new UUID(
        at.toEpochMilli() << 16 | VERSION_7 | high & RANDOM_A_BITS, VARIANT | low & VARIANT_MASK);
  }

  /// When the execution was taken in.
  static Instant time(UUID id) {
    return Instant.ofEpochMilli(id.getMostSignificantBits() >>> 16);
  }
}
