package io.claritystream.maestro.definition;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.db.UserId;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditLog;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/// Who may run or edit one workflow beyond what the role permits. Only who may change workflows by
/// role gives grants: one that was granted for editing cannot be passed on.
@RestController
@Tag(name = "Workflows")
class GrantController {
  private static final String LIST = "workflow_grants";

  private final TenantTransactions transactions;
  private final WorkflowStore store;
  private final AuditLog audit;
  private final Clock clock;

  GrantController(
      TenantTransactions transactions, WorkflowStore store, AuditLog audit, Clock clock) {
    this.transactions = transactions;
    this.store = store;
    this.audit = audit;
    this.clock = clock;
  }

  @Schema(name = "WorkflowGrant")
  record Grant(
      UserId userId,
      String email,
      String name,
      Access access,
      @Nullable UUID grantedBy,
      Instant grantedAt) {}

  /// @param access `run` to start and cancel its executions, `edit` to change it too
  @Schema(name = "GrantWorkflow")
  record Granting(@NotNull Access access) {}

  @GetMapping("/v1/workflows/{id}/grants")
  @RequiresPermission(Permission.WORKFLOWS_READ)
  @Operation(
      operationId = "listWorkflowGrants",
      summary = "Who may run or edit the workflow beyond their role, by email")
  Page<Grant> list(Caller caller, @PathVariable("id") UUID id, PageRequest page) {
    Optional<Cursor> after = page.after(LIST, 1);
    List<Grant> rows =
        transactions.read(
            caller.tenantId(),
            sql -> {
              store.get(sql, caller.tenantId(), id);
              return sql.sql(
                      """
                      SELECT g.user_id, u.email, u.name, g.access, g.granted_by, g.granted_at
                      FROM maestro.workflow_grant g
                      JOIN control.user_account u ON u.user_id = g.user_id
                      WHERE g.tenant_id = :tenant AND g.workflow_id = :workflow
                        AND (CAST(:after AS text) IS NULL OR u.email > :after)
                      ORDER BY u.email
                      LIMIT :rows
                      """)
                  .param("tenant", caller.tenantId().value())
                  .param("workflow", id)
                  .param("after", after.map(cursor -> cursor.text(0)).orElse(null))
                  .param("rows", page.rows())
                  .query(GrantController::grant)
                  .list();
            });
    return Page.of(rows, page, grant -> Cursor.of(LIST, grant.email()));
  }

  @PutMapping("/v1/workflows/{id}/grants/{user_id}")
  @RequiresPermission(Permission.WORKFLOWS_WRITE)
  @Operation(
      operationId = "grantWorkflow",
      summary = "Lets a member run or edit this workflow, whatever the role permits")
  Grant put(
      Caller caller,
      @PathVariable("id") UUID id,
      @PathVariable("user_id") UUID user,
      @Valid @RequestBody Granting body,
      HttpServletRequest request) {
    Instant now = clock.instant();
    String access = body.access().key();
    return transactions.run(
        caller.tenantId(),
        caller.userId(),
        sql -> {
          WorkflowRow row = store.lock(sql, caller.tenantId(), id);
          requireMember(sql, caller, user);
          sql.sql(
                  """
                  INSERT INTO maestro.workflow_grant
                    (tenant_id, workflow_id, user_id, access, granted_by, granted_at)
                  VALUES (:tenant, :workflow, :user, :access, :by, :now)
                  ON CONFLICT (workflow_id, user_id) DO UPDATE
                  SET access = excluded.access, granted_by = excluded.granted_by,
                      granted_at = excluded.granted_at
                  """)
              .param("tenant", caller.tenantId().value())
              .param("workflow", id)
              .param("user", user)
              .param("access", access)
              .param("by", caller.userId().value())
              .param("now", SqlTime.of(now))
              .update();
          audit.append(
              sql,
              entry(sql, caller, request, now, "workflow.granted", row, user)
                  .with("access", access));
          return one(sql, caller, id, user)
              .orElseThrow(() -> new IllegalStateException("no grant after giving it"));
        });
  }

  @DeleteMapping("/v1/workflows/{id}/grants/{user_id}")
  @RequiresPermission(Permission.WORKFLOWS_WRITE)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  @Operation(
      operationId = "revokeWorkflowGrant",
      summary = "Leaves a member with what the role permits")
  void delete(
      Caller caller,
      @PathVariable("id") UUID id,
      @PathVariable("user_id") UUID user,
      HttpServletRequest request) {
    Instant now = clock.instant();
    transactions.run(
        caller.tenantId(),
        caller.userId(),
        sql -> {
          WorkflowRow row = store.lock(sql, caller.tenantId(), id);
          int gone =
              sql.sql(
                      """
                      DELETE FROM maestro.workflow_grant
                      WHERE tenant_id = :tenant AND workflow_id = :workflow AND user_id = :user
                      """)
                  .param("tenant", caller.tenantId().value())
                  .param("workflow", id)
                  .param("user", user)
                  .update();
          if (gone == 0) {
            throw Problem.notFound("grant of", user);
          }
          audit.append(sql, entry(sql, caller, request, now, "workflow.grant_revoked", row, user));
          return gone;
        });
  }

  private static AuditEntry entry(
      JdbcClient sql,
      Caller caller,
      HttpServletRequest request,
      Instant now,
      String action,
      WorkflowRow row,
      UUID user) {
    return AuditEntry.of(caller.tenantId(), now, AuditLog.person(sql, caller.userId()), action)
        .on("workflow", row.id())
        .with("name", row.name())
        .with("user_id", user.toString())
        .from(request.getRemoteAddr());
  }

  private static void requireMember(JdbcClient sql, Caller caller, UUID user) {
    sql.sql(
            """
            SELECT role FROM control.members WHERE tenant_id = :tenant AND user_id = :user
            """)
        .param("tenant", caller.tenantId().value())
        .param("user", user)
        .query(String.class)
        .optional()
        .orElseThrow(() -> Problem.notFound("member", user));
  }

  private static Optional<Grant> one(JdbcClient sql, Caller caller, UUID workflow, UUID user) {
    return sql.sql(
            """
            SELECT g.user_id, u.email, u.name, g.access, g.granted_by, g.granted_at
            FROM maestro.workflow_grant g
            JOIN control.user_account u ON u.user_id = g.user_id
            WHERE g.tenant_id = :tenant AND g.workflow_id = :workflow AND g.user_id = :user
            """)
        .param("tenant", caller.tenantId().value())
        .param("workflow", workflow)
        .param("user", user)
        .query(GrantController::grant)
        .optional();
  }

  private static Grant grant(ResultSet row, int number) throws SQLException {
    return new Grant(
        new UserId(row.getObject("user_id", UUID.class)),
        row.getString("email"),
        row.getString("name"),
        Access.of(row.getString("access")),
        row.getObject("granted_by", UUID.class),
        SqlTime.read(row, "granted_at"));
  }
}
