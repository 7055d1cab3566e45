package io.claritystream.control.tenancy;

import io.claritystream.base.db.TenantId;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;

/// What is known of a tenant; the API calls it an organization.
@Schema(name = "Organization")
public record Tenant(
    TenantId id, String name, String industry, String region, String plan, Instant createdAt) {}
