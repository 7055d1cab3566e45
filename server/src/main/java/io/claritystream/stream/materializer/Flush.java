package io.claritystream.stream.materializer;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;

/// Writes what a batch was folded to: first the rows of `row_state`, from which everything that is
/// asked afterwards follows; then one statement a table, rows sorted by key.
final class Flush {
  private static final String UNIQUE_VIOLATION = "23505";

  private static final String COUNT_TABLES =
      """
      INSERT INTO analytics.table_state AS t
        (tenant_id, source_id, model_id, table_name, reads, inserts, updates, deletes, truncates,
         clears, cleared_seq, failed, rows_incomplete, times_replaced, extras_left_out,
         sessions_left_out, exact, blind, on_delete, last_event_at, last_seq, schema_version)
      SELECT ?::uuid, ?::uuid, ?::int, table_name, reads, inserts, updates, deletes, truncates,
        clears, cleared_seq, failed, rows_incomplete, times_replaced, extras_left_out,
        sessions_left_out, failed + rows_incomplete + blind = 0, blind <> 0,
        CASE keep WHEN 1 THEN 'keep' ELSE 'retract' END, last_event_at, last_seq, schema_version
      FROM unnest(
          ?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[],
          ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::timestamptz[], ?::bigint[],
          ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::int[])
        AS counted (table_name, reads, inserts, updates, deletes, truncates, failed,
          rows_incomplete, times_replaced, extras_left_out, sessions_left_out, last_event_at,
          last_seq, blind, keep, clears, cleared_seq, schema_version)
      ON CONFLICT (model_id, table_name) DO UPDATE
      SET reads = t.reads + excluded.reads,
        inserts = t.inserts + excluded.inserts,
        updates = t.updates + excluded.updates,
        deletes = t.deletes + excluded.deletes,
        truncates = t.truncates + excluded.truncates,
        clears = t.clears + excluded.clears,
        cleared_seq = greatest(t.cleared_seq, excluded.cleared_seq),
        failed = t.failed + excluded.failed,
        rows_incomplete = t.rows_incomplete + excluded.rows_incomplete,
        times_replaced = t.times_replaced + excluded.times_replaced,
        extras_left_out = t.extras_left_out + excluded.extras_left_out,
        sessions_left_out = t.sessions_left_out + excluded.sessions_left_out,
        exact = t.failed + excluded.failed + t.rows_incomplete + excluded.rows_incomplete <= 0
          AND NOT t.blind AND NOT excluded.blind,
        blind = t.blind OR excluded.blind,
        on_delete = excluded.on_delete,
        last_event_at = greatest(t.last_event_at, excluded.last_event_at),
        last_seq = greatest(t.last_seq, excluded.last_seq),
        schema_version = coalesce(nullif(excluded.schema_version, 0), t.schema_version)
      """;

  private static final String DESCRIBE_TABLE =
      "UPDATE analytics.model_table SET key_layout = ?, names_site = ? WHERE table_id = ?";

  /// PostgreSQL's earliest and latest moments are not ours to store.
  private static final long EVENT_TIME_MAX_US = 253_402_300_799_999_999L;

  private final Connection connection;
  private final Fold fold;
  private final Batch batch;
  private final SourceModel model;
  private final RowStates states;

  Flush(Connection connection, Fold fold, RowStates states) {
    this.connection = connection;
    this.fold = fold;
    batch = fold.batch;
    model = batch.model;
    this.states = states;
  }

  /// @return false, and nothing is written, if a row that was taken for new has a key that is there
  ///     already
  boolean write() throws SQLException {
    if (!writeRows()) {
      return false;
    }
    describeTables();
    var extras = new ExtrasTables(connection, model);
    new Settlement(
            fold, states, new Things(connection, model), new SpanRows(connection, model), extras)
        .settle();
    new MinuteTable(connection, fold, states).write();
    countTables();
    return true;
  }

  private boolean writeRows() throws SQLException {
    if (batch.rows.isEmpty()) {
      states.delete(batch.rowsGone);
      return true;
    }
    var before = connection.setSavepoint();
    try {
      states.delete(batch.rowsGone);
      batch.rows.copy(connection);
      connection.releaseSavepoint(before);
      return true;
    } catch (SQLException e) {
      if (!UNIQUE_VIOLATION.equals(e.getSQLState())) {
        throw e;
      }
      connection.rollback(before);
      connection.releaseSavepoint(before);
      return false;
    }
  }

  /// What is first known of a table with this batch.
  private void describeTables() throws SQLException {
    for (var plan : batch.plans) {
      var table = plan.modelTable;
      if (plan.isNameAlone()) {
        continue;
      }
      var namesSite = table.namesSite || plan.site.length > 0;
      var layout = layout(plan, table);
      if (namesSite != table.namesSite || !layout.equals(table.storedKeyLayout)) {
        try (var update = connection.prepareStatement(DESCRIBE_TABLE)) {
          update.setString(1, layout);
          update.setBoolean(2, namesSite);
          update.setInt(3, table.id);
          update.executeUpdate();
        }
        table.namesSite = namesSite;
        table.keyLayout(layout);
        table.storedKeyLayout = layout;
      }
    }
  }

  /// Of rows that their images tell there are some of several versions from here on, unless they
  /// were all keyed for this one.
  private static String layout(TablePlan plan, ModelTable table) {
    var images = table.images();
    if (images == null || !plan.suits(table)) {
      return plan.keyLayout();
    }
    return images.version() == plan.version ? images.layout() : ImageKeys.SEVERAL.layout();
  }

  private void countTables() throws SQLException {
    if (batch.tables.isEmpty()) {
      return;
    }
    var counts = new ArrayList<>(batch.tables.values());
    counts.sort(Comparator.comparing(count -> count.table));
    var arrays = new ArrayText[18];
    for (var i = 0; i < arrays.length; i++) {
      arrays[i] = new ArrayText(counts.size(), 16);
    }
    for (var count : counts) {
      arrays[0].add(count.table);
      arrays[1].add(count.reads);
      arrays[2].add(count.inserts);
      arrays[3].add(count.updates);
      arrays[4].add(count.deletes);
      arrays[5].add(count.truncates);
      arrays[6].add(count.failed);
      arrays[7].add(count.rowsIncomplete);
      arrays[8].add(count.timesReplaced);
      arrays[9].add(count.valuesLeftOut);
      arrays[10].add(count.sessionsLeftOut);
      arrays[11].addMoment(Math.clamp(count.lastEventAtUs, 0, EVENT_TIME_MAX_US));
      arrays[12].add(count.lastSeq);
      arrays[13].add(count.blind ? 1 : 0);
      arrays[14].add(count.keep ? 1 : 0);
      arrays[15].add(count.clears);
      arrays[16].add(count.clearedSeq);
      arrays[17].add(count.version);
    }
    try (var statement = connection.prepareStatement(COUNT_TABLES)) {
      statement.setString(1, model.tenant.toString());
      statement.setString(2, model.source.toString());
      statement.setInt(3, model.id);
      for (var i = 0; i < arrays.length; i++) {
        statement.setString(4 + i, arrays[i].end());
      }
      statement.executeUpdate();
    }
  }
}
