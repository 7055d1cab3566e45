package io.claritystream.base.idempotency;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.UserId;
import java.time.Instant;
import java.util.UUID;

/// A key that this process is at work on.
///
/// @param createdAt when the key was first sent
/// @param epoch rises when another process takes the claim over
record Claim(
    TenantId tenant, UserId person, byte[] keyHash, UUID id, Instant createdAt, int epoch) {
  boolean rerun() {
    return epoch > 1;
  }
}
