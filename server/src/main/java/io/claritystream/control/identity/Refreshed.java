package io.claritystream.control.identity;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.UserId;
import java.util.UUID;

/// What became of a refresh token.
sealed interface Refreshed {

  /// It was the newest of an open session; `next` takes its place.
  record Rotated(UUID sessionId, UserId user, TenantId tenant, RefreshToken next)
      implements Refreshed {}

  /// It had been used before: its session is revoked now.
  record Reused(UUID sessionId, UserId user, TenantId tenant) implements Refreshed {}

  /// Its time, or its session's, is over.
  record Expired() implements Refreshed {}

  /// It is none of ours, or its session was revoked.
  record Refused() implements Refreshed {}
}
