package io.claritystream.control.identity;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// `clarity.identity.*`.
///
/// @param accessToken how long an access token is good for
/// @param session how long a session lasts without a refresh
/// @param signInsByAddress sign-ins that one address may try in a minute
/// @param signInsByAccount sign-ins that may fail for one email from one network in a quarter of an
///     hour; from all networks together it is twenty times that
/// @param registrationsByAddress accounts that one address may make in an hour
/// @param refreshesByAddress refreshes from one address in a minute
/// @param invitationsByPerson invitations that one person may make in an hour
/// @param organizationsByPerson organizations that one person may make in an hour, beside the first
/// @param hashesAtOnce passwords hashed at the same time, 19 MiB each; 0: half the processors
@ConfigurationProperties(prefix = "clarity.identity", ignoreUnknownFields = false)
record IdentityProperties(
    @DefaultValue("10m") Duration accessToken,
    @DefaultValue("30d") Duration session,
    @DefaultValue("60") int signInsByAddress,
    @DefaultValue("10") int signInsByAccount,
    @DefaultValue("60") int registrationsByAddress,
    @DefaultValue("240") int refreshesByAddress,
    @DefaultValue("100") int invitationsByPerson,
    @DefaultValue("30") int organizationsByPerson,
    @DefaultValue("0") int hashesAtOnce) {

  IdentityProperties {
    requirePositive(accessToken.toSeconds(), "access-token");
    requirePositive(session.toSeconds(), "session");
    requirePositive(signInsByAddress, "sign-ins-by-address");
    requirePositive(signInsByAccount, "sign-ins-by-account");
    requirePositive(registrationsByAddress, "registrations-by-address");
    requirePositive(refreshesByAddress, "refreshes-by-address");
    requirePositive(invitationsByPerson, "invitations-by-person");
    requirePositive(organizationsByPerson, "organizations-by-person");
    if (hashesAtOnce == 0) {
      hashesAtOnce = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    }
    requirePositive(hashesAtOnce, "hashes-at-once");
  }

  private static void requirePositive(long value, String key) {
    if (value <= 0) {
      throw new IllegalArgumentException("clarity.identity." + key + " must be above zero");
    }
  }
}
