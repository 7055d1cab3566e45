package io.claritystream.control.identity;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.UserId;
import io.claritystream.base.http.Role;
import io.claritystream.control.tenancy.Tenant;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;

/// Accounts and memberships, as the role `auth`.
final class Accounts {

  private final JdbcClient auth;

  Accounts(JdbcClient auth) {
    this.auth = auth;
  }

  /// False if the email is taken; the transaction is then good for nothing else.
  boolean create(Account account, Instant at) {
    try {
      auth.sql(
              """
              INSERT INTO control.user_account
                (user_id, email, name, password_hash, created_at, password_changed_at, last_login_at)
              VALUES (:id, :email, :name, :hash, :at, :at, :at)
              """)
          .param("id", account.id().value())
          .param("email", account.email())
          .param("name", account.name())
          .param("hash", account.passwordHash())
          .param("at", SqlTime.of(at))
          .update();
      return true;
    } catch (DuplicateKeyException taken) {
      return false;
    }
  }

  void join(TenantId tenant, UserId user, Role role, Instant at) {
    auth.sql(
            """
            INSERT INTO control.members (tenant_id, user_id, role, created_at)
            VALUES (:tenant, :user, :role, :at)
            """)
        .param("tenant", tenant.value())
        .param("user", user.value())
        .param("role", role.key())
        .param("at", SqlTime.of(at))
        .update();
  }

  Optional<Account> find(Email email) {
    return auth.sql(
            """
            SELECT user_id, email, name, password_hash
            FROM control.user_account
            WHERE email = :email
            """)
        .param("email", email.value())
        .query(Accounts::account)
        .optional();
  }

  Optional<Account> find(UserId id) {
    return auth.sql(
            """
            SELECT user_id, email, name, password_hash
            FROM control.user_account
            WHERE user_id = :id
            """)
        .param("id", id.value())
        .query(Accounts::account)
        .optional();
  }

  /// The first joined is the first; at most a hundred.
  List<Membership> memberships(UserId user) {
    return auth.sql(
            """
            SELECT t.tenant_id, t.name, t.industry, t.region, t.plan, t.created_at, m.role
            FROM control.members m
            JOIN control.dim_tenant t ON t.tenant_id = m.tenant_id
            WHERE m.user_id = :user
            ORDER BY m.created_at, t.tenant_id
            LIMIT 100
            """)
        .param("user", user.value())
        .query(Accounts::membership)
        .list();
  }

  void signedIn(UserId user, Instant at) {
    auth.sql("UPDATE control.user_account SET last_login_at = :at WHERE user_id = :user")
        .param("at", SqlTime.of(at))
        .param("user", user.value())
        .update();
  }

  /// The same password, hashed anew.
  void rehash(UserId user, String hash) {
    auth.sql("UPDATE control.user_account SET password_hash = :hash WHERE user_id = :user")
        .param("hash", hash)
        .param("user", user.value())
        .update();
  }

  private static Account account(ResultSet row, int number) throws SQLException {
    return new Account(
        new UserId(row.getObject("user_id", UUID.class)),
        row.getString("email"),
        row.getString("name"),
        row.getString("password_hash"));
  }

  private static Membership membership(ResultSet row, int number) throws SQLException {
    return new Membership(
        new Tenant(
            new TenantId(row.getObject("tenant_id", UUID.class)),
            row.getString("name"),
            row.getString("industry"),
            row.getString("region"),
            row.getString("plan"),
            SqlTime.read(row, "created_at")),
        Role.of(row.getString("role")));
  }
}
