package io.claritystream.control.identity;

import io.claritystream.base.crypto.KeyMaintenance;
import io.claritystream.base.db.TenantId;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditEntry.Actor;
import io.claritystream.control.audit.AuditLog;
import java.time.Clock;
import java.util.List;
import java.util.function.IntConsumer;
import org.springframework.jdbc.core.simple.JdbcClient;

/// What an operator does to keys, with its entries in the audit log.
final class OperatorKeys {

  private final KeyMaintenance keys;
  private final JdbcClient admin;
  private final AuditLog audit;
  private final Actor operator;
  private final Clock clock;

  /// @param operator who runs the command, by name
  OperatorKeys(
      KeyMaintenance keys, JdbcClient admin, AuditLog audit, String operator, Clock clock) {
    this.keys = keys;
    this.admin = admin;
    this.audit = audit;
    this.operator = Actor.platform(operator);
    this.clock = clock;
  }

  List<TenantId> tenants() {
    return keys.tenantsWithKeys();
  }

  /// False if the tenant had no key.
  boolean rotate(TenantId tenant) {
    return keys.rotate(
        tenant,
        sql ->
            audit.append(
                sql, AuditEntry.of(tenant, clock.instant(), operator, "tenant_key.rotated")));
  }

  String masterKey() {
    return keys.masterKey();
  }

  int rewrap(IntConsumer progress) {
    int done = keys.rewrap(progress);
    if (done > 0) {
      audit.append(
          admin,
          AuditEntry.of(null, clock.instant(), operator, "keys.rewrapped")
              .with("keys", Integer.toString(done))
              .with("master_key", keys.masterKey()));
    }
    return done;
  }
}
