package io.claritystream.maestro.definition;

import io.claritystream.base.db.TenantId;
import java.util.UUID;

/// One version of a workflow. It never changes, but for `enabled`.
///
/// @param name as the version's document has it
/// @param enabled whether its triggers may start executions now
public record PublishedWorkflow(
    TenantId tenant,
    UUID workflowId,
    int version,
    String name,
    boolean enabled,
    WorkflowDocument document) {}
