package io.claritystream.stream.source;

import io.claritystream.base.db.TenantId;
import java.util.UUID;

/// A source as the platform knows it. Tenant and partition never change.
///
/// @param partition of the bus that all its batches go to
/// @param epoch the numbering that is valid when this was read
/// @param session the newest stream of its agent when this was read
public record SourceRef(
    TenantId tenantId,
    UUID sourceId,
    UUID agentId,
    String name,
    int partition,
    int epoch,
    long session) {}
