package io.claritystream.control.identity;

import io.claritystream.base.http.Problem;
import java.text.Normalizer;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.security.crypto.argon2.Argon2PasswordEncoder;

/// Argon2id at the parameters OWASP names first (19 MiB, two passes, one lane), a few at a time.
///
/// A flood of sign-ins finds [#WAITING_MAX] places in the queue and is turned away with the problem
/// `unavailable` beyond that, so neither memory nor the processors are theirs alone.
final class PasswordHashes {

  static final int MEMORY_KIB = 19_456;
  static final int PASSES = 2;
  private static final int LANES = 1;
  private static final int SALT_BYTES = 16;
  private static final int HASH_BYTES = 32;

  private static final int WAITING_MAX = 64;
  private static final Duration WAIT_MAX = Duration.ofSeconds(10);

  /// The hash of a random password that nobody knows, at the same cost as every other.
  static final String OF_NOBODY =
      "$argon2id$v=19$m=19456,t=2,p=1$i8JDHLv5p3eKyLrKdPs1dw$lulgboISuod2pV+waJaCuE9TSJ8IRa3cKvgMtUNnAmM";

  private final Argon2PasswordEncoder argon2 =
      new Argon2PasswordEncoder(SALT_BYTES, HASH_BYTES, LANES, MEMORY_KIB, PASSES);
  private final Semaphore places;
  private final AtomicInteger waiting = new AtomicInteger();

  PasswordHashes(int atOnce) {
    this.places = new Semaphore(atOnce, true);
  }

  String hash(String password) {
    return inTurn(() -> argon2.encode(normal(password)));
  }

  /// Whether the password is the one; takes as long when there is no hash to compare with.
  boolean matches(String password, @Nullable String hash) {
    boolean same = inTurn(() -> argon2.matches(normal(password), hash == null ? OF_NOBODY : hash));
    return same && hash != null;
  }

  /// Whether a hash was made at other parameters than those of today.
  boolean outdated(String hash) {
    return argon2.upgradeEncoding(hash);
  }

  /// The same characters typed on another keyboard may come composed otherwise.
  private static String normal(String password) {
    return Normalizer.normalize(password, Normalizer.Form.NFKC);
  }

  private <T> T inTurn(Supplier<T> work) {
    if (waiting.incrementAndGet() > WAITING_MAX) {
      waiting.decrementAndGet();
      throw busy();
    }
    boolean entered;
    try {
      entered = places.tryAcquire(WAIT_MAX.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
      throw busy();
    } finally {
      waiting.decrementAndGet();
    }
    if (!entered) {
      throw busy();
    }
    try {
      return work.get();
    } finally {
      places.release();
    }
  }

  private static Problem busy() {
    return Problem.unavailable("Too many sign-ins at the moment.", Duration.ofSeconds(2));
  }
}
