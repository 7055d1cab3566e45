package io.claritystream.base.http;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.UserId;
import java.time.Instant;
import java.util.UUID;

/// Who makes the request, in which tenant, as what. Controllers take it as an argument.
///
/// @param sessionId the session, one for each sign-in, that the token belongs to
/// @param tokenExpiresAt when the access token ends; a stream may go on for as long as the session
///     does
public record Caller(
    UserId userId, TenantId tenantId, Role role, UUID sessionId, Instant tokenExpiresAt) {

  public boolean may(Permission permission) {
    return role.permits(permission);
  }
}
