package io.claritystream.control.identity;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.UserId;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Role;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/// Sessions and their refresh tokens: the table of states is in the package's documentation.
public final class Sessions {

  /// How long another process's revocation may go unseen here; one of this process is seen at once.
  static final Duration STATE_AGE_MAX = Duration.ofSeconds(5);

  /// For so long the second use of a refresh token is known as such, and ends the session; after
  /// that it is refused like one that never was.
  static final Duration USED_KEPT = Duration.ofDays(1);

  private static final int STATES_MAX = 50_000;

  private final JdbcClient auth;
  private final TransactionTemplate transactions;
  private final Duration lifetime;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();
  private final AsyncCache<UUID, Optional<State>> states =
      Caffeine.newBuilder().maximumSize(STATES_MAX).expireAfterWrite(STATE_AGE_MAX).buildAsync();

  Sessions(JdbcClient auth, TransactionTemplate transactions, Duration lifetime, Clock clock) {
    this.auth = auth;
    this.transactions = transactions;
    this.lifetime = lifetime;
    this.clock = clock;
  }

  /// A session that has begun.
  record Opened(UUID sessionId, RefreshToken refreshToken) {}

  private record State(UserId user, TenantId tenant, Role role, Instant expiresAt) {}

  /// Whether the caller's session still stands and the caller still belongs to the tenant, as of a
  /// few seconds ago at most: a stream asks this from time to time.
  public boolean stands(Caller caller) {
    return role(caller.sessionId(), caller.userId(), caller.tenantId()).isPresent();
  }

  /// The role that the person has now, if the session stands.
  Optional<Role> role(UUID sessionId, UserId user, TenantId tenant) {
    return state(sessionId)
        .filter(state -> state.user().equals(user) && state.tenant().equals(tenant))
        .filter(state -> state.expiresAt().isAfter(clock.instant()))
        .map(State::role);
  }

  /// One asks the database, outside the cache's locks, and those who ask meanwhile wait for it.
  private Optional<State> state(UUID sessionId) {
    CompletableFuture<Optional<State>> mine = new CompletableFuture<>();
    CompletableFuture<Optional<State>> others = states.asMap().putIfAbsent(sessionId, mine);
    if (others == null) {
      try {
        mine.complete(read(sessionId));
      } catch (RuntimeException | Error e) {
        // What failed is not kept.
        mine.completeExceptionally(e);
        throw e;
      }
      return mine.join();
    }
    try {
      return others.join();
    } catch (CompletionException e) {
      throw new IllegalStateException("session not read", e.getCause());
    }
  }

  /// To be called once it is committed that a session has ended: who reads it before that keeps it.
  void forget(UUID sessionId) {
    states.synchronous().invalidate(sessionId);
  }

  /// Begins a session, within the transaction at hand. What the person has left of expired ones is
  /// cleared away.
  Opened open(UserId user, TenantId tenant) {
    Instant now = clock.instant();
    auth.sql("DELETE FROM control.session WHERE user_id = :user AND expires_at < :now")
        .param("user", user.value())
        .param("now", SqlTime.of(now))
        .update();
    UUID sessionId = UUID.randomUUID();
    auth.sql(
            """
            INSERT INTO control.session (session_id, user_id, tenant_id, created_at, expires_at)
            VALUES (:id, :user, :tenant, :now, :expires)
            """)
        .param("id", sessionId)
        .param("user", user.value())
        .param("tenant", tenant.value())
        .param("now", SqlTime.of(now))
        .param("expires", SqlTime.of(now.plus(lifetime)))
        .update();
    return new Opened(sessionId, issue(sessionId, now));
  }

  /// Exchanges a refresh token. Of two that come with the same one at once, one is first and the
  /// other is a reuse.
  Refreshed refresh(RefreshToken token) {
    Refreshed refreshed =
        Objects.requireNonNull(transactions.execute(status -> exchange(token, clock.instant())));
    if (refreshed instanceof Refreshed.Reused reused) {
      forget(reused.sessionId());
    }
    return refreshed;
  }

  private Refreshed exchange(RefreshToken token, Instant now) {
    boolean first =
        auth.sql(
                    """
                    UPDATE control.refresh_token SET used_at = :now
                    WHERE token_hash = :hash AND used_at IS NULL
                    """)
                .param("now", SqlTime.of(now))
                .param("hash", token.hash())
                .update()
            == 1;
    Optional<Known> found =
        auth.sql(
                """
                SELECT s.session_id, s.user_id, s.tenant_id, t.expires_at,
                       s.revoked_at IS NOT NULL AS revoked
                FROM control.refresh_token t
                JOIN control.session s ON s.session_id = t.session_id
                WHERE t.token_hash = :hash
                """)
            .param("hash", token.hash())
            .query(Known::of)
            .optional();
    if (found.isEmpty() || found.get().revoked()) {
      return new Refreshed.Refused();
    }
    Known known = found.get();
    if (!first) {
      revoke(known.sessionId(), "reuse", now);
      return new Refreshed.Reused(known.sessionId(), known.user(), known.tenant());
    }
    if (!known.expiresAt().isAfter(now)) {
      return new Refreshed.Expired();
    }
    auth.sql("UPDATE control.session SET expires_at = :expires WHERE session_id = :id")
        .param("expires", SqlTime.of(now.plus(lifetime)))
        .param("id", known.sessionId())
        .update();
    return new Refreshed.Rotated(
        known.sessionId(), known.user(), known.tenant(), issue(known.sessionId(), now));
  }

  /// The session that a refresh token is or was of.
  Optional<UUID> of(RefreshToken token) {
    return auth.sql("SELECT session_id FROM control.refresh_token WHERE token_hash = :hash")
        .param("hash", token.hash())
        .query(UUID.class)
        .optional();
  }

  /// What is known of a session that was just ended.
  record Ended(UserId user, TenantId tenant) {}

  /// Ends a session, within the transaction at hand, after which it is to be forgotten; empty if it
  /// had ended already.
  Optional<Ended> revoke(UUID sessionId, String reason) {
    return revoke(sessionId, reason, clock.instant());
  }

  /// Ends the person's sessions in the tenant, within the transaction at hand; those that ended are
  /// then to be forgotten.
  List<UUID> revokeAll(UserId user, TenantId tenant, String reason) {
    return auth.sql(
            """
            UPDATE control.session SET revoked_at = :now, revoked_reason = :reason
            WHERE tenant_id = :tenant AND user_id = :user AND revoked_at IS NULL
            RETURNING session_id
            """)
        .param("now", SqlTime.of(clock.instant()))
        .param("reason", reason)
        .param("tenant", tenant.value())
        .param("user", user.value())
        .query(UUID.class)
        .list();
  }

  /// The person's sessions in the tenant: to be forgotten when it is committed that the role is
  /// another.
  List<UUID> of(UserId user, TenantId tenant) {
    return auth.sql(
            """
            SELECT session_id FROM control.session
            WHERE tenant_id = :tenant AND user_id = :user AND revoked_at IS NULL
            """)
        .param("tenant", tenant.value())
        .param("user", user.value())
        .query(UUID.class)
        .list();
  }

  private Optional<Ended> revoke(UUID sessionId, String reason, Instant now) {
    return auth.sql(
            """
            UPDATE control.session SET revoked_at = :now, revoked_reason = :reason
            WHERE session_id = :id AND revoked_at IS NULL
            RETURNING user_id, tenant_id
            """)
        .param("now", SqlTime.of(now))
        .param("reason", reason)
        .param("id", sessionId)
        .query(
            (row, number) ->
                new Ended(
                    new UserId(row.getObject("user_id", UUID.class)),
                    new TenantId(row.getObject("tenant_id", UUID.class))))
        .optional();
  }

  private RefreshToken issue(UUID sessionId, Instant now) {
    // One that was used long ago is worth nothing to a thief, known or not.
    auth.sql("DELETE FROM control.refresh_token WHERE session_id = :session AND used_at < :old")
        .param("session", sessionId)
        .param("old", SqlTime.of(now.minus(USED_KEPT)))
        .update();
    RefreshToken token = RefreshToken.make(random);
    auth.sql(
            """
            INSERT INTO control.refresh_token (token_hash, session_id, issued_at, expires_at)
            VALUES (:hash, :session, :now, :expires)
            """)
        .param("hash", token.hash())
        .param("session", sessionId)
        .param("now", SqlTime.of(now))
        .param("expires", SqlTime.of(now.plus(lifetime)))
        .update();
    return token;
  }

  private Optional<State> read(UUID sessionId) {
    return auth.sql(
            """
            SELECT s.user_id, s.tenant_id, s.expires_at, m.role
            FROM control.session s
            JOIN control.members m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id
            WHERE s.session_id = :id AND s.revoked_at IS NULL
            """)
        .param("id", sessionId)
        .query(
            (row, number) ->
                new State(
                    new UserId(row.getObject("user_id", UUID.class)),
                    new TenantId(row.getObject("tenant_id", UUID.class)),
                    Role.of(row.getString("role")),
                    SqlTime.read(row, "expires_at")))
        .optional();
  }

  private record Known(
      UUID sessionId, UserId user, TenantId tenant, Instant expiresAt, boolean revoked) {

    static Known of(ResultSet row, int number) throws SQLException {
      return new Known(
          row.getObject("session_id", UUID.class),
          new UserId(row.getObject("user_id", UUID.class)),
          new TenantId(row.getObject("tenant_id", UUID.class)),
          SqlTime.read(row, "expires_at"),
          row.getBoolean("revoked"));
    }
  }
}
