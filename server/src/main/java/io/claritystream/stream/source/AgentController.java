package io.claritystream.stream.source;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.control.audit.AuditEntry;
import io.claritystream.control.audit.AuditLog;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@Tag(name = "Agents")
class AgentController {
  private static final String LIST = "agents";

  private static final String SELECT =
      """
      SELECT a.agent_id, a.name, a.version, a.paired_at, a.last_seen_at, a.certificate_expires_at,
             a.revoked_at,
             (SELECT count(*) FROM control.source s
              WHERE s.agent_id = a.agent_id AND s.removed_at IS NULL) AS sources,
             EXISTS (
               SELECT FROM control.source s
               JOIN control.source_status t ON t.source_id = s.source_id
               WHERE s.agent_id = a.agent_id AND t.state <> 'offline' AND t.reported_at > :fresh
             ) AS online
      FROM control.agent a
      WHERE a.tenant_id = :tenant
        AND (CAST(:id AS uuid) IS NULL OR a.agent_id = :id)
        AND (CAST(:at AS timestamptz) IS NULL OR (a.paired_at, a.agent_id) < (:at, :after))
      ORDER BY a.paired_at DESC, a.agent_id DESC
      LIMIT :rows
      """;

  private final TenantTransactions transactions;
  private final RevokedAgents revoked;
  private final AuditLog audit;
  private final Clock clock;

  AgentController(
      TenantTransactions transactions, RevokedAgents revoked, AuditLog audit, Clock clock) {
    this.transactions = transactions;
    this.revoked = revoked;
    this.audit = audit;
    this.clock = clock;
  }

  @Schema(name = "Agent")
  record Agent(
      UUID id,
      String name,
      @Schema(allowableValues = {"online", "offline", "revoked", "expired"}) String state,
      String version,
      Instant pairedAt,
      @Nullable Instant lastSeenAt,
      Instant certificateExpiresAt,
      int sources) {}

  @GetMapping("/v1/agents")
  @RequiresPermission(Permission.SOURCES_READ)
  @Operation(operationId = "listAgents", summary = "The agents of the workspace, newest first")
  Page<Agent> list(Caller caller, PageRequest page) {
    Optional<Cursor> after = page.after(LIST, 2);
    List<Agent> rows =
        transactions.read(
            caller.tenantId(),
            sql ->
                select(
                    sql,
                    caller,
                    null,
                    after.map(cursor -> cursor.instant(0)).orElse(null),
                    after.map(cursor -> cursor.uuid(1)).orElse(null),
                    page.rows()));
    return Page.of(rows, page, agent -> Cursor.of(LIST, agent.pairedAt(), agent.id()));
  }

  @GetMapping("/v1/agents/{id}")
  @RequiresPermission(Permission.SOURCES_READ)
  @Operation(operationId = "getAgent", summary = "One agent")
  Agent get(Caller caller, @PathVariable("id") UUID id) {
    return transactions.read(caller.tenantId(), sql -> one(sql, caller, id));
  }

  @PostMapping("/v1/agents/{id}/revoke")
  @RequiresPermission(Permission.AGENTS_REVOKE)
  @Operation(
      operationId = "revokeAgent",
      summary = "Ends what the agent sends, at once and for good; it has to be paired again")
  Agent revoke(Caller caller, @PathVariable("id") UUID id, HttpServletRequest request) {
    Instant now = clock.instant();
    Agent agent =
        transactions.run(
            caller.tenantId(),
            caller.userId(),
            sql -> {
              Agent found = one(sql, caller, id);
              int changed =
                  sql.sql(
                          """
                          UPDATE control.agent SET revoked_at = :now, revoked_by = :user
                          WHERE tenant_id = :tenant AND agent_id = :id AND revoked_at IS NULL
                          """)
                      .param("now", SqlTime.of(now))
                      .param("user", caller.userId().value())
                      .param("tenant", caller.tenantId().value())
                      .param("id", id)
                      .update();
              if (changed > 0) {
                audit.append(
                    sql,
                    AuditEntry.of(
                            caller.tenantId(),
                            now,
                            AuditLog.person(sql, caller.userId()),
                            "agent.revoked")
                        .on("agent", id)
                        .from(request.getRemoteAddr())
                        .with("name", found.name()));
              }
              return one(sql, caller, id);
            });
    revoked.revoked(id);
    return agent;
  }

  private Agent one(JdbcClient sql, Caller caller, UUID id) {
    List<Agent> found = select(sql, caller, id, null, null, 1);
    if (found.isEmpty()) {
      throw Problem.notFound("agent", id);
    }
    return found.getFirst();
  }

  private List<Agent> select(
      JdbcClient sql,
      Caller caller,
      @Nullable UUID id,
      @Nullable Instant at,
      @Nullable UUID after,
      int rows) {
    Instant now = clock.instant();
    return sql.sql(SELECT)
        .param("fresh", SqlTime.of(now.minus(SourceReports.OFFLINE_AFTER)))
        .param("tenant", caller.tenantId().value())
        .param("id", id)
        .param("at", at == null ? null : SqlTime.of(at))
        .param("after", after)
        .param("rows", rows)
        .query((row, number) -> agent(row, now))
        .list();
  }

  private static Agent agent(ResultSet row, Instant now) throws SQLException {
    Instant expiresAt = SqlTime.read(row, "certificate_expires_at");
    String state;
    if (SqlTime.readNullable(row, "revoked_at") != null) {
      state = "revoked";
    } else if (!expiresAt.isAfter(now)) {
      state = "expired";
    } else {
      state = row.getBoolean("online") ? "online" : "offline";
    }
    return new Agent(
        row.getObject("agent_id", UUID.class),
        row.getString("name"),
        state,
        row.getString("version"),
        SqlTime.read(row, "paired_at"),
        SqlTime.readNullable(row, "last_seen_at"),
        expiresAt,
        row.getInt("sources"));
  }
}
