package io.claritystream.control.identity;

import io.claritystream.base.db.TenantId;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditEntry.Actor;
import io.claritystream.control.audit.AuditLog;
import io.claritystream.control.tenancy.Plan;
import io.claritystream.control.tenancy.Tenants;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/// Puts organizations on plans, as an operator does.
final class OperatorPlans {

  private final JdbcClient admin;
  private final TransactionTemplate transactions;
  private final Tenants tenants;
  private final AuditLog audit;
  private final Actor operator;
  private final Clock clock;

  /// @param operator who runs the command, by name
  OperatorPlans(
      JdbcClient admin,
      TransactionTemplate transactions,
      Tenants tenants,
      AuditLog audit,
      String operator,
      Clock clock) {
    this.admin = admin;
    this.transactions = transactions;
    this.tenants = tenants;
    this.audit = audit;
    this.operator = Actor.platform(operator);
    this.clock = clock;
  }

  List<String> plans() {
    return Plan.all(admin).stream().map(Plan::id).toList();
  }

  /// False if there is no such organization.
  boolean set(TenantId tenant, String plan) {
    return Objects.requireNonNull(
        transactions.execute(
            status -> {
              boolean found = tenants.plan(tenant, plan, admin);
              if (found) {
                audit.append(
                    admin,
                    AuditEntry.of(tenant, clock.instant(), operator, "organization.plan_changed")
                        .with("plan", plan));
              }
              return found;
            }));
  }
}
