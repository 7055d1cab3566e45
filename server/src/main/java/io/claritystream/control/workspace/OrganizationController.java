package io.claritystream.control.workspace;

import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.AnyCaller;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.EntityTag;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditLog;
import io.claritystream.control.tenancy.OrganizationFields;
import io.claritystream.control.tenancy.Tenant;
import io.claritystream.control.tenancy.Tenants;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Clock;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

/// The organization that the session is in.
@RestController
@Tag(name = "Organizations")
class OrganizationController {

  private final TenantTransactions transactions;
  private final Tenants tenants;
  private final AuditLog audit;
  private final Clock clock;

  OrganizationController(
      TenantTransactions transactions, Tenants tenants, AuditLog audit, Clock clock) {
    this.transactions = transactions;
    this.tenants = tenants;
    this.audit = audit;
    this.clock = clock;
  }

  /// @param domain an empty one takes it away
  @Schema(name = "OrganizationChange")
  record Change(
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) @Nullable String name,
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) @Nullable String domain,
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) @Nullable String industry,
      @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) @Nullable String region) {}

  @GetMapping("/v1/organizations/{org_id}")
  @AnyCaller
  @Operation(operationId = "getOrganization", summary = "The organization that the session is in")
  ResponseEntity<Tenant> get(Caller caller, @PathVariable("org_id") UUID id) {
    requireOwn(caller, id);
    return answer(
        transactions.read(
            caller.tenantId(), sql -> found(caller, tenants.find(caller.tenantId(), sql))));
  }

  @PatchMapping("/v1/organizations/{org_id}")
  @RequiresPermission(Permission.WORKSPACE_WRITE)
  @Operation(
      operationId = "changeOrganization",
      summary = "Changes what the organization says of itself; what is left out stays")
  ResponseEntity<Tenant> change(
      Caller caller,
      @PathVariable("org_id") UUID id,
      @RequestHeader(name = "If-Match", required = false) @Nullable String ifMatch,
      @RequestBody Change body,
      HttpServletRequest request) {
    requireOwn(caller, id);
    return answer(
        transactions.run(
            caller.tenantId(),
            caller.userId(),
            sql -> {
              Tenant before = found(caller, tenants.lock(caller.tenantId(), sql));
              tag(before).check(ifMatch, "organization");
              Tenant after = changed(before, body);
              if (!after.equals(before)) {
                tenants.change(after, sql);
                AuditEntry.Actor person = AuditLog.person(sql, caller.userId());
                audit.append(
                    sql,
                    AuditEntry.of(before.id(), clock.instant(), person, "organization.changed")
                        .with("before", told(before))
                        .with("after", told(after))
                        .from(request.getRemoteAddr()));
              }
              return after;
            }));
  }

  private static Tenant changed(Tenant before, Change body) {
    OrganizationFields fields = new OrganizationFields("");
    Tenant after =
        new Tenant(
            before.id(),
            body.name() == null ? before.name() : fields.name(body.name()),
            body.domain() == null ? before.domain() : fields.domain(body.domain()),
            body.industry() == null ? before.industry() : fields.industry(body.industry()),
            body.region() == null ? before.region() : fields.region(body.region()),
            before.plan(),
            before.createdAt());
    fields.check();
    return after;
  }

  private static String told(Tenant tenant) {
    return String.join(
        ", ",
        tenant.name(),
        tenant.domain() == null ? "no domain" : tenant.domain(),
        tenant.industry(),
        tenant.region());
  }

  private static Tenant found(Caller caller, Optional<Tenant> own) {
    return own.orElseThrow(() -> Problem.notFound("organization", caller.tenantId()));
  }

  private static EntityTag tag(Tenant tenant) {
    return EntityTag.ofContent(
        tenant.name(), tenant.domain(), tenant.industry(), tenant.region(), tenant.plan());
  }

  private static ResponseEntity<Tenant> answer(Tenant tenant) {
    return ResponseEntity.ok().eTag(tag(tenant).value()).body(tenant);
  }

  /// Another tenant's organization is not there, whether it exists or not.
  private static void requireOwn(Caller caller, UUID id) {
    if (!caller.tenantId().value().equals(id)) {
      throw Problem.notFound("organization", id);
    }
  }
}
