package io.claritystream.base.idempotency;

import io.claritystream.base.db.SqlTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;

/// In the background: extends the leases of the claims that this process is at work on, all in one
/// statement, and deletes keys whose day is over, in portions, one process at a time.
final class Leases implements AutoCloseable {
  static final int ROWS_AT_A_TIME = 5_000;

  private static final Logger log = LoggerFactory.getLogger(Leases.class);
  private static final Duration EXTEND_EVERY = Claims.LEASE.dividedBy(3);
  private static final Duration STOP_MAX = Duration.ofSeconds(5);

  /// Each by its primary key: of all that are kept few are being worked on.
  static final String EXTEND =
      """
      UPDATE control.idempotency_key AS k
      SET lease_until = :lease
      FROM unnest(:tenants, :people, :keys, :claims) AS held (tenant_id, user_id, key_hash, claim_id)
      WHERE k.tenant_id = held.tenant_id AND k.user_id = held.user_id AND k.key_hash = held.key_hash
        AND k.claim_id = held.claim_id AND k.state = 'running' AND k.lease_until > :now
      """;

  private static final String DELETER =
      "SELECT pg_try_advisory_xact_lock(hashtextextended('control.idempotency_key deleter', 0))";

  private static final String DELETE =
      """
      DELETE FROM control.idempotency_key
      WHERE (tenant_id, user_id, key_hash) IN (
        SELECT tenant_id, user_id, key_hash FROM control.idempotency_key
        WHERE expires_at <= :now ORDER BY expires_at LIMIT :rows)
      """;

  private final JdbcClient engine;
  private final TransactionTemplate transactions;
  private final Clock clock;
  private final Map<UUID, Claim> held = new ConcurrentHashMap<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private @Nullable Thread thread;

  Leases(JdbcClient engine, TransactionTemplate transactions, Clock clock) {
    this.engine = engine;
    this.transactions = transactions;
    this.clock = clock;
  }

  void begun(Claim claim) {
    held.put(claim.id(), claim);
  }

  void ended(Claim claim) {
    held.remove(claim.id());
  }

  synchronized void start() {
    if (thread == null) {
      thread = Thread.ofVirtual().name("idempotency-keys").start(this::keep);
    }
  }

  @Override
  public synchronized void close() {
    closing.countDown();
    try {
      if (thread != null && !thread.join(STOP_MAX)) {
        log.warn("keys' background did not end in time");
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void keep() {
    try {
      while (!closing.await(EXTEND_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          extend();
          while (delete() == ROWS_AT_A_TIME && closing.getCount() > 0) {
            extend();
          }
        } catch (DataAccessException | TransactionException failed) {
          log.warn("leases not extended, trying again, cause {}", failed.toString());
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// A lease that has run out is not brought back: another may have the claim.
  int extend() {
    List<Claim> claims = List.copyOf(held.values());
    return claims.isEmpty() ? 0 : of(EXTEND, claims).update();
  }

  JdbcClient.StatementSpec of(String statement, List<Claim> claims) {
    Instant now = clock.instant();
    return engine
        .sql(statement)
        .param("tenants", all(claims, claim -> claim.tenant().value()))
        .param("people", all(claims, claim -> claim.person().value()))
        .param("keys", claims.stream().map(Claim::keyHash).toArray(byte[][]::new))
        .param("claims", all(claims, Claim::id))
        .param("now", SqlTime.of(now))
        .param("lease", SqlTime.of(now.plus(Claims.LEASE)));
  }

  private static UUID[] all(List<Claim> claims, Function<Claim, UUID> of) {
    return claims.stream().map(of).toArray(UUID[]::new);
  }

  /// How many it deleted; none if another process is at it.
  int delete() {
    Integer deleted =
        transactions.execute(
            status ->
                engine.sql(DELETER).query(Boolean.class).single()
                    ? engine
                        .sql(DELETE)
                        .param("now", SqlTime.of(clock.instant()))
                        .param("rows", ROWS_AT_A_TIME)
                        .update()
                    : 0);
    return deleted == null ? 0 : deleted;
  }
}
