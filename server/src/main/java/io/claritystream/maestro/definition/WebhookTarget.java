package io.claritystream.maestro.definition;

import io.claritystream.base.db.TenantId;
import java.util.UUID;

/// What a webhook's address leads to.
///
/// @param triggerKey the trigger's id in the document
/// @param version the published one
/// @param enabled whether it may start executions now
public record WebhookTarget(
    TenantId tenant, UUID workflowId, String triggerKey, int version, boolean enabled) {}
