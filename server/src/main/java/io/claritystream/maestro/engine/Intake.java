package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// An execution as it is taken in.
///
/// @param triggerType `webhook`, `api` or `retry`
/// @param effectsOf the execution whose keys its effects carry; itself, unless it is a retry that
///     changes nothing
/// @param origin of a retry: what it stems from
/// @param fromStep of a retry: where it begins
/// @param startedBy the person who did
/// @param deadlineAt when it fails, if it has not ended before
record Intake(
    TenantId tenant,
    UUID execution,
    UUID workflow,
    int version,
    String triggerType,
    @Nullable String triggerKey,
    @Nullable String name,
    @Nullable String correlationKey,
    UUID effectsOf,
    @Nullable UUID origin,
    @Nullable String fromStep,
    @Nullable UUID startedBy,
    Instant deadlineAt) {

  ExecutionRef ref() {
    return new ExecutionRef(tenant, execution, workflow, version);
  }

  Instant createdAt() {
    return ExecutionIds.time(execution);
  }
}
