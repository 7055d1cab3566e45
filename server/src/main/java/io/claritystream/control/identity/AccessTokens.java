package io.claritystream.control.identity;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import com.nimbusds.jwt.proc.ExpiredJWTException;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.UserId;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Role;
import io.claritystream.base.http.TokenRefused;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.Set;
import java.util.UUID;

/// Makes access tokens and checks them. ES256 is the only algorithm that is looked at.
final class AccessTokens {

  static final String AUDIENCE = "clarity";

  private static final JOSEObjectType TYPE = new JOSEObjectType("at+jwt");
  private static final int LENGTH_MAX = 4_096;

  /// A page asks for a dozen things at once with one token, and checking a signature costs as much
  /// as many an answer. For no longer than this a key that was taken out of use still counts.
  private static final Duration VERIFIED_FOR = Duration.ofMinutes(1);

  private static final int VERIFIED_MAX = 10_000;

  private final SigningKeys keys;
  private final String issuer;
  private final Duration lifetime;
  private final Clock clock;
  private final DefaultJWTProcessor<SecurityContext> processor;
  private final Cache<String, Caller> verified;

  AccessTokens(SigningKeys keys, String issuer, Duration lifetime, Clock clock) {
    this.keys = keys;
    this.issuer = issuer;
    this.lifetime = lifetime;
    this.clock = clock;
    this.verified =
        Caffeine.newBuilder().maximumSize(VERIFIED_MAX).expireAfterWrite(VERIFIED_FOR).build();
    this.processor = new DefaultJWTProcessor<>();
    processor.setJWSTypeVerifier(new DefaultJOSEObjectTypeVerifier<>(TYPE));
    processor.setJWSKeySelector(new JWSVerificationKeySelector<>(JWSAlgorithm.ES256, keys));
    DefaultJWTClaimsVerifier<SecurityContext> claims =
        new DefaultJWTClaimsVerifier<>(
            AUDIENCE,
            new JWTClaimsSet.Builder().issuer(issuer).build(),
            Set.of("sub", "tenant_id", "role", "sid", "jti", "iat", "exp")) {
          @Override
          protected Date currentTime() {
            return Date.from(clock.instant());
          }
        };
    claims.setMaxClockSkew(0);
    processor.setJWTClaimsSetVerifier(claims);
  }

  Duration lifetime() {
    return lifetime;
  }

  String issue(UserId user, TenantId tenant, Role role, UUID sessionId) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    JWTClaimsSet claims =
        new JWTClaimsSet.Builder()
            .issuer(issuer)
            .audience(AUDIENCE)
            .subject(user.toString())
            .claim("tenant_id", tenant.toString())
            .claim("role", role.key())
            .claim("sid", sessionId.toString())
            .jwtID(UUID.randomUUID().toString())
            .issueTime(Date.from(now))
            .expirationTime(Date.from(now.plus(lifetime)))
            .build();
    ECKey key = keys.current();
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.ES256).type(TYPE).keyID(key.getKeyID()).build(),
            claims);
    try {
      token.sign(new ECDSASigner(key));
    } catch (JOSEException broken) {
      throw new IllegalStateException("access token not signed, key " + key.getKeyID(), broken);
    }
    return token.serialize();
  }

  /// Whom the token speaks for, by the token alone: whether the session stands is another question.
  Caller verify(String token) {
    if (token.length() > LENGTH_MAX) {
      throw new TokenRefused(false, "access token too long");
    }
    Caller known = verified.getIfPresent(token);
    if (known != null) {
      if (clock.instant().isBefore(known.tokenExpiresAt())) {
        return known;
      }
      throw new TokenRefused(true, "access token expired");
    }
    try {
      JWTClaimsSet claims = processor.process(token, null);
      Caller caller =
          new Caller(
              UserId.of(claims.getSubject()),
              TenantId.of(claims.getStringClaim("tenant_id")),
              Role.of(claims.getStringClaim("role")),
              UUID.fromString(claims.getStringClaim("sid")),
              claims.getExpirationTime().toInstant());
      verified.put(token, caller);
      return caller;
    } catch (ExpiredJWTException expired) {
      throw new TokenRefused(true, "access token expired");
    } catch (ParseException | BadJOSEException | JOSEException | IllegalArgumentException refused) {
      throw new TokenRefused(false, "access token refused: " + refused.getMessage());
    }
  }
}
