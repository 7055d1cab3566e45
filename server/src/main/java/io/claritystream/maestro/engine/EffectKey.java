package io.claritystream.maestro.engine;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.SplittableRandom;
import java.util.UUID;

/// The Idempotency-Key of what a step does: the same over retries, crashes and replays, and
/// another for every other execution and step.
final class EffectKey {
  private EffectKey() {}

  static String of(UUID effectsOf, String step) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      digest.update(
          ByteBuffer.allocate(16)
              .putLong(effectsOf.getMostSignificantBits())
              .putLong(effectsOf.getLeastSignificantBits())
              .flip());
      digest.update(step.getBytes(StandardCharsets.UTF_8));
      var bytes = ByteBuffer.wrap(digest.digest());
      return new UUID(bytes.getLong(), bytes.getLong()).toString();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /// From 0 to 1, the same for the same try: two executions that failed together do not come back
  /// together.
  static double chance(UUID execution, String step, int attempt) {
    return new SplittableRandom(
            execution.getLeastSignificantBits() ^ step.hashCode() * 31L + attempt)
        .nextDouble();
  }
}
