package io.claritystream.agent.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Looks at the shapes of tables ([Shape]) again and again. What a look at ten thousand tables
/// costs is a line for each of them: columns are read only of those of which that line changed.
final class Shapes {
  /// So many tables' columns are read at once.
  private static final int TABLES_AT_ONCE = 500;

  private static final String COLUMNS = resource("shapes.sql");

  /// A table's shape as it was held when its line was this.
  private record Seen(String line, String shape) {}

  private final Map<Long, Seen> seen = new HashMap<>();

  private static String resource(String name) {
    try (var in = Shapes.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The shapes of the tables that are not surely as they were, as texts.
  ///
  /// @param held the tables' shapes as they are held
  Map<Long, String> changed(Connection connection, Map<Long, String> held) throws SQLException {
    seen.keySet().retainAll(held.keySet());
    var lines = lines(connection, List.copyOf(held.keySet()));
    var others = new ArrayList<Long>();
    lines.forEach(
        (oid, line) -> {
          var before = seen.get(oid);
          if (before == null
              || !before.line().equals(line)
              || !before.shape().equals(held.get(oid))) {
            others.add(oid);
          }
        });
    var result = read(connection, others);
    result.forEach((oid, shape) -> seen.put(oid, new Seen(lines.getOrDefault(oid, ""), shape)));
    result.entrySet().removeIf(found -> found.getValue().equals(held.get(found.getKey())));
    return result;
  }

  /// A line of each table, which is another one if anything of its shape is.
  private static Map<Long, String> lines(Connection connection, List<Long> oids)
      throws SQLException {
    var sql =
        """
        SELECT c.oid, c.relfilenode, count(a.attnum),
               sum(hashint8(a.xmin::text::bigint << 12 | a.attnum)::bigint)
        FROM unnest(?) o
        JOIN pg_class c ON c.oid = o
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        GROUP BY c.oid
        """;
    var result = new HashMap<Long, String>();
    try (var statement = connection.prepareStatement(sql)) {
      statement.setArray(1, connection.createArrayOf("oid", oids.toArray()));
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          result.put(
              rows.getLong(1),
              rows.getString(2) + " " + rows.getString(3) + " " + rows.getString(4));
        }
      }
    }
    return result;
  }

  /// The shapes of these tables, as texts.
  static Map<Long, String> read(Connection connection, List<Long> oids) throws SQLException {
    var result = new HashMap<Long, String>();
    var stored = Catalog.serverVersion(connection) >= Publications.GENERATED_COLUMNS_FROM;
    for (var from = 0; from < oids.size(); from += TABLES_AT_ONCE) {
      var some = oids.subList(from, Math.min(from + TABLES_AT_ONCE, oids.size()));
      read(connection, some, stored, result);
    }
    return result;
  }

  /// @param stored whether stored generated columns are sent
  private static void read(
      Connection connection, List<Long> oids, boolean stored, Map<Long, String> result)
      throws SQLException {
    var array = connection.createArrayOf("oid", oids.toArray());
    var files = new HashMap<Long, Long>();
    var columns = new HashMap<Long, List<Shape.Part>>();
    try (var statement = connection.prepareStatement(COLUMNS)) {
      statement.setArray(1, array);
      statement.setArray(2, array);
      statement.setBoolean(3, stored);
      statement.setArray(4, array);
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          files.put(rows.getLong(1), rows.getLong(2));
          var of = columns.computeIfAbsent(rows.getLong(1), first -> new ArrayList<>());
          if (rows.getString(4) != null) {
            of.add(
                new Shape.Part(
                    rows.getInt(3),
                    rows.getString(4),
                    rows.getLong(5),
                    rows.getBoolean(6),
                    rows.getBoolean(7),
                    rows.getLong(8),
                    rows.getString(9)));
          }
        }
      }
    }
    files.forEach((oid, file) -> result.put(oid, new Shape(file, columns.get(oid)).text()));
  }
}
