package io.claritystream.stream.materializer;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;

/// Counts what a batch does to `analytics.extras_type`: of how many entities a table's key has a
/// value of which type. Written once a batch, and only what differs in the end.
final class ExtraCounts {
  private static final int TYPES = ExtraType.values().length;

  private static final String COUNT =
      """
      INSERT INTO analytics.extras_type AS t
        (tenant_id, model_id, table_name, key, texts, nums, bools, times)
      SELECT ?::uuid, ?::int, table_name, key, texts, nums, bools, times
      FROM unnest(?::text[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[])
        AS counted (table_name, key, texts, nums, bools, times)
      ON CONFLICT (model_id, table_name, key) DO UPDATE
      SET texts = t.texts + excluded.texts,
        nums = t.nums + excluded.nums,
        bools = t.bools + excluded.bools,
        times = t.times + excluded.times
      """;

  /// A row that is proposed is checked before it is found to be there already, so what is taken
  /// away goes by an update of its own.
  private static final String LESSEN =
      """
      UPDATE analytics.extras_type AS t
      SET texts = t.texts + counted.texts,
        nums = t.nums + counted.nums,
        bools = t.bools + counted.bools,
        times = t.times + counted.times
      FROM unnest(?::text[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[])
        AS counted (table_name, key, texts, nums, bools, times)
      WHERE t.model_id = ?::int AND t.table_name = counted.table_name AND t.key = counted.key
      """;

  private static final String DELETE_EMPTY =
      """
      DELETE FROM analytics.extras_type AS t
      USING unnest(?::text[], ?::text[]) AS lessened (table_name, key)
      WHERE t.model_id = ?::int AND t.table_name = lessened.table_name AND t.key = lessened.key
        AND t.texts + t.nums + t.bools + t.times = 0
      """;

  private record Counted(String table, String key) {}

  private final Map<Counted, int[]> changes = new HashMap<>();

  /// An entity has a value that it had not.
  void add(String table, String key, ExtraType type) {
    change(table, key, type, 1);
  }

  /// An entity has a value no more.
  void remove(String table, String key, ExtraType type) {
    change(table, key, type, -1);
  }

  private void change(String table, String key, ExtraType type, int by) {
    changes.computeIfAbsent(new Counted(table, key), each -> new int[TYPES])[type.ordinal()] += by;
  }

  void write(Connection connection, SourceModel model) throws SQLException {
    var more = new Columns();
    var less = new Columns();
    var sorted = new ArrayList<>(changes.keySet());
    sorted.sort(Comparator.comparing(Counted::table).thenComparing(Counted::key));
    for (var counted : sorted) {
      var by = changes.get(counted);
      if (by != null) {
        more.add(counted, by, 1);
        less.add(counted, by, -1);
      }
    }
    // Added first, so that a key that only changes its type is never away.
    if (more.rows > 0) {
      try (var count = connection.prepareStatement(COUNT)) {
        count.setString(1, model.tenant.toString());
        count.setInt(2, model.id);
        for (var i = 0; i < more.arrays.length; i++) {
          count.setString(3 + i, more.arrays[i].end());
        }
        count.executeUpdate();
      }
    }
    if (less.rows > 0) {
      try (var lessen = connection.prepareStatement(LESSEN);
          var delete = connection.prepareStatement(DELETE_EMPTY)) {
        var columns = new String[less.arrays.length];
        for (var i = 0; i < columns.length; i++) {
          columns[i] = less.arrays[i].end();
          lessen.setString(1 + i, columns[i]);
        }
        lessen.setInt(7, model.id);
        lessen.executeUpdate();
        delete.setString(1, columns[0]);
        delete.setString(2, columns[1]);
        delete.setInt(3, model.id);
        delete.executeUpdate();
      }
    }
    changes.clear();
  }

  /// The changes of one sign, column by column.
  private static final class Columns {
    final ArrayText[] arrays = new ArrayText[2 + TYPES];
    int rows;

    Columns() {
      for (var i = 0; i < arrays.length; i++) {
        arrays[i] = new ArrayText(16, i < 2 ? 24 : 8);
      }
    }

    void add(Counted counted, int[] by, int sign) {
      var differs = false;
      for (var change : by) {
        differs |= change * sign > 0;
      }
      if (!differs) {
        return;
      }
      arrays[0].add(counted.table);
      arrays[1].add(counted.key);
      for (var type = 0; type < TYPES; type++) {
        arrays[2 + type].add((long) (by[type] * sign > 0 ? by[type] : 0));
      }
      rows++;
    }
  }
}
