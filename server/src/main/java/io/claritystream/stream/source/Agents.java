package io.claritystream.stream.source;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.LineOfText;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditLog;
import io.claritystream.protocol.identity.PeerIdentity;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/// The agents, for the gateway: pairing, renewal, and whether one may still speak. Works as
/// `clarity_service`.
public final class Agents {
  private static final int PER_TENANT_MAX = 10_000;
  private static final int NAME_LENGTH_MAX = 120;
  private static final int VERSION_LENGTH_MAX = 60;

  private final JdbcClient sql;
  private final TransactionTemplate transactions;
  private final PlatformAuthority authority;
  private final AuditLog audit;
  private final Clock clock;

  Agents(
      JdbcClient sql,
      TransactionTemplate transactions,
      PlatformAuthority authority,
      AuditLog audit,
      Clock clock) {
    this.sql = sql;
    this.transactions = transactions;
    this.authority = authority;
    this.audit = audit;
    this.clock = clock;
  }

  /// Who wants to become an agent.
  ///
  /// @param name the agent's own wish; the code's comes first
  public record Candidate(
      byte[] secretHash, String name, String version, SiteKey key, String address) {}

  /// What became of a pairing.
  public sealed interface Pairing {
    record Paired(UUID agentId, String tenantName, IssuedCertificate certificate)
        implements Pairing {}

    record UnknownCode() implements Pairing {}

    record UsedCode() implements Pairing {}

    record ExpiredCode() implements Pairing {}

    record TooManyAgents() implements Pairing {}
  }

  /// Whether an agent may speak.
  public sealed interface Standing {
    record Good(String name) implements Standing {}

    record Revoked() implements Standing {}

    record Unknown() implements Standing {}
  }

  private record Code(
      UUID id,
      TenantId tenant,
      byte[] secretHash,
      @Nullable String agentName,
      Instant expiresAt,
      @Nullable Instant usedAt) {}

  /// Redeems a code, once: of two that come with it at the same moment one finds it used.
  public Pairing pair(Candidate candidate) {
    Pairing pairing = transactions.execute(_ -> pairInTransaction(candidate));
    if (pairing == null) {
      throw new IllegalStateException("a pairing without an answer");
    }
    return pairing;
  }

  private Pairing pairInTransaction(Candidate candidate) {
    Instant now = clock.instant();
    Optional<Code> found =
        sql.sql(
                """
                SELECT pairing_code_id, tenant_id, secret_hash, agent_name, expires_at, used_at
                FROM control.pairing_code
                WHERE secret_hash = :hash
                FOR UPDATE
                """)
            .param("hash", candidate.secretHash())
            .query(
                (row, number) ->
                    new Code(
                        row.getObject("pairing_code_id", UUID.class),
                        new TenantId(row.getObject("tenant_id", UUID.class)),
                        row.getBytes("secret_hash"),
                        row.getString("agent_name"),
                        SqlTime.read(row, "expires_at"),
                        SqlTime.readNullable(row, "used_at")))
            .optional();
    // The index compares hashes of what nobody can choose; what decides takes the same time always.
    if (found.isEmpty()
        || !MessageDigest.isEqual(found.get().secretHash(), candidate.secretHash())) {
      return new Pairing.UnknownCode();
    }
    Code code = found.get();
    if (code.usedAt() != null) {
      return new Pairing.UsedCode();
    }
    if (!code.expiresAt().isAfter(now)) {
      return new Pairing.ExpiredCode();
    }
    int there =
        sql.sql("SELECT count(*) FROM control.agent WHERE tenant_id = :tenant")
            .param("tenant", code.tenant().value())
            .query(Integer.class)
            .single();
    if (there >= PER_TENANT_MAX) {
      return new Pairing.TooManyAgents();
    }
    PeerIdentity.Agent agent = new PeerIdentity.Agent(code.tenant().value(), UUID.randomUUID());
    IssuedCertificate certificate = authority.issueAgent(agent, candidate.key().key());
    String name = name(code.agentName(), candidate.name());
    sql.sql(
            """
            INSERT INTO control.agent
              (agent_id, tenant_id, name, version, paired_at, last_seen_at, certificate_serial,
               certificate_expires_at)
            VALUES (:agent, :tenant, :name, :version, :now, :now, :serial, :expires)
            """)
        .param("agent", agent.agentId())
        .param("tenant", agent.tenantId())
        .param("name", name)
        .param("version", LineOfText.made(candidate.version(), VERSION_LENGTH_MAX))
        .param("now", SqlTime.of(now))
        .param("serial", certificate.serial())
        .param("expires", SqlTime.of(certificate.notAfter()))
        .update();
    sql.sql(
            """
            UPDATE control.pairing_code SET used_at = :now, agent_id = :agent
            WHERE pairing_code_id = :code
            """)
        .param("now", SqlTime.of(now))
        .param("agent", agent.agentId())
        .param("code", code.id())
        .update();
    audit.append(
        sql,
        AuditEntry.of(
                code.tenant(), now, AuditEntry.Actor.agent(agent.agentId(), name), "agent.paired")
            .on("agent", agent.agentId())
            .from(candidate.address())
            .with("pairing_code_id", code.id().toString())
            .with("certificate", certificate.serial()));
    String tenantName =
        sql.sql("SELECT name FROM control.dim_tenant WHERE tenant_id = :tenant")
            .param("tenant", code.tenant().value())
            .query(String.class)
            .single();
    return new Pairing.Paired(agent.agentId(), tenantName, certificate);
  }

  /// Whether this agent may speak, as the database has it now.
  public Standing standing(PeerIdentity.Agent agent) {
    return sql.sql(
            """
            SELECT name, revoked_at IS NOT NULL AS revoked
            FROM control.agent
            WHERE agent_id = :agent AND tenant_id = :tenant
            """)
        .param("agent", agent.agentId())
        .param("tenant", agent.tenantId())
        .query(
            (row, number) ->
                row.getBoolean("revoked")
                    ? new Standing.Revoked()
                    : new Standing.Good(row.getString("name")))
        .optional()
        .map(Standing.class::cast)
        .orElseGet(Standing.Unknown::new);
  }

  /// A new certificate over a new key. Empty if the agent was revoked or never was.
  public Optional<IssuedCertificate> renew(PeerIdentity.Agent agent, SiteKey key, String version) {
    IssuedCertificate certificate = authority.issueAgent(agent, key.key());
    int renewed =
        sql.sql(
                """
                UPDATE control.agent
                SET certificate_serial = :serial, certificate_expires_at = :expires,
                    version = :version, last_seen_at = :now
                WHERE agent_id = :agent AND tenant_id = :tenant AND revoked_at IS NULL
                """)
            .param("serial", certificate.serial())
            .param("expires", SqlTime.of(certificate.notAfter()))
            .param("version", LineOfText.made(version, VERSION_LENGTH_MAX))
            .param("now", SqlTime.of(clock.instant()))
            .param("agent", agent.agentId())
            .param("tenant", agent.tenantId())
            .update();
    return renewed == 1 ? Optional.of(certificate) : Optional.empty();
  }

  /// These agents were there now.
  public void seen(Collection<UUID> agents) {
    if (agents.isEmpty()) {
      return;
    }
    sql.sql("UPDATE control.agent SET last_seen_at = :now WHERE agent_id = ANY (:agents)")
        .param("now", SqlTime.of(clock.instant()))
        .param("agents", agents.stream().sorted().toArray(UUID[]::new))
        .update();
  }

  private static String name(@Nullable String wished, String own) {
    String name = wished == null || wished.isBlank() ? own : wished;
    String plain = LineOfText.made(name, NAME_LENGTH_MAX);
    return plain.isEmpty() ? "agent" : plain;
  }
}
