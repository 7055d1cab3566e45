package io.claritystream.control.tenancy;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/// The registry of tenants. The `JdbcClient` says as which role, and in whose transaction: `auth`
/// to create one and before a tenant is known, `tenant` within a tenant's own transaction.
@Component
public class Tenants {

  public static final String PLAN_DEFAULT = "standard";

  public void create(JdbcClient auth, Tenant tenant) {
    auth.sql(
            """
            INSERT INTO control.dim_tenant (tenant_id, name, plan, industry, region, created_at)
            VALUES (:id, :name, :plan, :industry, :region, :createdAt)
            """)
        .param("id", tenant.id().value())
        .param("name", tenant.name())
        .param("plan", tenant.plan())
        .param("industry", tenant.industry())
        .param("region", tenant.region())
        .param("createdAt", SqlTime.of(tenant.createdAt()))
        .update();
  }

  public Optional<Tenant> find(TenantId id, JdbcClient sql) {
    return sql.sql(
            """
            SELECT tenant_id, name, industry, region, plan, created_at
            FROM control.dim_tenant
            WHERE tenant_id = :id
            """)
        .param("id", id.value())
        .query(Tenants::tenant)
        .optional();
  }

  private static Tenant tenant(ResultSet row, int number) throws SQLException {
    return new Tenant(
        TenantId.of(row.getString("tenant_id")),
        row.getString("name"),
        row.getString("industry"),
        row.getString("region"),
        row.getString("plan"),
        SqlTime.read(row, "created_at"));
  }
}
