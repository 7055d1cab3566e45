package io.claritystream.maestro.definition;

import com.fasterxml.jackson.annotation.JsonRawValue;
import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Problem;
import io.swagger.v3.oas.annotations.media.Schema;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/// Published versions as people look at them, read within the caller's tenant transaction.
@Component
class VersionStore {
  private static final String LIST = "workflow_versions";

  /// @param rolledBackTo the version that it brought back; null if it did not
  /// @param current whether it is the one that runs
  @Schema(name = "WorkflowVersionSummary")
  record Summary(
      int version,
      @Nullable String note,
      @Nullable Integer rolledBackTo,
      boolean current,
      @Nullable UUID publishedBy,
      Instant publishedAt) {}

  @Schema(name = "WorkflowVersion")
  record Version(
      int version,
      @Nullable String note,
      @Nullable Integer rolledBackTo,
      boolean current,
      @Nullable UUID publishedBy,
      Instant publishedAt,
      @JsonRawValue @Schema(implementation = Object.class, types = "object") String document) {}

  /// The newest first. There must be such a workflow.
  Page<Summary> list(JdbcClient sql, TenantId tenant, UUID workflow, PageRequest page) {
    Optional<Cursor> after = page.after(LIST, 1);
    List<Summary> rows =
        sql.sql(
                """
                SELECT v.version, v.note, v.rolled_back_to, v.published_by, v.published_at,
                       v.version = w.published_version AS current
                FROM maestro.workflow_version v
                JOIN maestro.workflow w ON w.workflow_id = v.workflow_id
                WHERE v.tenant_id = :tenant AND v.workflow_id = :workflow
                  AND (CAST(:before AS integer) IS NULL OR v.version < :before)
                ORDER BY v.version DESC
                LIMIT :rows
                """)
            .param("tenant", tenant.value())
            .param("workflow", workflow)
            .param("before", after.map(cursor -> version(cursor.number(0))).orElse(null))
            .param("rows", page.rows())
            .query(VersionStore::summary)
            .list();
    return Page.of(rows, page, row -> Cursor.of(LIST, row.version()));
  }

  private static int version(long number) {
    return Math.clamp(number, 0, Integer.MAX_VALUE);
  }

  /// Throws the problem `not_found`.
  Version get(JdbcClient sql, TenantId tenant, UUID workflow, int version) {
    return sql.sql(
            """
            SELECT v.version, v.note, v.rolled_back_to, v.published_by, v.published_at,
                   v.version = w.published_version AS current, v.document
            FROM maestro.workflow_version v
            JOIN maestro.workflow w ON w.workflow_id = v.workflow_id
            WHERE v.tenant_id = :tenant AND v.workflow_id = :workflow AND v.version = :version
              AND w.deleted_at IS NULL
            """)
        .param("tenant", tenant.value())
        .param("workflow", workflow)
        .param("version", version)
        .query(VersionStore::whole)
        .optional()
        .orElseThrow(() -> Problem.notFound("version", version));
  }

  /// The document of a version, which was checked when it was published.
  WorkflowDocument document(JdbcClient sql, TenantId tenant, UUID workflow, int version) {
    try {
      return WorkflowDocument.parse(get(sql, tenant, workflow, version).document());
    } catch (DocumentFault e) {
      throw new IllegalStateException(
          "version " + version + " of workflow " + workflow + " cannot be read", e);
    }
  }

  private static Summary summary(ResultSet row, int number) throws SQLException {
    return new Summary(
        row.getInt("version"),
        row.getString("note"),
        row.getObject("rolled_back_to", Integer.class),
        row.getBoolean("current"),
        row.getObject("published_by", UUID.class),
        SqlTime.read(row, "published_at"));
  }

  private static Version whole(ResultSet row, int number) throws SQLException {
    Summary summary = summary(row, number);
    return new Version(
        summary.version(),
        summary.note(),
        summary.rolledBackTo(),
        summary.current(),
        summary.publishedBy(),
        summary.publishedAt(),
        row.getString("document"));
  }
}
