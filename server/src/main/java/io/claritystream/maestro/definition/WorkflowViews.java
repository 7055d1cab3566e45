package io.claritystream.maestro.definition;

import com.fasterxml.jackson.annotation.JsonRawValue;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.Caller;
import io.swagger.v3.oas.annotations.media.Schema;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/// Workflows as the API shows them.
@Component
class WorkflowViews {
  private final WebhookTokens tokens;
  private final WorkflowAccess access;
  private final String hooks;

  WorkflowViews(
      WebhookTokens tokens, WorkflowAccess access, @Value("${clarity.public-url}") URI publicUrl) {
    this.tokens = tokens;
    this.access = access;
    this.hooks = publicUrl.toString().replaceFirst("/$", "") + "/hooks/";
  }

  /// A workflow in a list.
  ///
  /// @param publishedVersion the newest version, which is what runs; null if there is none
  /// @param unpublishedChanges whether the draft says something else than the published version
  @Schema(name = "WorkflowSummary")
  record Summary(
      UUID id,
      TenantId organizationId,
      String name,
      @Nullable String description,
      boolean enabled,
      @Nullable Integer publishedVersion,
      @Nullable Instant publishedAt,
      boolean unpublishedChanges,
      @Nullable UUID createdBy,
      Instant createdAt,
      Instant updatedAt) {}

  /// A workflow, whole. The ETag of the answer is what If-Match wants.
  ///
  /// @param document the draft; its shape is at `/v1/schemas/workflow`
  /// @param webhooks of the published version; empty for those who may not edit the workflow,
  ///     because whoever knows an address may call it
  /// @param mayRun whether the caller may start and cancel its executions
  /// @param mayEdit whether the caller may change it
  @Schema(name = "Workflow")
  record Workflow(
      UUID id,
      TenantId organizationId,
      String name,
      @Nullable String description,
      boolean enabled,
      @JsonRawValue @Schema(implementation = Object.class, types = "object") String document,
      @Nullable Integer publishedVersion,
      @Nullable Instant publishedAt,
      boolean unpublishedChanges,
      List<Webhook> webhooks,
      boolean mayRun,
      boolean mayEdit,
      @Nullable UUID createdBy,
      Instant createdAt,
      Instant updatedAt) {}

  /// @param trigger its id in the document
  /// @param url where to send requests
  @Schema(name = "Webhook")
  record Webhook(String trigger, String url) {}

  static Summary summary(Caller caller, WorkflowRow row) {
    return new Summary(
        row.id(),
        caller.tenantId(),
        row.name(),
        row.description(),
        row.enabled(),
        row.publishedVersion(),
        row.publishedAt(),
        row.unpublished(),
        row.createdBy(),
        row.createdAt(),
        row.updatedAt());
  }

  Workflow workflow(JdbcClient sql, Caller caller, WorkflowRow row) {
    boolean mayEdit = access.mayEdit(sql, caller, row.id());
    return new Workflow(
        row.id(),
        caller.tenantId(),
        row.name(),
        row.description(),
        row.enabled(),
        row.draft(),
        row.publishedVersion(),
        row.publishedAt(),
        row.unpublished(),
        mayEdit ? webhooks(sql, caller, row) : List.of(),
        access.mayRun(sql, caller, row.id()),
        mayEdit,
        row.createdBy(),
        row.createdAt(),
        row.updatedAt());
  }

  private List<Webhook> webhooks(JdbcClient sql, Caller caller, WorkflowRow row) {
    List<String> published =
        sql.sql(
                """
                SELECT key FROM maestro.trigger
                WHERE workflow_id = :workflow AND version = :version AND type = 'webhook'
                """)
            .param("workflow", row.id())
            .param("version", row.publishedVersion())
            .query(String.class)
            .list();
    return tokens.inUse(sql, caller.tenantId(), row.id()).entrySet().stream()
        .filter(entry -> published.contains(entry.getKey()))
        .map(entry -> new Webhook(entry.getKey(), hooks + entry.getValue()))
        .toList();
  }
}
