package io.claritystream.control.tenancy;

import io.claritystream.base.db.TenantId;
import io.swagger.v3.oas.annotations.media.Schema;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;

/// What a tenant may use: every limit that depends on the plan. `docs/plans.md` tells them to
/// people.
///
/// @param selfService whether an owner may choose it; another is given by the platform's people
/// @param membersMax people, open invitations among them
/// @param eventsPerS_max change events of all sources together
/// @param bytesPerS_max of their batches, uncompressed
/// @param executionsAtOnceMax that run at the same time
/// @param executionsBacklogMax that wait; beyond it a new one is refused
/// @param webhookBodyBytesMax of a request to a webhook
/// @param logRetentionDays how long executions and their logs are kept
@Schema(name = "Plan")
public record Plan(
    String id,
    String title,
    boolean selfService,
    int membersMax,
    int eventsPerS_max,
    long bytesPerS_max,
    int workflowsMax,
    int connectionsMax,
    int executionsAtOnceMax,
    int executionsBacklogMax,
    int webhookBodyBytesMax,
    int logRetentionDays) {

  private static final String COLUMNS =
      """
      SELECT p.plan, p.title, p.self_service, p.members_max, p.events_per_s_max, p.bytes_per_s_max,
             p.workflows_max, p.connections_max, p.executions_at_once_max,
             p.executions_backlog_max, p.webhook_body_bytes_max, p.log_retention_days
      FROM control.plan p
      """;

  /// That of a tenant, as any role that may see the tenant; it throws if the tenant is not there.
  public static Plan of(TenantId tenant, JdbcClient sql) {
    return sql.sql(
            COLUMNS
                + """
                JOIN control.dim_tenant t ON t.plan = p.plan
                WHERE t.tenant_id = :tenant
                """)
        .param("tenant", tenant.value())
        .query(Plan::read)
        .single();
  }

  /// All there are, the smallest first.
  public static List<Plan> all(JdbcClient sql) {
    return sql.sql(COLUMNS + "ORDER BY p.members_max, p.plan").query(Plan::read).list();
  }

  private static Plan read(ResultSet row, int number) throws SQLException {
    return new Plan(
        row.getString("plan"),
        row.getString("title"),
        row.getBoolean("self_service"),
        row.getInt("members_max"),
        row.getInt("events_per_s_max"),
        row.getLong("bytes_per_s_max"),
        row.getInt("workflows_max"),
        row.getInt("connections_max"),
        row.getInt("executions_at_once_max"),
        row.getInt("executions_backlog_max"),
        row.getInt("webhook_body_bytes_max"),
        row.getInt("log_retention_days"));
  }
}
