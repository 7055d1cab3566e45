package io.claritystream.agent.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// The two publications of a source: `full` for tables whose rows can be told apart, `inserts` for
/// the others.
record Publications(String full, String inserts) {
  /// The first version that can publish stored generated columns.
  static final int GENERATED_COLUMNS_FROM = 180_000;

  /// The first version that can publish a partitioned table as its root.
  static final int ROOTS_FROM = 130_000;

  private static final String FULL_ACTIONS = "insert, update, delete, truncate";
  private static final String INSERT_ACTIONS = "insert, truncate";

  /// How long a table's lock is waited for, which VACUUM and CREATE INDEX hold for as long as they
  /// take.
  private static final int LOCK_WAIT_MS = 2_000;

  /// How a table is published.
  ///
  /// @param number of what the catalogue says of it: never the same once it was published no more
  /// @param whole whether its updates and deletes are, too
  record Entry(long number, boolean whole) {}

  static Publications of(String slot) {
    return new Publications(slot, slot + "_inserts");
  }

  /// For the stream: names need no quotes, they are made of letters, digits and underscores.
  String names() {
    return full + "," + inserts;
  }

  /// Makes the publications name exactly these tables. All or nothing; a table that lost its
  /// identity moves to the publication of inserts, so that the customer's own changes never fail
  /// for longer than this takes. Whoever holds a table's lock is waited for, but not for long.
  ///
  /// @return whether anything had to be changed
  boolean make(Connection connection, int version, List<Catalog.Candidate> tables)
      throws SQLException {
    var autoCommit = connection.getAutoCommit();
    connection.setAutoCommit(false);
    try (var statement = connection.createStatement()) {
      var changes = changes(connection, version, tables);
      statement.execute("SET LOCAL lock_timeout = " + LOCK_WAIT_MS);
      for (var sql : changes) {
        statement.execute(sql);
      }
      connection.commit();
      return !changes.isEmpty();
    } catch (SQLException e) {
      connection.rollback();
      throw e;
    } finally {
      connection.setAutoCommit(autoCommit);
    }
  }

  /// What [#make] would run now.
  List<String> changes(Connection connection, int version, List<Catalog.Candidate> tables)
      throws SQLException {
    var sql = new ArrayList<String>();
    changes(connection, version, full, FULL_ACTIONS, names(tables, true), sql);
    changes(connection, version, inserts, INSERT_ACTIONS, names(tables, false), sql);
    return sql;
  }

  private static List<TableName> names(List<Catalog.Candidate> tables, boolean identified) {
    return tables.stream()
        .filter(table -> table.identified() == identified)
        .map(Catalog.Candidate::table)
        .toList();
  }

  private static void changes(
      Connection connection,
      int version,
      String name,
      String actions,
      List<TableName> tables,
      List<String> sql)
      throws SQLException {
    if (!exists(connection, name)) {
      sql.add(create(version, name, actions, tables));
      return;
    }
    var wanted = new TreeSet<>(tables);
    var present = new TreeSet<>(tables(connection, name));
    var gone = new ArrayList<>(present);
    gone.removeAll(wanted);
    if (!gone.isEmpty()) {
      sql.add("ALTER PUBLICATION " + TableName.quote(name) + " DROP TABLE " + list(gone));
    }
    var more = new ArrayList<>(wanted);
    more.removeAll(present);
    if (!more.isEmpty()) {
      sql.add(add(name, more));
    }
  }

  static String add(String name, List<TableName> tables) {
    return "ALTER PUBLICATION " + TableName.quote(name) + " ADD TABLE " + list(tables);
  }

  private static String create(int version, String name, String actions, List<TableName> tables) {
    var sql = new StringBuilder("CREATE PUBLICATION ").append(TableName.quote(name));
    if (!tables.isEmpty()) {
      sql.append(" FOR TABLE ").append(list(tables));
    }
    sql.append(" WITH (publish = '").append(actions).append('\'');
    if (version >= ROOTS_FROM) {
      sql.append(", publish_via_partition_root = true");
    }
    if (version >= GENERATED_COLUMNS_FROM) {
      sql.append(", publish_generated_columns = stored");
    }
    return sql.append(')').toString();
  }

  /// What a person with the right to do so would have to run.
  List<String> sql(int version, List<Catalog.Candidate> tables) {
    return List.of(
        create(version, full, FULL_ACTIONS, names(tables, true)) + ";",
        create(version, inserts, INSERT_ACTIONS, names(tables, false)) + ";");
  }

  /// ONLY, because a table that inherits is a table of its own, chosen or not by its own name.
  private static String list(List<TableName> tables) {
    return tables.stream().map(table -> "ONLY " + table.quoted()).collect(Collectors.joining(", "));
  }

  private static boolean exists(Connection connection, String name) throws SQLException {
    try (var statement =
        connection.prepareStatement("SELECT 1 FROM pg_publication WHERE pubname = ?")) {
      statement.setString(1, name);
      try (var rows = statement.executeQuery()) {
        return rows.next();
      }
    }
  }

  /// How tables are published now; those are left out that are not.
  Map<Long, Entry> entries(Connection connection) throws SQLException {
    var sql =
        """
        SELECT r.prrelid, r.oid, p.pubname = ?
        FROM pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid
        WHERE p.pubname IN (?, ?)
        ORDER BY 3
        """;
    var result = new HashMap<Long, Entry>();
    try (var statement = connection.prepareStatement(sql)) {
      statement.setString(1, full);
      statement.setString(2, full);
      statement.setString(3, inserts);
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          result.put(rows.getLong(1), new Entry(rows.getLong(2), rows.getBoolean(3)));
        }
      }
    }
    return result;
  }

  private static List<TableName> tables(Connection connection, String name) throws SQLException {
    var sql =
        """
        SELECT n.nspname, c.relname
        FROM pg_publication p
        JOIN pg_publication_rel r ON r.prpubid = p.oid
        JOIN pg_class c ON c.oid = r.prrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE p.pubname = ?
        """;
    var result = new ArrayList<TableName>();
    try (var statement = connection.prepareStatement(sql)) {
      statement.setString(1, name);
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          result.add(new TableName(rows.getString(1), rows.getString(2)));
        }
      }
    }
    return result;
  }
}
