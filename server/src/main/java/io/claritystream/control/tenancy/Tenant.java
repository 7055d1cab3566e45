package io.claritystream.control.tenancy;

import io.claritystream.base.db.TenantId;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What is known of a tenant; the API calls it an organization.
///
/// @param domain the domain of its people, as it says itself; nobody has checked it
@Schema(name = "Organization")
public record Tenant(
    TenantId id,
    String name,
    @Nullable String domain,
    String industry,
    String region,
    String plan,
    Instant createdAt) {}
