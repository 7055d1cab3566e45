package io.claritystream.stream.materializer;

import io.claritystream.stream.source.SourceRef;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;

/// Says of tables that events of theirs are missing in what was folded.
final class FailedTables {
  /// A table of which no event could be folded so far is there all the same: it is not exact.
  private static final String COUNT =
      """
      INSERT INTO analytics.table_state AS t
        (tenant_id, source_id, model_id, table_name, reads, inserts, updates, deletes, truncates,
         clears, cleared_seq, failed, rows_incomplete, times_replaced, extras_left_out,
         sessions_left_out, exact, blind, on_delete, last_seq, schema_version)
      SELECT ?, ?, model.id, counted.table_name, 0, 0, 0, 0, 0, 0, 0, failed, 0, 0, 0, 0,
        failed <= 0, false, coalesce(m.on_delete, 'retract'), 0, 0
      FROM unnest(?::text[], ?::int[]) AS counted (table_name, failed)
      CROSS JOIN (VALUES (?::int)) AS model (id)
      LEFT JOIN analytics.model_table m
        ON m.model_id = model.id AND m.table_name = counted.table_name
      ON CONFLICT (model_id, table_name) DO UPDATE
      SET failed = t.failed + excluded.failed,
        exact = t.failed + excluded.failed + t.rows_incomplete <= 0 AND NOT t.blind
      """;

  private FailedTables() {}

  static void count(
      Connection connection, SourceRef source, int model, Map<String, Integer> failures)
      throws SQLException {
    if (failures.isEmpty()) {
      return;
    }
    try (var insert = connection.prepareStatement(COUNT)) {
      insert.setObject(1, source.tenantId().value());
      insert.setObject(2, source.sourceId());
      insert.setArray(3, connection.createArrayOf("text", failures.keySet().toArray()));
      insert.setArray(4, connection.createArrayOf("int4", failures.values().toArray()));
      insert.setInt(5, model);
      insert.executeUpdate();
    }
  }
}
