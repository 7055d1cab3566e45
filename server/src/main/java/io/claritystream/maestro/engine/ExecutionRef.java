package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import java.util.UUID;

/// An execution, and of what.
record ExecutionRef(TenantId tenant, UUID execution, UUID workflow, int version) {}
