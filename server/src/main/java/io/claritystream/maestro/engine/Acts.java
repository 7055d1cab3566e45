package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditLog;
import io.claritystream.maestro.definition.WorkflowAccess;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Clock;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/// What all acts of people on executions have in common: that they may, and that it is told.
@Component
class Acts {
  private final TenantTransactions transactions;
  private final WorkflowAccess access;
  private final AuditLog audit;
  private final Clock clock;

  Acts(TenantTransactions transactions, WorkflowAccess access, AuditLog audit, Clock clock) {
    this.transactions = transactions;
    this.access = access;
    this.audit = audit;
    this.clock = clock;
  }

  /// Throws the problem `not_found`.
  ExecutionViews.Execution execution(Caller caller, UUID executionId) {
    return transactions
        .read(caller.tenantId(), sql -> ExecutionReads.one(sql, executionId))
        .orElseThrow(() -> Problem.notFound("execution", executionId));
  }

  /// Throws the problem `forbidden`, also for executions of whatever workflow if none is given.
  void requireRun(Caller caller, @Nullable UUID workflowId) {
    var may =
        workflowId == null
            ? caller.may(Permission.EXECUTIONS_WRITE)
            : access.mayRun(caller, workflowId);
    if (!may) {
      throw Problem.of(
          ProblemCode.FORBIDDEN,
          "The role "
              + caller.role().key()
              + " does not permit executions.write, and "
              + (workflowId == null
                  ? "no workflow is named that may have been granted for running."
                  : "this workflow was not granted for running."));
    }
  }

  /// Tells the audit log of an act before it is done, so that none is untold: the engine's
  /// statements are not of the same transaction.
  void tell(
      Caller caller, HttpServletRequest request, String action, UnaryOperator<AuditEntry> details) {
    transactions.run(
        caller.tenantId(),
        caller.userId(),
        sql -> {
          tell(sql, caller, request, action, details);
          return true;
        });
  }

  /// The same, in the transaction of the act.
  void tell(
      JdbcClient sql,
      Caller caller,
      HttpServletRequest request,
      String action,
      UnaryOperator<AuditEntry> details) {
    audit.append(
        sql,
        details.apply(
            AuditEntry.of(
                    caller.tenantId(),
                    clock.instant(),
                    AuditLog.person(sql, caller.userId()),
                    action)
                .from(request.getRemoteAddr())));
  }
}
