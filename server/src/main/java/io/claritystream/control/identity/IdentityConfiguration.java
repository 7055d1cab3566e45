package io.claritystream.control.identity;

import io.claritystream.base.crypto.PlatformKeys;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.CallerAuthentication;
import io.claritystream.base.http.Role;
import io.claritystream.base.http.TokenRefused;
import io.claritystream.control.audit.AuditLog;
import io.claritystream.control.tenancy.Tenants;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.time.Clock;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;
import org.springframework.transaction.support.TransactionTemplate;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(IdentityProperties.class)
class IdentityConfiguration {

  @Bean
  SigningKeys signingKeys(PlatformKeys keys, Clock clock) {
    return new SigningKeys(keys, clock);
  }

  @Bean
  AccessTokens accessTokens(
      SigningKeys keys,
      @Value("${clarity.public-url}") URI publicUrl,
      IdentityProperties identity,
      Clock clock) {
    return new AccessTokens(keys, publicUrl.toString(), identity.accessToken(), clock);
  }

  @Bean
  Sessions sessions(
      @Qualifier("auth") JdbcClient auth,
      @Qualifier("auth") TransactionTemplate transactions,
      IdentityProperties identity,
      Clock clock) {
    return new Sessions(auth, transactions, identity.session(), clock);
  }

  @Bean
  Members members(
      @Qualifier("auth") JdbcClient auth,
      @Qualifier("auth") TransactionTemplate transactions,
      Sessions sessions,
      AuditLog audit,
      Clock clock) {
    return new Members(auth, transactions, sessions, audit, clock);
  }

  @Bean
  SignIn signIn(
      @Qualifier("auth") JdbcClient auth,
      @Qualifier("auth") TransactionTemplate transactions,
      Tenants tenants,
      Sessions sessions,
      Members members,
      IdentityProperties identity,
      AuditLog audit,
      Clock clock,
      MeterRegistry meters) {
    PasswordHashes passwords = new PasswordHashes(identity.hashesAtOnce());
    return new SignIn(
        auth, transactions, tenants, sessions, members, passwords, audit, clock, meters);
  }

  @Bean
  SignInLimits signInLimits(IdentityProperties identity) {
    return new SignInLimits(identity);
  }

  @Bean
  SessionCookies sessionCookies(
      @Value("${clarity.public-url}") URI publicUrl, IdentityProperties identity) {
    return new SessionCookies(publicUrl, identity.session());
  }

  /// Verifies the access token of each request, and that its session stands.
  @Bean
  AuthenticationManager accessTokenAuthentication(AccessTokens tokens, Sessions sessions) {
    return authentication -> {
      if (!(authentication instanceof BearerTokenAuthenticationToken bearer)) {
        throw new TokenRefused(false, "no access token");
      }
      Caller claimed = tokens.verify(bearer.getToken());
      Role role =
          sessions
              .role(claimed.sessionId(), claimed.userId(), claimed.tenantId())
              .orElseThrow(() -> new TokenRefused(false, "session ended"));
      return new CallerAuthentication(
          new Caller(
              claimed.userId(),
              claimed.tenantId(),
              role,
              claimed.sessionId(),
              claimed.tokenExpiresAt()));
    };
  }
}
