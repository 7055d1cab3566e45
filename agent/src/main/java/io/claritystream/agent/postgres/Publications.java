package io.claritystream.agent.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;

/// The two publications of a source: `full` for tables whose rows can be told apart, `inserts` for
/// the others.
record Publications(String full, String inserts) {
  /// The first version that can publish stored generated columns.
  static final int GENERATED_COLUMNS_FROM = 180_000;

  /// The first version that can publish a partitioned table as its root.
  static final int ROOTS_FROM = 130_000;

  private static final String DROP = "DROP PUBLICATION ";
  private static final String FULL_ACTIONS = "insert, update, delete, truncate";
  private static final String INSERT_ACTIONS = "insert, truncate";

  /// How long a table's lock is waited for, which VACUUM and CREATE INDEX hold for as long as they
  /// take.
  private static final int LOCK_WAIT_MS = 2_000;

  /// And of each table by itself. When so many locks were waited for in vain, the next are only
  /// tried: somebody may hold those of thousands of tables.
  private static final int LOCK_WAIT_EACH_MS = 100;

  private static final int LOCKS_AWAITED_MAX = 50;
  private static final String LOCK_NOT_AVAILABLE = "55P03";
  private static final String LOCKED = "somebody holds a lock of it";

  /// What became of [#make].
  ///
  /// @param changed whether anything was
  /// @param leftOut tables that are not published as they should be, or still are and should not,
  ///     and why
  record Made(boolean changed, Map<TableName, String> leftOut) {
    private static final int SHOWN_MAX = 20;

    Made {
      leftOut = Map.copyOf(leftOut);
    }

    /// For a person, the tables in the order of their names.
    List<String> words() {
      var words = new ArrayList<String>();
      new TreeMap<>(leftOut)
          .entrySet().stream()
              .limit(SHOWN_MAX)
              .map(
                  left ->
                      left.getKey() + " cannot be published as it should be: " + left.getValue())
              .forEach(words::add);
      if (leftOut.size() > SHOWN_MAX) {
        words.add(
            leftOut.size() - SHOWN_MAX + " more tables cannot be published as they should be");
      }
      return words;
    }
  }

  static Publications of(String slot) {
    return new Publications(slot, slot + "_inserts");
  }

  /// For the stream: names need no quotes, they are made of letters, digits and underscores.
  String names() {
    return full + "," + inserts;
  }

  /// Makes the publications name exactly these tables; a table that lost its identity moves to the
  /// publication of inserts, so that the customer's own changes never fail for longer than this
  /// takes. Whoever holds a table's lock is waited for, but not for long. What the server refuses
  /// of one table leaves that table as it is, and no other.
  Made make(Connection connection, int version, List<Catalog.Candidate> tables)
      throws SQLException {
    var autoCommit = connection.getAutoCommit();
    connection.setAutoCommit(false);
    try {
      var changes = differences(connection, version, tables);
      var all = changes.stream().flatMap(change -> change.all().stream()).toList();
      if (all.isEmpty()) {
        return new Made(false, Map.of());
      }
      try {
        run(connection, all, LOCK_WAIT_MS);
        return new Made(true, Map.of());
      } catch (PSQLException e) {
        if (e.getServerErrorMessage() == null || Rights.read(connection, this).someAnothers()) {
          throw e;
        }
        return each(connection, changes);
      }
    } finally {
      connection.rollback();
      connection.setAutoCommit(autoCommit);
    }
  }

  /// Table by table, what [#make] could not do at once.
  private static Made each(Connection connection, List<Difference> changes) throws SQLException {
    for (var change : changes) {
      run(connection, change.itself(), LOCK_WAIT_MS);
    }
    var touched = new TreeSet<TableName>();
    changes.forEach(change -> touched.addAll(change.gone()));
    changes.forEach(change -> touched.addAll(change.more()));
    var leftOut = new TreeMap<TableName, String>();
    var locked = 0;
    for (var table : touched) {
      var sql = changes.stream().flatMap(change -> change.of(table).stream()).toList();
      try {
        run(connection, sql, locked < LOCKS_AWAITED_MAX ? LOCK_WAIT_EACH_MS : 1);
      } catch (PSQLException e) {
        var said = e.getServerErrorMessage();
        if (said == null) {
          throw e;
        }
        var isLocked = LOCK_NOT_AVAILABLE.equals(e.getSQLState());
        locked += isLocked ? 1 : 0;
        leftOut.put(table, isLocked ? LOCKED : String.valueOf(said.getMessage()));
      }
    }
    return new Made(true, leftOut);
  }

  private static void run(Connection connection, List<String> all, int lockWaitMs)
      throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute("SET LOCAL lock_timeout = " + lockWaitMs);
      for (var sql : all) {
        statement.execute(sql);
      }
      connection.commit();
    } catch (SQLException e) {
      connection.rollback();
      throw e;
    }
  }

  /// What [#make] would run now.
  List<String> changes(Connection connection, int version, List<Catalog.Candidate> tables)
      throws SQLException {
    return differences(connection, version, tables).stream()
        .flatMap(change -> change.all().stream())
        .toList();
  }

  private List<Difference> differences(
      Connection connection, int version, List<Catalog.Candidate> tables) throws SQLException {
    var present = Published.read(connection, this);
    return List.of(
        difference(full, options(version, FULL_ACTIONS), present.get(full), names(tables, true)),
        difference(
            inserts, options(version, INSERT_ACTIONS), present.get(inserts), names(tables, false)));
  }

  private static List<TableName> names(List<Catalog.Candidate> tables, boolean identified) {
    return tables.stream()
        .filter(table -> table.identified() == identified)
        .map(Catalog.Candidate::table)
        .toList();
  }

  /// How a publication stands as a whole.
  private enum Stand {
    FITS,
    /// Made with other options.
    UNFIT,
    /// Made to publish all tables, which can be taken back by dropping it alone.
    ALL_TABLES,
    MISSING
  }

  /// What a publication lacks, or has and should not have.
  ///
  /// @param schemas of which it publishes all tables
  private record Difference(
      String name,
      String options,
      Stand stand,
      Set<String> schemas,
      Set<TableName> gone,
      Set<TableName> more) {
    List<String> itself() {
      return itself(List.of());
    }

    private List<String> itself(Collection<TableName> first) {
      var sql = new ArrayList<String>();
      switch (stand) {
        case FITS -> {}
        case UNFIT -> sql.add(alter(" SET " + options));
        case ALL_TABLES ->
            sql.add(DROP + TableName.quote(name) + "; " + create(name, options, first));
        case MISSING -> sql.add(create(name, options, first));
      }
      if (!schemas.isEmpty()) {
        sql.add(
            alter(
                " DROP TABLES IN SCHEMA "
                    + schemas.stream().map(TableName::quote).collect(Collectors.joining(", "))));
      }
      return sql;
    }

    List<String> all() {
      if (stand == Stand.MISSING || stand == Stand.ALL_TABLES) {
        return itself(more);
      }
      var sql = new ArrayList<>(itself());
      change(gone, more, sql);
      return sql;
    }

    List<String> of(TableName table) {
      var sql = new ArrayList<String>();
      change(
          gone.contains(table) ? Set.of(table) : Set.of(),
          more.contains(table) ? Set.of(table) : Set.of(),
          sql);
      return sql;
    }

    private void change(Set<TableName> out, Set<TableName> in, List<String> sql) {
      if (!out.isEmpty()) {
        sql.add(alter(" DROP TABLE " + list(out)));
      }
      if (!in.isEmpty()) {
        sql.add(add(name, in));
      }
    }

    private String alter(String how) {
      return "ALTER PUBLICATION " + TableName.quote(name) + how;
    }
  }

  /// A table of which a filter or a list of columns leaves something out is taken out and put in
  /// again: the catalogue then has another number for it, and whoever looks knows that.
  private static Difference difference(
      String name, String options, @Nullable Published present, List<TableName> tables) {
    if (present == null) {
      return new Difference(
          name, options, Stand.MISSING, Set.of(), Set.of(), new TreeSet<>(tables));
    }
    var fit = new TreeSet<TableName>();
    var others = new TreeSet<TableName>();
    present.tables().forEach((oid, table) -> (present.partly(oid) ? others : fit).add(table));
    var gone = new TreeSet<>(fit);
    gone.removeAll(tables);
    gone.addAll(others);
    var more = new TreeSet<>(tables);
    more.removeAll(fit);
    var stand =
        present.allTables()
            ? Stand.ALL_TABLES
            : present.lacks().isEmpty() ? Stand.FITS : Stand.UNFIT;
    return new Difference(name, options, stand, present.schemas(), gone, more);
  }

  /// These changes for a person to run, all at once: what was written while a publication was not
  /// there the server could not decode.
  static String atOnce(List<String> changes) {
    var all = String.join("; ", changes) + ";";
    return changes.stream().anyMatch(sql -> sql.startsWith(DROP))
        ? "BEGIN; " + all + " COMMIT;"
        : all;
  }

  static String add(String name, Collection<TableName> tables) {
    return "ALTER PUBLICATION " + TableName.quote(name) + " ADD TABLE " + list(tables);
  }

  private static String create(String name, String options, Collection<TableName> tables) {
    var sql = new StringBuilder("CREATE PUBLICATION ").append(TableName.quote(name));
    if (!tables.isEmpty()) {
      sql.append(" FOR TABLE ").append(list(tables));
    }
    return sql.append(" WITH ").append(options).toString();
  }

  private static String options(int version, String actions) {
    return "(publish = '"
        + actions
        + "'"
        + (version >= ROOTS_FROM ? ", publish_via_partition_root = true" : "")
        + (version >= GENERATED_COLUMNS_FROM ? ", publish_generated_columns = stored" : "")
        + ")";
  }

  /// What a person with the right to do so would have to run.
  List<String> sql(int version, List<Catalog.Candidate> tables) {
    return List.of(
        create(full, options(version, FULL_ACTIONS), names(tables, true)) + ";",
        create(inserts, options(version, INSERT_ACTIONS), names(tables, false)) + ";");
  }

  /// ONLY, because a table that inherits is a table of its own, chosen or not by its own name.
  private static String list(Collection<TableName> tables) {
    return tables.stream().map(table -> "ONLY " + table.quoted()).collect(Collectors.joining(", "));
  }

  /// How tables are published now that the publications name; the others are left out.
  Map<Long, Published.Entry> entries(Connection connection) throws SQLException {
    var present = Published.read(connection, this);
    var result = new HashMap<Long, Published.Entry>();
    for (var name : List.of(inserts, full)) {
      var publication = present.get(name);
      if (publication != null) {
        result.putAll(publication.entries());
      }
    }
    return result;
  }
}
