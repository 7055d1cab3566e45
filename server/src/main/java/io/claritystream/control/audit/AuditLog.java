package io.claritystream.control.audit;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.UserId;
import java.util.Locale;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/// Adds to the audit log.
@Component
public class AuditLog {

  private final JsonMapper json;

  AuditLog(JsonMapper json) {
    this.json = json;
  }

  /// The person who acts, under the name of now.
  public static AuditEntry.Actor person(JdbcClient sql, UserId user) {
    String name =
        sql.sql("SELECT email FROM control.user_account WHERE user_id = :user")
            .param("user", user.value())
            .query(String.class)
            .optional()
            .orElse("unknown");
    return AuditEntry.Actor.person(user.value(), name);
  }

  /// Adds within the transaction of `sql`, so that the act and its entry stand or fall together.
  /// The roles `tenant`, `auth`, `service` and `admin` may.
  public void append(JdbcClient sql, AuditEntry entry) {
    AuditEntry.Actor actor = entry.actor();
    AuditEntry.Subject subject = entry.subject();
    sql.sql(
            """
            INSERT INTO control.audit_log
              (audit_id, tenant_id, at, actor_kind, actor_id, actor_name, action,
               subject_kind, subject_id, detail, remote_address)
            VALUES
              (:id, :tenant, :at, :actorKind, :actorId, :actorName, :action,
               :subjectKind, :subjectId, CAST(:detail AS jsonb), :address)
            """)
        .param("id", UUID.randomUUID())
        .param("tenant", entry.tenant() == null ? null : entry.tenant().value())
        .param("at", SqlTime.of(entry.at()))
        .param("actorKind", actor.kind().name().toLowerCase(Locale.ROOT))
        .param("actorId", actor.id())
        .param("actorName", actor.name())
        .param("action", entry.action())
        .param("subjectKind", subject == null ? null : subject.kind())
        .param("subjectId", subject == null ? null : subject.id())
        .param("detail", json.writeValueAsString(entry.detail()))
        .param("address", entry.remoteAddress())
        .update();
  }
}
