package io.claritystream.base.idempotency;

import io.claritystream.base.crypto.EncryptionContext;
import io.claritystream.base.crypto.TenantSecrets;
import io.claritystream.base.crypto.Undecryptable;
import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.db.UserId;
import io.claritystream.base.http.Problem;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// The rows of `control.idempotency_key`, as a request sees them: each act is a transaction of its
/// own, so that a claim stands whatever becomes of the request.
final class Claims {
  static final Duration LEASE = Duration.ofMinutes(1);
  static final Duration KEPT_FOR = Duration.ofDays(1);
  static final int BODY_MAX = 1_048_576;

  /// Takes the key if it is new or its day is over; takes it over if nobody has been at it for
  /// longer than a lease. Whoever else holds it keeps it, and no row comes back.
  private static final String CLAIM =
      """
      INSERT INTO control.idempotency_key AS k
        (tenant_id, user_id, key_hash, request_hash, route, state, claim_id, claim_epoch, lease_until,
         created_at, expires_at)
      VALUES (:tenant, :person, :key, :request, :route, 'running', :claim, 1, :lease, :now, :expires)
      ON CONFLICT (tenant_id, user_id, key_hash) DO UPDATE SET
        claim_id = CASE WHEN k.expires_at <= :now THEN excluded.claim_id ELSE k.claim_id END,
        claim_epoch = CASE WHEN k.expires_at <= :now THEN 1 ELSE k.claim_epoch + 1 END,
        created_at = CASE WHEN k.expires_at <= :now THEN excluded.created_at ELSE k.created_at END,
        request_hash = excluded.request_hash,
        route = excluded.route,
        state = 'running',
        status = NULL,
        headers = NULL,
        body = NULL,
        lease_until = excluded.lease_until,
        expires_at = excluded.expires_at
      WHERE k.expires_at <= :now
         OR (k.state = 'running' AND k.lease_until <= :now AND k.request_hash = excluded.request_hash)
      RETURNING claim_id, claim_epoch, created_at
      """;

  private static final String FIND =
      """
      SELECT request_hash, route, state, claim_id, status, headers, body
      FROM control.idempotency_key
      WHERE tenant_id = :tenant AND user_id = :person AND key_hash = :key
      """;

  private static final String FINISH =
      """
      UPDATE control.idempotency_key
      SET state = 'done', status = :status, headers = :headers, body = :body
      WHERE tenant_id = :tenant AND user_id = :person AND key_hash = :key
        AND claim_id = :claim AND claim_epoch = :epoch AND state = 'running'
      """;

  /// Leaves the row, and its claim's id, to who comes next.
  private static final String RELEASE =
      """
      UPDATE control.idempotency_key
      SET lease_until = :now
      WHERE tenant_id = :tenant AND user_id = :person AND key_hash = :key
        AND claim_id = :claim AND claim_epoch = :epoch AND state = 'running'
      """;

  private final TenantTransactions transactions;
  private final TenantSecrets secrets;
  private final KeyQuota quota;
  private final Clock clock;

  Claims(TenantTransactions transactions, TenantSecrets secrets, KeyQuota quota, Clock clock) {
    this.quota = quota;
    this.transactions = transactions;
    this.secrets = secrets;
    this.clock = clock;
  }

  /// Throws the problem `rate_limited` if the key is new and the tenant or the person has as
  /// many as may be.
  Claimed claim(TenantId tenant, UserId person, byte[] key, byte[] request, String route) {
    Optional<Problem> full = quota.full(tenant, person);
    Claimed claimed =
        transactions.run(
            tenant,
            person,
            sql -> {
              if (full.isPresent() && find(sql, tenant, person, key, request).isEmpty()) {
                throw full.get();
              }
              Optional<Claim> ours = take(sql, tenant, person, key, request, route);
              return ours.isPresent()
                  ? new Claimed.Ours(ours.get())
                  : find(sql, tenant, person, key, request).orElseThrow();
            });
    if (claimed instanceof Claimed.Ours(Claim claim) && !claim.rerun()) {
      quota.added(tenant, person);
    }
    return claimed;
  }

  private Optional<Claimed> find(
      JdbcClient sql, TenantId tenant, UserId person, byte[] key, byte[] request) {
    return sql.sql(FIND)
        .param("tenant", tenant.value())
        .param("person", person.value())
        .param("key", key)
        .query((row, number) -> found(tenant, row, request))
        .optional();
  }

  /// What the request came to. If another has taken the claim over, it is that one's to say.
  void finish(Claim claim, int status, List<String> headers, byte[] body) {
    byte @Nullable [] kept =
        body.length > BODY_MAX ? null : secrets.encrypt(claim.tenant(), context(claim.id()), body);
    transactions.run(
        claim.tenant(),
        claim.person(),
        sql ->
            of(sql.sql(FINISH), claim)
                .param("status", status)
                .param("headers", headers.toArray(String[]::new))
                .param("body", kept)
                .update());
  }

  /// It came to nothing that is worth keeping: the same request may be tried again at once.
  void release(Claim claim) {
    transactions.run(
        claim.tenant(),
        claim.person(),
        sql -> of(sql.sql(RELEASE), claim).param("now", SqlTime.of(clock.instant())).update());
  }

  private Optional<Claim> take(
      JdbcClient sql, TenantId tenant, UserId person, byte[] key, byte[] request, String route) {
    Instant now = clock.instant();
    return sql.sql(CLAIM)
        .param("tenant", tenant.value())
        .param("person", person.value())
        .param("key", key)
        .param("request", request)
        .param("route", route)
        .param("claim", UUID.randomUUID())
        .param("now", SqlTime.of(now))
        .param("lease", SqlTime.of(now.plus(LEASE)))
        .param("expires", SqlTime.of(now.plus(KEPT_FOR)))
        .query(
            (row, number) ->
                new Claim(
                    tenant,
                    person,
                    key,
                    row.getObject("claim_id", UUID.class),
                    row.getObject("created_at", OffsetDateTime.class).toInstant(),
                    row.getInt("claim_epoch")))
        .optional();
  }

  private Claimed found(TenantId tenant, ResultSet row, byte[] request) throws SQLException {
    if (!Arrays.equals(row.getBytes("request_hash"), request)) {
      return new Claimed.Other(row.getString("route"));
    }
    if (row.getString("state").equals("running")) {
      return new Claimed.Running();
    }
    UUID claim = row.getObject("claim_id", UUID.class);
    byte @Nullable [] body = row.getBytes("body");
    try {
      return new Claimed.Done(
          new Claimed.Kept(
              row.getInt("status"),
              List.of((String[]) row.getArray("headers").getArray()),
              body == null ? null : secrets.decrypt(tenant, context(claim), body)));
    } catch (Undecryptable lost) {
      throw new IllegalStateException("kept answer cannot be read, claim " + claim, lost);
    }
  }

  private static JdbcClient.StatementSpec of(JdbcClient.StatementSpec statement, Claim claim) {
    return statement
        .param("tenant", claim.tenant().value())
        .param("person", claim.person().value())
        .param("key", claim.keyHash())
        .param("claim", claim.id())
        .param("epoch", claim.epoch());
  }

  private static EncryptionContext context(UUID claim) {
    return new EncryptionContext("idempotent-answer", claim.toString());
  }
}
