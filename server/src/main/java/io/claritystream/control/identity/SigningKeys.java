package io.claritystream.control.identity;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import io.claritystream.base.crypto.PlatformKey;
import io.claritystream.base.crypto.PlatformKeys;
import io.claritystream.base.crypto.Sensitive;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The ES256 keys that access tokens are signed with. The first is made when it is first needed; of
/// several processes one makes it and all use it. Retired ones still verify.
///
/// A token that names a key not known here may have been signed by a process that has taken a newer
/// one: the keys are then read again, though not more often than [#REREAD_MIN].
final class SigningKeys implements JWKSource<SecurityContext> {

  private static final Duration REREAD_MIN = Duration.ofSeconds(10);

  private final PlatformKeys store;
  private final Clock clock;
  private volatile @Nullable Known known;

  private record Known(ECKey current, JWKSet all, Instant readAt) {}

  SigningKeys(PlatformKeys store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  ECKey current() {
    return known().current();
  }

  /// What everybody may know of them.
  JWKSet publicKeys() {
    return known().all().toPublicJWKSet();
  }

  @Override
  public List<JWK> get(JWKSelector selector, @Nullable SecurityContext context) {
    Known now = known();
    List<JWK> found = selector.select(now.all());
    if (!found.isEmpty() || clock.instant().isBefore(now.readAt().plus(REREAD_MIN))) {
      return found;
    }
    return selector.select(read().all());
  }

  private Known known() {
    Known now = known;
    return now == null ? read() : now;
  }

  private synchronized Known read() {
    PlatformKey current = store.inUse(PlatformKey.Purpose.TOKEN_SIGNING, SigningKeys::make);
    List<JWK> all =
        store.all(PlatformKey.Purpose.TOKEN_SIGNING).stream().map(key -> (JWK) parse(key)).toList();
    Known now = new Known(parse(current), new JWKSet(all), clock.instant());
    known = now;
    return now;
  }

  private static PlatformKey.Fresh make() {
    try {
      ECKey key = new ECKeyGenerator(Curve.P_256).generate();
      return new PlatformKey.Fresh(
          new Sensitive<>(key.toJSONString().getBytes(StandardCharsets.UTF_8)), Optional.empty());
    } catch (JOSEException broken) {
      throw new IllegalStateException("no P-256 on this JDK", broken);
    }
  }

  private static ECKey parse(PlatformKey key) {
    try {
      ECKey bare = ECKey.parse(new String(key.secret().value(), StandardCharsets.UTF_8));
      return new ECKey.Builder(bare)
          .keyID(key.id())
          .algorithm(JWSAlgorithm.ES256)
          .keyUse(KeyUse.SIGNATURE)
          .build();
    } catch (ParseException broken) {
      throw new IllegalStateException("token signing key " + key.id() + " is not a JWK");
    }
  }
}
