package io.claritystream.base.idempotency;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.Problem;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.jdbc.core.simple.JdbcClient;

/// How many keys a tenant may have kept at a time. They are counted once a minute, and those that
/// this process adds are known at once; others' make it a little more.
final class KeyQuota {
  static final int KEPT_MAX = 100_000;

  private static final Duration COUNTED_EVERY = Duration.ofMinutes(1);
  private static final Duration RETRY_AFTER = Duration.ofMinutes(10);
  private static final int TENANTS_MAX = 10_000;

  private static final String COUNT =
      """
      SELECT count(*) FROM (
        SELECT FROM control.idempotency_key WHERE tenant_id = :tenant LIMIT :most) AS kept
      """;

  private final JdbcClient engine;
  private final Cache<TenantId, AtomicInteger> kept =
      Caffeine.newBuilder().maximumSize(TENANTS_MAX).expireAfterWrite(COUNTED_EVERY).build();

  KeyQuota(JdbcClient engine) {
    this.engine = engine;
  }

  boolean full(TenantId tenant) {
    return of(tenant).get() >= KEPT_MAX;
  }

  void added(TenantId tenant) {
    of(tenant).incrementAndGet();
  }

  /// The database is asked outside the cache's locks.
  private AtomicInteger of(TenantId tenant) {
    AtomicInteger known = kept.getIfPresent(tenant);
    if (known == null) {
      known =
          new AtomicInteger(
              engine
                  .sql(COUNT)
                  .param("tenant", tenant.value())
                  .param("most", KEPT_MAX)
                  .query(Integer.class)
                  .single());
      kept.put(tenant, known);
    }
    return known;
  }

  /// Counts again: for tests.
  void forget() {
    kept.invalidateAll();
  }

  static Problem exceeded() {
    return Problem.tooMany(
        String.format(
            Locale.ROOT,
            "%,d requests of this organization had an Idempotency-Key within 24 hours, as many as are kept; send what may be done twice without one, or wait until the first are a day old.",
            KEPT_MAX),
        RETRY_AFTER);
  }
}
