package io.claritystream.agent.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
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

  private static final String FULL_ACTIONS = "insert, update, delete, truncate";
  private static final String INSERT_ACTIONS = "insert, truncate";

  /// What [Entry#lacks()] says of a table that is published in part.
  private static final String ROWS = "only some of its rows were published";
  private static final String COLUMNS = "only some of its columns were published";

  /// How long a table's lock is waited for, which VACUUM and CREATE INDEX hold for as long as they
  /// take.
  private static final int LOCK_WAIT_MS = 2_000;

  /// And of each table by itself. When so many locks were waited for in vain, the next are only
  /// tried: somebody may hold those of thousands of tables.
  private static final int LOCK_WAIT_EACH_MS = 100;

  private static final int LOCKS_AWAITED_MAX = 50;
  private static final String LOCK_NOT_AVAILABLE = "55P03";
  private static final String LOCKED = "somebody holds a lock of it";

  /// How a table is published.
  ///
  /// @param number of what the catalogue says of it and of its publication: never the same once it
  ///     was published otherwise, or no more
  /// @param whole whether its updates and deletes are, too
  /// @param lacks what of it is not published, in words; empty if all is that should be
  record Entry(long number, boolean whole, String lacks) {
    /// Whether another number differs by what became of the publication alone.
    boolean isOfSameTable(long other) {
      return (int) number == (int) other;
    }
  }

  /// A publication as the catalogue has it.
  ///
  /// @param lacks what its own options leave out, in words; empty if they are as we make them
  private record Present(String lacks, Map<Long, TableName> tables, Map<Long, Entry> entries) {}

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
    var present = present(connection);
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

  /// What a publication lacks, or has and should not have.
  ///
  /// @param missing whether it is not there at all
  /// @param unfit whether it was made with other options
  private record Difference(
      String name,
      String options,
      boolean missing,
      boolean unfit,
      Set<TableName> gone,
      Set<TableName> more) {
    List<String> itself() {
      if (missing) {
        return List.of(create(name, options, List.of()));
      }
      return unfit ? List.of(alter(" SET " + options)) : List.of();
    }

    List<String> all() {
      if (missing) {
        return List.of(create(name, options, more));
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
      String name, String options, @Nullable Present present, List<TableName> tables) {
    if (present == null) {
      return new Difference(name, options, true, false, Set.of(), new TreeSet<>(tables));
    }
    var fit = new TreeSet<TableName>();
    var others = new TreeSet<TableName>();
    present
        .tables()
        .forEach((oid, table) -> (partly(present.entries().get(oid)) ? others : fit).add(table));
    var gone = new TreeSet<>(fit);
    gone.removeAll(tables);
    gone.addAll(others);
    var more = new TreeSet<>(tables);
    more.removeAll(fit);
    return new Difference(name, options, false, !present.lacks().isEmpty(), gone, more);
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

  /// How tables are published now; those are left out that are not.
  Map<Long, Entry> entries(Connection connection) throws SQLException {
    var present = present(connection);
    var result = new HashMap<Long, Entry>();
    for (var name : List.of(inserts, full)) {
      var publication = present.get(name);
      if (publication != null) {
        result.putAll(publication.entries());
      }
    }
    return result;
  }

  /// Those of the two that are there, by name. What later versions added to the catalogue is asked
  /// for by name, so that the earlier ones understand it too.
  private Map<String, Present> present(Connection connection) throws SQLException {
    var sql =
        """
        SELECT p.pubname, p.xmin::text::bigint, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate,
               to_jsonb(p) ->> 'pubviaroot', to_jsonb(p) ->> 'pubgencols',
               r.oid, c.oid, n.nspname, c.relname,
               to_jsonb(r) ->> 'prqual' IS NOT NULL, to_jsonb(r) ->> 'prattrs' IS NOT NULL
        FROM pg_publication p
        LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid
        LEFT JOIN pg_class c ON c.oid = r.prrelid
        LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE p.pubname IN (?, ?)
        """;
    var result = new HashMap<String, Present>();
    try (var statement = connection.prepareStatement(sql)) {
      statement.setString(1, full);
      statement.setString(2, inserts);
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          var name = rows.getString(1);
          var publication = result.get(name);
          if (publication == null) {
            var lacks = lacks(rows, name.equals(full));
            publication = new Present(lacks, new HashMap<>(), new HashMap<>());
            result.put(name, publication);
          }
          var oid = rows.getLong(10);
          if (rows.wasNull()) {
            continue;
          }
          publication.tables().put(oid, new TableName(rows.getString(11), rows.getString(12)));
          var lacks =
              rows.getBoolean(13) ? ROWS : rows.getBoolean(14) ? COLUMNS : publication.lacks();
          // Changed options have another transaction's number, a table put in has another of its
          // own.
          var number = rows.getLong(2) << 32 | rows.getLong(9);
          publication.entries().put(oid, new Entry(number, name.equals(full), lacks));
        }
      }
    }
    return result;
  }

  /// What a publication's own options leave out, or let through that is not to be.
  private static String lacks(ResultSet publication, boolean all) throws SQLException {
    if (!publication.getBoolean(3)
        || publication.getBoolean(4) != all
        || publication.getBoolean(5) != all
        || !publication.getBoolean(6)) {
      return "its publication was made to publish other kinds of changes";
    }
    if ("false".equals(publication.getString(7))) {
      return "its publication was made to publish partitions in place of their tables";
    }
    return "n".equals(publication.getString(8))
        ? "its publication was made to publish no computed columns"
        : "";
  }

  /// Whether the table itself is published in part, whatever its publication's options are.
  private static boolean partly(@Nullable Entry entry) {
    return entry != null && (entry.lacks().equals(ROWS) || entry.lacks().equals(COLUMNS));
  }
}
