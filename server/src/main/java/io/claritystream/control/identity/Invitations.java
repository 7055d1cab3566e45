package io.claritystream.control.identity;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.UserId;
import io.claritystream.base.http.Role;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// Open invitations, as the role `auth`. One that is accepted or replaced is removed.
final class Invitations {

  static final Duration LIFETIME = Duration.ofDays(7);

  private final JdbcClient auth;

  Invitations(JdbcClient auth) {
    this.auth = auth;
  }

  /// One that is open.
  record Open(
      UUID id, TenantId tenant, String email, @Nullable String name, Role role, Instant expiresAt) {

    static Open of(ResultSet row, int number) throws SQLException {
      return new Open(
          row.getObject("invitation_id", UUID.class),
          new TenantId(row.getObject("tenant_id", UUID.class)),
          row.getString("email"),
          row.getString("name"),
          Role.of(row.getString("role")),
          SqlTime.read(row, "expires_at"));
    }
  }

  /// Adds one, in the place of an earlier one to the same address.
  void add(Open invitation, byte[] tokenHash, UserId by, Instant now) {
    auth.sql(
            """
            DELETE FROM control.invitation
            WHERE tenant_id = :tenant AND (email = :email OR expires_at <= :now)
            """)
        .param("tenant", invitation.tenant().value())
        .param("email", invitation.email())
        .param("now", SqlTime.of(now))
        .update();
    auth.sql(
            """
            INSERT INTO control.invitation
              (invitation_id, tenant_id, email, name, role, token_hash, invited_by, created_at, expires_at)
            VALUES (:id, :tenant, :email, :name, :role, :hash, :by, :now, :expires)
            """)
        .param("id", invitation.id())
        .param("tenant", invitation.tenant().value())
        .param("email", invitation.email())
        .param("name", invitation.name())
        .param("role", invitation.role().key())
        .param("hash", tokenHash)
        .param("by", by.value())
        .param("now", SqlTime.of(now))
        .param("expires", SqlTime.of(invitation.expiresAt()))
        .update();
  }

  /// The open invitation that the token is of.
  Optional<Open> find(String token, Instant now) {
    return auth.sql(
            """
            SELECT invitation_id, tenant_id, email, name, role, expires_at
            FROM control.invitation
            WHERE token_hash = :hash AND expires_at > :now
            """)
        .param("hash", OpaqueToken.hash(token))
        .param("now", SqlTime.of(now))
        .query(Open::of)
        .optional();
  }

  /// Those open to an address; other than of `but`, which is just being replaced.
  int open(TenantId tenant, String but, Instant now) {
    return auth.sql(
            """
            SELECT count(*) FROM control.invitation
            WHERE tenant_id = :tenant AND email <> :but AND expires_at > :now
            """)
        .param("tenant", tenant.value())
        .param("but", but)
        .param("now", SqlTime.of(now))
        .query(Integer.class)
        .single();
  }

  /// Removes what the person has made, other than for the roles named; how many it were.
  int removeBeyond(TenantId tenant, UserId by, List<String> roles) {
    return auth.sql(
            """
            DELETE FROM control.invitation
            WHERE tenant_id = :tenant AND invited_by = :by AND role <> ALL (:roles)
            """)
        .param("tenant", tenant.value())
        .param("by", by.value())
        .param("roles", roles.toArray(String[]::new))
        .update();
  }

  /// Empty if it was gone already: of two who use it at once, one has it.
  Optional<Open> remove(TenantId tenant, UUID id) {
    return auth.sql(
            """
            DELETE FROM control.invitation
            WHERE tenant_id = :tenant AND invitation_id = :id
            RETURNING invitation_id, tenant_id, email, name, role, expires_at
            """)
        .param("tenant", tenant.value())
        .param("id", id)
        .query(Open::of)
        .optional();
  }
}
