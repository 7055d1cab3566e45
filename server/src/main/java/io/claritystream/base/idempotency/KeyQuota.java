package io.claritystream.base.idempotency;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.UserId;
import io.claritystream.base.http.Problem;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// How many keys a tenant may have kept at a time, and how many of them one person: nobody uses up
/// those of all others. They are counted once a minute, and those that this process adds are known
/// at once; others' make it a little more.
final class KeyQuota {
  static final int KEPT_MAX = 100_000;
  static final int PERSON_KEPT_MAX = KEPT_MAX / 2;

  private static final Duration COUNTED_EVERY = Duration.ofMinutes(1);
  private static final Duration RETRY_AFTER = Duration.ofMinutes(10);
  private static final int COUNTS_MAX = 20_000;

  private static final String COUNT =
      """
      SELECT count(*) FROM (
        SELECT FROM control.idempotency_key WHERE tenant_id = :tenant LIMIT :most) AS kept
      """;

  private static final String COUNT_PERSON =
      """
      SELECT count(*) FROM (
        SELECT FROM control.idempotency_key
        WHERE tenant_id = :tenant AND user_id = :person LIMIT :most) AS kept
      """;

  private final JdbcClient engine;
  private final Cache<Keeper, AtomicInteger> kept =
      Caffeine.newBuilder().maximumSize(COUNTS_MAX).expireAfterWrite(COUNTED_EVERY).build();

  KeyQuota(JdbcClient engine) {
    this.engine = engine;
  }

  /// Why no more may be added, if so.
  Optional<Problem> full(TenantId tenant, UserId person) {
    if (of(new Keeper(tenant, person)).get() >= PERSON_KEPT_MAX) {
      return Optional.of(
          exceeded("%,d of your requests to this organization", "a person", PERSON_KEPT_MAX));
    }
    if (of(new Keeper(tenant, null)).get() >= KEPT_MAX) {
      return Optional.of(
          exceeded("%,d requests of this organization", "an organization", KEPT_MAX));
    }
    return Optional.empty();
  }

  void added(TenantId tenant, UserId person) {
    of(new Keeper(tenant, person)).incrementAndGet();
    of(new Keeper(tenant, null)).incrementAndGet();
  }

  /// The database is asked outside the cache's locks.
  private AtomicInteger of(Keeper keeper) {
    AtomicInteger known = kept.getIfPresent(keeper);
    if (known == null) {
      known = new AtomicInteger(counted(keeper));
      kept.put(keeper, known);
    }
    return known;
  }

  private int counted(Keeper keeper) {
    JdbcClient.StatementSpec count =
        keeper.person == null
            ? engine.sql(COUNT)
            : engine.sql(COUNT_PERSON).param("person", keeper.person.value());
    return count
        .param("tenant", keeper.tenant.value())
        .param("most", KEPT_MAX)
        .query(Integer.class)
        .single();
  }

  /// Counts again: for tests.
  void forget() {
    kept.invalidateAll();
  }

  private static Problem exceeded(String those, String whose, int most) {
    return Problem.tooMany(
        String.format(
            Locale.ROOT,
            those
                + " had an Idempotency-Key within 24 hours, as many as are kept for "
                + whose
                + "; send what may be done twice without one, or wait until the first are a day old.",
            most),
        RETRY_AFTER);
  }

  /// A tenant, or one person in it.
  private record Keeper(TenantId tenant, @Nullable UserId person) {}
}
