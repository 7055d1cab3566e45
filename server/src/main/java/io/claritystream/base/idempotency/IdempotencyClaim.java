package io.claritystream.base.idempotency;

import java.time.Instant;
import java.util.UUID;

/// What a controller may know of the request's key: it takes it as an argument. A request without a
/// key has a claim of its own.
///
/// @param keyed whether the request has a key, so that it may come again
/// @param claimId the same whenever the same request is tried again, after a crash too
/// @param createdAt when the request came first; as lasting as the id
/// @param rerun whether the request has been tried before and may have had its effect
public record IdempotencyClaim(boolean keyed, UUID claimId, Instant createdAt, boolean rerun) {}
