package io.claritystream.control.identity;

import io.claritystream.base.db.SqlTime;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditEntry.Actor;
import io.claritystream.control.audit.AuditLog;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/// What an operator may do to accounts, as the role `admin`. Each act is one transaction with its
/// entry in the audit log.
final class PlatformPeople {

  static final int LISTED_MAX = 10_000;

  private static final String INTERNAL_OPS = "internal_ops";
  private static final int PASSWORD_BYTES = 18;

  private final JdbcClient admin;
  private final TransactionTemplate transactions;
  private final AuditLog audit;
  private final Actor operator;
  private final Clock clock;

  /// @param operator who runs the command, by name
  PlatformPeople(
      JdbcClient admin,
      TransactionTemplate transactions,
      AuditLog audit,
      String operator,
      Clock clock) {
    this.admin = admin;
    this.transactions = transactions;
    this.audit = audit;
    this.operator = Actor.platform(operator);
    this.clock = clock;
  }

  record Known(
      UUID id,
      String email,
      String name,
      @Nullable String platformRole,
      Instant createdAt,
      @Nullable Instant lastLoginAt) {}

  /// By email.
  List<Known> list() {
    return admin
        .sql(
            """
            SELECT user_id, email, name, platform_role, created_at, last_login_at
            FROM control.user_account
            ORDER BY email
            LIMIT :max
            """)
        .param("max", LISTED_MAX)
        .query(PlatformPeople::known)
        .list();
  }

  /// Makes the person one of the platform's own, or takes that back. Empty if there is no such
  /// person, false if nothing was to be done.
  Optional<Boolean> grant(Email email, boolean granted) {
    return act(
        email,
        person -> {
          boolean changed =
              admin
                      .sql(
                          """
                          UPDATE control.user_account SET platform_role = :role
                          WHERE user_id = :id AND platform_role IS DISTINCT FROM :role
                          """)
                      .param("role", granted ? INTERNAL_OPS : null)
                      .param("id", person.id())
                      .update()
                  == 1;
          if (changed) {
            entry(person, granted ? "person.granted" : "person.ungranted", INTERNAL_OPS);
          }
          return changed;
        });
  }

  /// A new random password; it is known to nobody but the caller. All sessions end.
  Optional<String> resetPassword(Email email, PasswordHashes passwords, SecureRandom random) {
    byte[] bytes = new byte[PASSWORD_BYTES];
    random.nextBytes(bytes);
    String password = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    String hash = passwords.hash(password);
    return act(
        email,
        person -> {
          admin
              .sql(
                  """
                  UPDATE control.user_account
                  SET password_hash = :hash, password_changed_at = :now
                  WHERE user_id = :id
                  """)
              .param("hash", hash)
              .param("now", SqlTime.of(clock.instant()))
              .param("id", person.id())
              .update();
          int ended = endSessions(person);
          entry(person, "person.password_reset", ended + " sessions ended");
          return password;
        });
  }

  /// Ends every session of the person; how many there were.
  Optional<Integer> revokeSessions(Email email) {
    return act(
        email,
        person -> {
          int ended = endSessions(person);
          entry(person, "person.sessions_revoked", ended + " sessions ended");
          return ended;
        });
  }

  private int endSessions(Known person) {
    Instant now = clock.instant();
    return admin
        .sql(
            """
            UPDATE control.session SET revoked_at = :now, revoked_reason = 'operator'
            WHERE user_id = :id AND revoked_at IS NULL AND expires_at > :now
            """)
        .param("now", SqlTime.of(now))
        .param("id", person.id())
        .update();
  }

  private <T> Optional<T> act(Email email, Function<Known, T> work) {
    return Optional.ofNullable(transactions.execute(status -> find(email).map(work).orElse(null)));
  }

  private Optional<Known> find(Email email) {
    return admin
        .sql(
            """
            SELECT user_id, email, name, platform_role, created_at, last_login_at
            FROM control.user_account
            WHERE email = :email
            """)
        .param("email", email.value())
        .query(PlatformPeople::known)
        .optional();
  }

  private void entry(Known person, String action, String what) {
    audit.append(
        admin,
        AuditEntry.of(null, clock.instant(), operator, action)
            .on("person", person.id())
            .with("email", person.email())
            .with("what", what));
  }

  private static Known known(ResultSet row, int number) throws SQLException {
    return new Known(
        row.getObject("user_id", UUID.class),
        row.getString("email"),
        row.getString("name"),
        row.getString("platform_role"),
        SqlTime.read(row, "created_at"),
        SqlTime.readNullable(row, "last_login_at"));
  }
}
