package io.claritystream.maestro.definition;

import io.claritystream.base.db.SqlTime;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A workflow as the table has it.
///
/// @param unpublished whether the draft differs from the published version, or nothing is published
record WorkflowRow(
    UUID id,
    String name,
    @Nullable String description,
    boolean enabled,
    String draft,
    int revision,
    @Nullable Integer publishedVersion,
    @Nullable Instant publishedAt,
    boolean unpublished,
    @Nullable UUID createdBy,
    Instant createdAt,
    Instant updatedAt) {

  /// The draft, which was read when it was saved.
  WorkflowDocument document() {
    try {
      return WorkflowDocument.parse(draft);
    } catch (DocumentFault e) {
      throw new IllegalStateException("the draft of workflow " + id + " cannot be read", e);
    }
  }

  static WorkflowRow of(ResultSet row, int number) throws SQLException {
    return new WorkflowRow(
        row.getObject("workflow_id", UUID.class),
        row.getString("name"),
        row.getString("description"),
        row.getBoolean("enabled"),
        row.getString("draft"),
        row.getInt("revision"),
        row.getObject("published_version", Integer.class),
        SqlTime.readNullable(row, "published_at"),
        row.getBoolean("unpublished"),
        row.getObject("created_by", UUID.class),
        SqlTime.read(row, "created_at"),
        SqlTime.read(row, "updated_at"));
  }
}
