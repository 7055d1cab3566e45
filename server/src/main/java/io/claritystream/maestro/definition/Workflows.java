package io.claritystream.maestro.definition;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.util.Optional;
import java.util.UUID;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/// Published workflows as the engine reads them, as `clarity_engine`. Nothing is kept here: who
/// asks often keeps the answers, a version for ever and the rest for as long as may pass until a
/// change shows.
@Component
public class Workflows {

  private static final String PUBLISHED =
      """
      SELECT w.tenant_id, w.workflow_id, v.version, w.enabled, v.document
      FROM maestro.workflow w
      JOIN maestro.workflow_version v
        ON v.workflow_id = w.workflow_id AND v.version = w.published_version
      WHERE w.workflow_id = :workflow AND w.deleted_at IS NULL
      """;

  private static final String VERSION =
      """
      SELECT w.tenant_id, w.workflow_id, v.version,
             w.enabled AND w.deleted_at IS NULL AS enabled, v.document
      FROM maestro.workflow_version v
      JOIN maestro.workflow w ON w.workflow_id = v.workflow_id
      WHERE v.workflow_id = :workflow AND v.version = :version
      """;

  /// A token counts while the published version has its trigger.
  private static final String BY_WEBHOOK =
      """
      SELECT w.tenant_id, w.workflow_id, t.trigger_key, w.published_version, w.enabled
      FROM maestro.webhook_token t
      JOIN maestro.workflow w ON w.workflow_id = t.workflow_id
      JOIN maestro.trigger g
        ON g.workflow_id = w.workflow_id AND g.version = w.published_version
       AND g.key = t.trigger_key AND g.type = 'webhook'
      WHERE t.token_hash = :hash AND w.deleted_at IS NULL
        AND (t.expires_at IS NULL OR t.expires_at > :now)
      """;

  private final JdbcClient sql;
  private final Clock clock;

  Workflows(@Qualifier("engine") JdbcClient sql, Clock clock) {
    this.sql = sql;
    this.clock = clock;
  }

  /// The newest version; empty if none was published, or the workflow is deleted.
  public Optional<PublishedWorkflow> published(UUID workflowId) {
    return sql.sql(PUBLISHED).param("workflow", workflowId).query(Workflows::workflow).optional();
  }

  /// A version, for executions that pin it: also of a workflow that is deleted, which is not
  /// enabled then.
  public Optional<PublishedWorkflow> version(UUID workflowId, int version) {
    return sql.sql(VERSION)
        .param("workflow", workflowId)
        .param("version", version)
        .query(Workflows::workflow)
        .optional();
  }

  /// @param tokenHash [WebhookToken#hash] of what stood in the address
  public Optional<WebhookTarget> byWebhook(byte[] tokenHash) {
    return sql.sql(BY_WEBHOOK)
        .param("hash", tokenHash)
        .param("now", SqlTime.of(clock.instant()))
        .query(
            (row, number) ->
                new WebhookTarget(
                    new TenantId(row.getObject("tenant_id", UUID.class)),
                    row.getObject("workflow_id", UUID.class),
                    row.getString("trigger_key"),
                    row.getInt("published_version"),
                    row.getBoolean("enabled")))
        .optional();
  }

  private static PublishedWorkflow workflow(ResultSet row, int number) throws SQLException {
    UUID workflowId = row.getObject("workflow_id", UUID.class);
    int version = row.getInt("version");
    WorkflowDocument document;
    try {
      document = WorkflowDocument.parse(row.getString("document"));
    } catch (DocumentFault e) {
      throw new IllegalStateException(
          "version " + version + " of workflow " + workflowId + " cannot be read", e);
    }
    return new PublishedWorkflow(
        new TenantId(row.getObject("tenant_id", UUID.class)),
        workflowId,
        version,
        document.name(),
        row.getBoolean("enabled"),
        document);
  }
}
