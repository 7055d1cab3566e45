package io.claritystream.base.idempotency;

import io.claritystream.base.crypto.PlatformKey;
import io.claritystream.base.crypto.PlatformKeys;
import io.claritystream.base.crypto.Sensitive;
import io.claritystream.base.db.TenantId;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// Tells requests apart by what is kept of them. A body may hold a secret that is short enough to
/// be guessed, so what is kept is an HMAC under a key of the platform's: who reads the table
/// without that key cannot try guesses.
final class RequestDigests {
  private static final String ALGORITHM = "HmacSHA256";
  private static final int KEY_BYTES = 32;

  private final PlatformKeys keys;
  private volatile @Nullable SecretKeySpec key;

  RequestDigests(PlatformKeys keys) {
    this.keys = keys;
  }

  byte[] of(TenantId tenant, KeyedRequest request) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key());
      mac.update(tenant.toString().getBytes(StandardCharsets.UTF_8));
      mac.update((byte) 0);
      request.into(mac);
      return mac.doFinal();
    } catch (GeneralSecurityException never) {
      throw new IllegalStateException(never);
    }
  }

  /// Processes that ask at once are given the same one.
  private SecretKeySpec key() {
    SecretKeySpec known = key;
    if (known == null) {
      byte[] secret =
          keys.inUse(PlatformKey.Purpose.REQUEST_DIGEST, RequestDigests::fresh).secret().value();
      known = new SecretKeySpec(secret, ALGORITHM);
      key = known;
    }
    return known;
  }

  private static PlatformKey.Fresh fresh() {
    byte[] secret = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(secret);
    return new PlatformKey.Fresh(new Sensitive<>(secret), Optional.empty());
  }
}
