package io.claritystream.maestro.definition;

import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/// Who may run or change a workflow: by role, or by a grant of that one workflow, which adds to the
/// role and never takes from it.
@Component
public class WorkflowAccess {
  /// What changing a workflow asks for, and running it, as the API's description tells it.
  public static final String EDIT_IT = "workflows.write or a grant of the workflow for editing";

  public static final String RUN_IT = "executions.write or a grant of the workflow for running";

  private final TenantTransactions transactions;

  WorkflowAccess(TenantTransactions transactions) {
    this.transactions = transactions;
  }

  /// Whether the caller may start and cancel executions of the workflow.
  public boolean mayRun(Caller caller, UUID workflowId) {
    return caller.may(Permission.EXECUTIONS_WRITE)
        || transactions.read(caller.tenantId(), sql -> mayRun(sql, caller, workflowId));
  }

  /// Whether the caller may change the workflow.
  public boolean mayEdit(Caller caller, UUID workflowId) {
    return caller.may(Permission.WORKFLOWS_WRITE)
        || transactions.read(caller.tenantId(), sql -> mayEdit(sql, caller, workflowId));
  }

  /// As [#mayRun(Caller, UUID)], within the caller's transaction.
  public boolean mayRun(JdbcClient sql, Caller caller, UUID workflowId) {
    return caller.may(Permission.EXECUTIONS_WRITE) || granted(sql, caller, workflowId).isPresent();
  }

  /// As [#mayEdit(Caller, UUID)], within the caller's transaction.
  public boolean mayEdit(JdbcClient sql, Caller caller, UUID workflowId) {
    return caller.may(Permission.WORKFLOWS_WRITE)
        || granted(sql, caller, workflowId).filter(access -> access == Access.EDIT).isPresent();
  }

  /// Throws the problem `forbidden`. Whether there is such a workflow is asked first.
  void requireEdit(JdbcClient sql, Caller caller, UUID workflowId) {
    if (!mayEdit(sql, caller, workflowId)) {
      throw Problem.of(
          ProblemCode.FORBIDDEN,
          "The role "
              + caller.role().key()
              + " does not permit "
              + Permission.WORKFLOWS_WRITE.key()
              + ", and this workflow was not granted for editing.");
    }
  }

  private static Optional<Access> granted(JdbcClient sql, Caller caller, UUID workflowId) {
    return sql.sql(
            """
            SELECT access FROM maestro.workflow_grant
            WHERE tenant_id = :tenant AND workflow_id = :workflow AND user_id = :user
            """)
        .param("tenant", caller.tenantId().value())
        .param("workflow", workflowId)
        .param("user", caller.userId().value())
        .query(String.class)
        .optional()
        .map(Access::of);
  }
}
