package io.claritystream.stream.source;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Problem;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditLog;
import io.claritystream.protocol.identity.PairingCode;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// The codes that people make for agents: ten minutes, one use. The secret is shown once and kept
/// nowhere.
final class PairingCodes {
  static final Duration TERM = Duration.ofMinutes(10);

  /// Codes of a tenant that wait at a time.
  private static final int WAITING_MAX = 50;

  private final TenantTransactions transactions;
  private final PlatformAuthority authority;
  private final AuditLog audit;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();

  PairingCodes(
      TenantTransactions transactions, PlatformAuthority authority, AuditLog audit, Clock clock) {
    this.transactions = transactions;
    this.authority = authority;
    this.audit = audit;
    this.clock = clock;
  }

  /// A code as it is shown, this once.
  record Made(UUID id, PairingCode code, Instant expiresAt) {}

  /// What has become of a code.
  record State(UUID id, Instant expiresAt, boolean used, @Nullable UUID agentId) {}

  Made make(Caller caller, @Nullable String agentName, @Nullable String address) {
    PairingCode code = PairingCode.make(random, authority.certificate());
    UUID id = UUID.randomUUID();
    Instant now = clock.instant();
    Instant expiresAt = now.plus(TERM);
    transactions.run(
        caller.tenantId(),
        caller.userId(),
        sql -> {
          requireFewWaiting(sql, caller.tenantId(), now);
          sql.sql(
                  """
                  INSERT INTO control.pairing_code
                    (pairing_code_id, tenant_id, secret_hash, agent_name, created_at, created_by,
                     expires_at)
                  VALUES (:id, :tenant, :hash, :name, :now, :user, :expires)
                  """)
              .param("id", id)
              .param("tenant", caller.tenantId().value())
              .param("hash", code.secretHash())
              .param("name", agentName)
              .param("now", SqlTime.of(now))
              .param("user", caller.userId().value())
              .param("expires", SqlTime.of(expiresAt))
              .update();
          audit.append(
              sql,
              AuditEntry.of(
                      caller.tenantId(),
                      now,
                      AuditLog.person(sql, caller.userId()),
                      "pairing_code.made")
                  .on("pairing_code", id)
                  .from(address));
          return id;
        });
    return new Made(id, code, expiresAt);
  }

  Optional<State> find(TenantId tenant, UUID id) {
    return transactions.read(
        tenant,
        sql ->
            sql.sql(
                    """
                    SELECT pairing_code_id, expires_at, used_at IS NOT NULL AS used, agent_id
                    FROM control.pairing_code
                    WHERE tenant_id = :tenant AND pairing_code_id = :id
                    """)
                .param("tenant", tenant.value())
                .param("id", id)
                .query(
                    (row, number) ->
                        new State(
                            row.getObject("pairing_code_id", UUID.class),
                            SqlTime.read(row, "expires_at"),
                            row.getBoolean("used"),
                            row.getObject("agent_id", UUID.class)))
                .optional());
  }

  private static void requireFewWaiting(JdbcClient sql, TenantId tenant, Instant now) {
    int waiting =
        sql.sql(
                """
                SELECT count(*) FROM control.pairing_code
                WHERE tenant_id = :tenant AND used_at IS NULL AND expires_at > :now
                """)
            .param("tenant", tenant.value())
            .param("now", SqlTime.of(now))
            .query(Integer.class)
            .single();
    if (waiting >= WAITING_MAX) {
      throw Problem.rateLimited(TERM);
    }
  }
}
