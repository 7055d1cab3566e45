package io.claritystream.base.idempotency;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.UserId;
import java.util.UUID;

/// A key that this process is at work on.
///
/// @param epoch rises when another process takes the claim over
record Claim(TenantId tenant, UserId person, byte[] keyHash, UUID id, int epoch) {
  boolean rerun() {
    return epoch > 1;
  }
}
