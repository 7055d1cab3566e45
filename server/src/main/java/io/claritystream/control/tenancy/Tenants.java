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
            INSERT INTO control.dim_tenant
              (tenant_id, name, domain, plan, industry, region, created_at)
            VALUES (:id, :name, :domain, :plan, :industry, :region, :createdAt)
            """)
        .param("id", tenant.id().value())
        .param("name", tenant.name())
        .param("domain", tenant.domain())
        .param("plan", tenant.plan())
        .param("industry", tenant.industry())
        .param("region", tenant.region())
        .param("createdAt", SqlTime.of(tenant.createdAt()))
        .update();
  }

  public Optional<Tenant> find(TenantId id, JdbcClient sql) {
    return sql.sql(
            """
            SELECT tenant_id, name, domain, industry, region, plan, created_at
            FROM control.dim_tenant
            WHERE tenant_id = :id
            """)
        .param("id", id.value())
        .query(Tenants::tenant)
        .optional();
  }

  /// The same, and nobody else changes it until the transaction ends.
  public Optional<Tenant> lock(TenantId id, JdbcClient sql) {
    return sql.sql(
            """
            SELECT tenant_id, name, domain, industry, region, plan, created_at
            FROM control.dim_tenant
            WHERE tenant_id = :id
            FOR UPDATE
            """)
        .param("id", id.value())
        .query(Tenants::tenant)
        .optional();
  }

  /// Changes what the tenant says of itself, within its own transaction.
  public void change(Tenant tenant, JdbcClient sql) {
    sql.sql(
            """
            UPDATE control.dim_tenant
            SET name = :name, domain = :domain, industry = :industry, region = :region
            WHERE tenant_id = :id
            """)
        .param("id", tenant.id().value())
        .param("name", tenant.name())
        .param("domain", tenant.domain())
        .param("industry", tenant.industry())
        .param("region", tenant.region())
        .update();
  }

  /// Puts the tenant on a plan, as the role `admin`; false if there is no such tenant.
  public boolean plan(TenantId id, String plan, JdbcClient admin) {
    return admin
            .sql("UPDATE control.dim_tenant SET plan = :plan WHERE tenant_id = :id")
            .param("plan", plan)
            .param("id", id.value())
            .update()
        == 1;
  }

  private static Tenant tenant(ResultSet row, int number) throws SQLException {
    return new Tenant(
        TenantId.of(row.getString("tenant_id")),
        row.getString("name"),
        row.getString("domain"),
        row.getString("industry"),
        row.getString("region"),
        row.getString("plan"),
        SqlTime.read(row, "created_at"));
  }
}
