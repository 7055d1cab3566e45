package io.claritystream.control.workspace;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.db.UserId;
import io.claritystream.base.http.AnyCaller;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.base.http.Role;
import io.claritystream.control.tenancy.Tenant;
import io.claritystream.control.tenancy.Tenants;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "Organizations")
class OrganizationController {

  private static final String MEMBERS = "members";

  private final TenantTransactions transactions;
  private final Tenants tenants;

  OrganizationController(TenantTransactions transactions, Tenants tenants) {
    this.transactions = transactions;
    this.tenants = tenants;
  }

  @Schema(name = "Member")
  record Member(
      UserId id,
      String email,
      String name,
      Role role,
      Instant joinedAt,
      @Nullable Instant lastLoginAt) {}

  @GetMapping("/v1/organizations")
  @AnyCaller
  @Operation(operationId = "listOrganizations", summary = "The organization that the session is in")
  Page<Tenant> list(Caller caller) {
    return Page.whole(List.of(own(caller)));
  }

  @GetMapping("/v1/organizations/{org_id}")
  @AnyCaller
  @Operation(operationId = "getOrganization", summary = "The caller's own organization")
  Tenant get(Caller caller, @PathVariable("org_id") UUID id) {
    requireOwn(caller, id);
    return own(caller);
  }

  @GetMapping("/v1/organizations/{org_id}/users")
  @RequiresPermission(Permission.MEMBERS_READ)
  @Operation(operationId = "listMembers", summary = "The people of the organization, by email")
  Page<Member> members(Caller caller, @PathVariable("org_id") UUID id, PageRequest page) {
    requireOwn(caller, id);
    Optional<Cursor> after = page.after(MEMBERS, 1);
    List<Member> rows =
        transactions.read(
            caller.tenantId(),
            sql ->
                sql.sql(
                        """
                        SELECT u.user_id, u.email, u.name, m.role, m.created_at, u.last_login_at
                        FROM control.members m
                        JOIN control.user_account u ON u.user_id = m.user_id
                        WHERE m.tenant_id = :tenant
                          AND (CAST(:after AS text) IS NULL OR u.email > :after)
                        ORDER BY u.email
                        LIMIT :rows
                        """)
                    .param("tenant", caller.tenantId().value())
                    .param("after", after.map(cursor -> cursor.text(0)).orElse(null))
                    .param("rows", page.rows())
                    .query(OrganizationController::member)
                    .list());
    return Page.of(rows, page, member -> Cursor.of(MEMBERS, member.email()));
  }

  private Tenant own(Caller caller) {
    TenantId tenant = caller.tenantId();
    return transactions
        .read(tenant, sql -> tenants.find(tenant, sql))
        .orElseThrow(() -> Problem.notFound("organization", tenant));
  }

  /// Another tenant's organization is not there, whether it exists or not.
  private static void requireOwn(Caller caller, UUID id) {
    if (!caller.tenantId().value().equals(id)) {
      throw Problem.notFound("organization", id);
    }
  }

  private static Member member(ResultSet row, int number) throws SQLException {
    return new Member(
        new UserId(row.getObject("user_id", UUID.class)),
        row.getString("email"),
        row.getString("name"),
        Role.of(row.getString("role")),
        SqlTime.read(row, "created_at"),
        SqlTime.readNullable(row, "last_login_at"));
  }
}
