package io.claritystream.maestro.definition;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.control.tenancy.Plan;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/// Rows of `maestro.workflow`, read and written within the caller's tenant transaction.
@Component
class WorkflowStore {
  private static final String LIST = "workflows";

  private static final String SELECT =
      """
      SELECT w.workflow_id, w.name, w.description, w.enabled, w.draft, w.revision,
             w.published_version, v.published_at, v.document IS DISTINCT FROM w.draft AS unpublished,
             w.created_by, w.created_at, w.updated_at
      FROM maestro.workflow w
      LEFT JOIN maestro.workflow_version v
        ON v.workflow_id = w.workflow_id AND v.version = w.published_version
      WHERE w.tenant_id = :tenant AND w.workflow_id = :workflow AND w.deleted_at IS NULL
      """;

  /// What is asked for of a list.
  record Filter(
      @Nullable String name,
      @Nullable Boolean enabled,
      @Nullable Instant updatedFrom,
      @Nullable Instant updatedTo) {}

  /// Throws the problem `plan_limit` if the tenant has as many as its plan permits.
  UUID add(JdbcClient sql, Caller caller, WorkflowDocument document, Instant now) {
    requireRoom(sql, caller.tenantId());
    UUID workflow = UUID.randomUUID();
    sql.sql(
            """
            INSERT INTO maestro.workflow
              (workflow_id, tenant_id, name, description, draft, created_by, created_at, updated_at)
            VALUES (:workflow, :tenant, :name, :description, :draft, :user, :now, :now)
            """)
        .param("workflow", workflow)
        .param("tenant", caller.tenantId().value())
        .param("name", document.name())
        .param("description", document.description())
        .param("draft", document.toJson())
        .param("user", caller.userId().value())
        .param("now", SqlTime.of(now))
        .update();
    return workflow;
  }

  /// Throws the problem `name_taken` if another has the name of one that was just added.
  void requireOnlyOne(JdbcClient sql, TenantId tenant, String name, UUID added) {
    sql.sql(
            """
            SELECT workflow_id FROM maestro.workflow
            WHERE tenant_id = :tenant AND name = :name AND deleted_at IS NULL AND workflow_id <> :added
            LIMIT 1
            """)
        .param("tenant", tenant.value())
        .param("name", name)
        .param("added", added)
        .query(UUID.class)
        .optional()
        .ifPresent(
            other -> {
              throw Problem.of(
                  ProblemCode.NAME_TAKEN,
                  "There is a workflow " + name + " already: " + other + ".");
            });
  }

  /// Of two who add at once the second counts what the first has added.
  private static void requireRoom(JdbcClient sql, TenantId tenant) {
    sql.sql("SELECT pg_advisory_xact_lock(hashtextextended('maestro.workflow ' || :tenant, 0))")
        .param("tenant", tenant.toString())
        .query(row -> {});
    Plan plan = Plan.of(tenant, sql);
    int present =
        sql.sql(
                """
                SELECT count(*) FROM maestro.workflow
                WHERE tenant_id = :tenant AND deleted_at IS NULL
                """)
            .param("tenant", tenant.value())
            .query(Integer.class)
            .single();
    if (present >= plan.workflowsMax()) {
      throw Problem.of(
          ProblemCode.PLAN_LIMIT,
          "The plan "
              + plan.id()
              + " permits "
              + plan.workflowsMax()
              + " workflows, and there are as many; delete one, or ask for a larger plan.");
    }
  }

  /// Throws the problem `not_found`.
  WorkflowRow get(JdbcClient sql, TenantId tenant, UUID workflow) {
    return sql.sql(SELECT)
        .param("tenant", tenant.value())
        .param("workflow", workflow)
        .query(WorkflowRow::of)
        .optional()
        .orElseThrow(() -> Problem.notFound("workflow", workflow));
  }

  /// The same, and nobody else changes it before this transaction ends. It is read only after the
  /// wait for its lock: a statement that waits within goes on with the version that it joined
  /// before.
  WorkflowRow lock(JdbcClient sql, TenantId tenant, UUID workflow) {
    sql.sql(
            """
            SELECT 1 FROM maestro.workflow
            WHERE tenant_id = :tenant AND workflow_id = :workflow FOR UPDATE
            """)
        .param("tenant", tenant.value())
        .param("workflow", workflow)
        .query(Integer.class)
        .optional();
    return get(sql, tenant, workflow);
  }

  /// The latest to change first.
  Page<WorkflowRow> list(JdbcClient sql, TenantId tenant, Filter filter, PageRequest page) {
    Optional<Cursor> after = page.after(LIST, 2);
    List<WorkflowRow> rows =
        sql.sql(
                """
                SELECT w.workflow_id, w.name, w.description, w.enabled, '' AS draft, w.revision,
                       w.published_version, v.published_at,
                       v.document IS DISTINCT FROM w.draft AS unpublished,
                       w.created_by, w.created_at, w.updated_at
                FROM maestro.workflow w
                LEFT JOIN maestro.workflow_version v
                  ON v.workflow_id = w.workflow_id AND v.version = w.published_version
                WHERE w.tenant_id = :tenant AND w.deleted_at IS NULL
                  AND (CAST(:name AS text) IS NULL OR strpos(lower(w.name), lower(:name)) > 0)
                  AND (CAST(:enabled AS boolean) IS NULL OR w.enabled = :enabled)
                  AND (CAST(:from AS timestamptz) IS NULL OR w.updated_at >= :from)
                  AND (CAST(:to AS timestamptz) IS NULL OR w.updated_at < :to)
                  AND (CAST(:at AS timestamptz) IS NULL OR (w.updated_at, w.workflow_id) < (:at, :id))
                ORDER BY w.updated_at DESC, w.workflow_id DESC
                LIMIT :rows
                """)
            .param("tenant", tenant.value())
            .param("name", filter.name())
            .param("enabled", filter.enabled())
            .param("from", filter.updatedFrom() == null ? null : SqlTime.of(filter.updatedFrom()))
            .param("to", filter.updatedTo() == null ? null : SqlTime.of(filter.updatedTo()))
            .param("at", after.map(cursor -> SqlTime.of(cursor.instant(0))).orElse(null))
            .param("id", after.map(cursor -> cursor.uuid(1)).orElse(null))
            .param("rows", page.rows())
            .query(WorkflowRow::of)
            .list();
    return Page.of(rows, page, row -> Cursor.of(LIST, row.updatedAt(), row.id()));
  }

  /// @param row as it was read under [#lock]
  void saveDraft(JdbcClient sql, WorkflowRow row, WorkflowDocument document, Instant now) {
    sql.sql(
            """
            UPDATE maestro.workflow
            SET name = :name, description = :description, draft = :draft, revision = revision + 1,
                updated_at = :now
            WHERE workflow_id = :workflow
            """)
        .param("workflow", row.id())
        .param("name", document.name())
        .param("description", document.description())
        .param("draft", document.toJson())
        .param("now", SqlTime.of(now))
        .update();
  }

  void setPublished(JdbcClient sql, UUID workflow, int version, boolean enabled, Instant now) {
    sql.sql(
            """
            UPDATE maestro.workflow
            SET published_version = :version, enabled = :enabled, revision = revision + 1,
                updated_at = :now
            WHERE workflow_id = :workflow
            """)
        .param("workflow", workflow)
        .param("version", version)
        .param("enabled", enabled)
        .param("now", SqlTime.of(now))
        .update();
  }

  void setEnabled(JdbcClient sql, UUID workflow, boolean enabled, Instant now) {
    sql.sql(
            """
            UPDATE maestro.workflow
            SET enabled = :enabled, revision = revision + 1, updated_at = :now
            WHERE workflow_id = :workflow
            """)
        .param("workflow", workflow)
        .param("enabled", enabled)
        .param("now", SqlTime.of(now))
        .update();
  }

  void delete(JdbcClient sql, UUID workflow, Instant now) {
    sql.sql(
            """
            UPDATE maestro.workflow
            SET enabled = false, deleted_at = :now, revision = revision + 1, updated_at = :now
            WHERE workflow_id = :workflow
            """)
        .param("workflow", workflow)
        .param("now", SqlTime.of(now))
        .update();
  }
}
