package io.claritystream.control.identity;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.UserId;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
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

  /// Organizations that one person may belong to.
  static final int MEMBERSHIPS_MAX = 100;

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

  /// Waits until nobody else changes who belongs to the tenant, and lets others wait until the
  /// transaction ends: what is counted and compared here must not change meanwhile.
  void lockMembers(TenantId tenant) {
    lock("members " + tenant);
  }

  /// The same of what a person belongs to.
  void lockMemberships(UserId user) {
    lock("memberships " + user);
  }

  private void lock(String what) {
    auth.sql("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))")
        .param("what", what)
        .query((row, number) -> what)
        .single();
  }

  Optional<Role> role(TenantId tenant, UserId user) {
    return auth.sql(
            "SELECT role FROM control.members WHERE tenant_id = :tenant AND user_id = :user")
        .param("tenant", tenant.value())
        .param("user", user.value())
        .query((row, number) -> Role.of(row.getString(1)))
        .optional();
  }

  /// Whether the address is a member's.
  boolean belongs(TenantId tenant, Email email) {
    return auth.sql(
            """
            SELECT EXISTS (
              SELECT FROM control.members m
              JOIN control.user_account u ON u.user_id = m.user_id
              WHERE m.tenant_id = :tenant AND u.email = :email)
            """)
        .param("tenant", tenant.value())
        .param("email", email.value())
        .query(Boolean.class)
        .single();
  }

  /// Under the lock of the person's memberships: throws the problem if they have as many as one
  /// may.
  void requireRoom(UserId user) {
    int all =
        auth.sql("SELECT count(*) FROM control.members WHERE user_id = :user")
            .param("user", user.value())
            .query(Integer.class)
            .single();
    if (all >= MEMBERSHIPS_MAX) {
      throw Problem.of(
          ProblemCode.CONFLICT,
          "A person may belong to "
              + MEMBERSHIPS_MAX
              + " organizations; this one does. Leave one first.");
    }
  }

  int members(TenantId tenant) {
    return auth.sql("SELECT count(*) FROM control.members WHERE tenant_id = :tenant")
        .param("tenant", tenant.value())
        .query(Integer.class)
        .single();
  }

  int owners(TenantId tenant) {
    return auth.sql(
            "SELECT count(*) FROM control.members WHERE tenant_id = :tenant AND role = 'owner'")
        .param("tenant", tenant.value())
        .query(Integer.class)
        .single();
  }

  /// How many tenants the person is an owner of.
  int owned(UserId user) {
    return auth.sql("SELECT count(*) FROM control.members WHERE user_id = :user AND role = 'owner'")
        .param("user", user.value())
        .query(Integer.class)
        .single();
  }

  void changeRole(TenantId tenant, UserId user, Role role) {
    auth.sql(
            """
            UPDATE control.members SET role = :role
            WHERE tenant_id = :tenant AND user_id = :user
            """)
        .param("role", role.key())
        .param("tenant", tenant.value())
        .param("user", user.value())
        .update();
  }

  void leave(TenantId tenant, UserId user) {
    auth.sql("DELETE FROM control.members WHERE tenant_id = :tenant AND user_id = :user")
        .param("tenant", tenant.value())
        .param("user", user.value())
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

  /// The first joined is the first.
  List<Membership> memberships(UserId user) {
    return auth.sql(
            """
            SELECT t.tenant_id, t.name, t.domain, t.industry, t.region, t.plan, t.created_at, m.role
            FROM control.members m
            JOIN control.dim_tenant t ON t.tenant_id = m.tenant_id
            WHERE m.user_id = :user
            ORDER BY m.created_at, t.tenant_id
            LIMIT :max
            """)
        .param("user", user.value())
        .param("max", MEMBERSHIPS_MAX)
        .query(Accounts::membership)
        .list();
  }

  Optional<Membership> membership(UserId user, TenantId tenant) {
    return auth.sql(
            """
            SELECT t.tenant_id, t.name, t.domain, t.industry, t.region, t.plan, t.created_at, m.role
            FROM control.members m
            JOIN control.dim_tenant t ON t.tenant_id = m.tenant_id
            WHERE m.user_id = :user AND m.tenant_id = :tenant
            """)
        .param("user", user.value())
        .param("tenant", tenant.value())
        .query(Accounts::membership)
        .optional();
  }

  /// The membership, which nobody ends before the transaction at hand has ended: whoever ends it
  /// then finds the session that was opened in it, and ends that too.
  Optional<Membership> hold(UserId user, TenantId tenant) {
    return auth.sql(
            """
            SELECT t.tenant_id, t.name, t.domain, t.industry, t.region, t.plan, t.created_at, m.role
            FROM control.members m
            JOIN control.dim_tenant t ON t.tenant_id = m.tenant_id
            WHERE m.user_id = :user AND m.tenant_id = :tenant
            FOR KEY SHARE OF m
            """)
        .param("user", user.value())
        .param("tenant", tenant.value())
        .query(Accounts::membership)
        .optional();
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
            row.getString("domain"),
            row.getString("industry"),
            row.getString("region"),
            row.getString("plan"),
            SqlTime.read(row, "created_at")),
        Role.of(row.getString("role")));
  }
}
