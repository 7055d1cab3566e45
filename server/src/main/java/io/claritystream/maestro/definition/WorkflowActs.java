package io.claritystream.maestro.definition;

import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.EntityTag;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditLog;
import io.claritystream.maestro.definition.WorkflowViews.Workflow;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/// What every change of a workflow has in common: one transaction under the workflow's lock, by
/// somebody who may, based on the revision that the client read, with a line in the audit log.
@Component
class WorkflowActs {
  private final TenantTransactions transactions;
  private final WorkflowStore store;
  private final WorkflowAccess access;
  private final WorkflowViews views;
  private final AuditLog audit;
  private final Clock clock;

  WorkflowActs(
      TenantTransactions transactions,
      WorkflowStore store,
      WorkflowAccess access,
      WorkflowViews views,
      AuditLog audit,
      Clock clock) {
    this.transactions = transactions;
    this.store = store;
    this.access = access;
    this.views = views;
    this.audit = audit;
    this.clock = clock;
  }

  /// A change of a workflow that is locked.
  interface Change {
    /// @return what the audit log is told beyond the act itself; null to leave the act out of it
    @Nullable UnaryOperator<AuditEntry> make(JdbcClient sql, WorkflowRow row, Instant now)
        throws DocumentFault;
  }

  /// Changes a workflow.
  ///
  /// @param action for the audit log, `workflow.published`
  /// @param ifMatch null if the client did not say
  /// @param status of the answer
  ResponseEntity<Workflow> change(
      Caller caller,
      HttpServletRequest request,
      UUID workflow,
      String action,
      @Nullable String ifMatch,
      HttpStatus status,
      Change change) {
    return transactions.run(
        caller.tenantId(),
        caller.userId(),
        sql -> {
          apply(sql, caller, request, workflow, action, ifMatch, change);
          return answer(sql, caller, workflow, status);
        });
  }

  /// Adds a workflow, and says so in the audit log.
  UUID add(
      JdbcClient sql,
      Caller caller,
      HttpServletRequest request,
      String action,
      WorkflowDocument document) {
    Instant now = clock.instant();
    UUID workflow = store.add(sql, caller, document, now);
    audit.append(sql, entry(sql, caller, request, now, action, workflow, document.name()));
    return workflow;
  }

  private static AuditEntry entry(
      JdbcClient sql,
      Caller caller,
      HttpServletRequest request,
      Instant now,
      String action,
      UUID workflow,
      String name) {
    return AuditEntry.of(caller.tenantId(), now, AuditLog.person(sql, caller.userId()), action)
        .on("workflow", workflow)
        .with("name", name)
        .from(request.getRemoteAddr());
  }

  /// As [#change], in a transaction that is under way.
  void apply(
      JdbcClient sql,
      Caller caller,
      HttpServletRequest request,
      UUID workflow,
      String action,
      @Nullable String ifMatch,
      Change change) {
    WorkflowRow row = store.lock(sql, caller.tenantId(), workflow);
    access.requireEdit(sql, caller, workflow);
    EntityTag.of(row.revision()).check(ifMatch, "workflow");
    Instant now = clock.instant();
    try {
      UnaryOperator<AuditEntry> told = change.make(sql, row, now);
      if (told != null) {
        AuditEntry entry = entry(sql, caller, request, now, action, workflow, row.name());
        audit.append(sql, told.apply(entry));
      }
    } catch (DocumentFault fault) {
      throw problem(ProblemCode.WORKFLOW_INVALID, "", fault.flaws());
    }
  }

  ResponseEntity<Workflow> answer(JdbcClient sql, Caller caller, UUID workflow, HttpStatus status) {
    WorkflowRow row = store.get(sql, caller.tenantId(), workflow);
    return ResponseEntity.status(status)
        .eTag(EntityTag.of(row.revision()).value())
        .body(views.workflow(sql, caller, row));
  }

  /// @param prefix where the document stands in the body, as a JSON pointer
  static Problem problem(ProblemCode code, String prefix, List<Flaw> flaws) {
    return Problem.invalid(
        code,
        flaws.stream()
            .map(
                flaw ->
                    new Problem.Invalid(
                        prefix + flaw.pointer(), flaw.message() + ". " + flaw.remedy()))
            .toList());
  }
}
