package io.claritystream.agent.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/// What a look at the database before anything is done to it shows.
///
/// @param version the server's, as a number
/// @param tables those that will be captured
/// @param published those that our publications name already and that are still there
/// @param problems what stops capture, each with its remedy
/// @param notes what a person should know: tables left out or captured in part, and why
public record Preflight(
    int version,
    List<Catalog.Candidate> tables,
    List<Catalog.Candidate> published,
    List<String> problems,
    List<String> notes) {
  private static final int VERSION_MIN = 120_000;
  private static final int NAMES_SHOWN = 20;

  public Preflight {
    tables = List.copyOf(tables);
    published = List.copyOf(published);
    problems = List.copyOf(problems);
    notes = List.copyOf(notes);
  }

  /// Connects and looks.
  public static Preflight check(Database database, TableChoice choice, String slot)
      throws SQLException {
    try (var connection = database.connect()) {
      return check(connection, choice, Publications.of(slot));
    }
  }

  static Preflight check(Connection connection, TableChoice choice, Publications ours)
      throws SQLException {
    var catalog = new Catalog(connection);
    var problems = new ArrayList<String>();
    var notes = new ArrayList<String>();
    if (catalog.version() < VERSION_MIN) {
      problems.add("The server is older than PostgreSQL 12; upgrade it.");
      return new Preflight(catalog.version(), List.of(), List.of(), problems, notes);
    }
    server(connection, problems);
    var candidates = catalog.candidates(ours);
    var published = candidates.stream().filter(Catalog.Candidate::published).toList();
    var chosen = candidates.stream().filter(table -> choice.includes(table.table())).toList();
    for (var pattern :
        choice.unmatched(candidates.stream().map(Catalog.Candidate::table).toList())) {
      problems.add("No table matches " + pattern + "; check the name, or --tables.");
    }
    var tables = new ArrayList<Catalog.Candidate>();
    var foreign = new ArrayList<TableName>();
    var unreadable = new ArrayList<TableName>();
    var filtered = new ArrayList<TableName>();
    var unlogged = new ArrayList<TableName>();
    var unpublishable = new ArrayList<TableName>();
    for (var table : chosen) {
      if (table.unlogged()) {
        unlogged.add(table.table());
      } else if (!table.readable()) {
        unreadable.add(table.table());
      } else if (table.filtered()) {
        filtered.add(table.table());
      } else if (!table.owned() && !table.published()) {
        foreign.add(table.table());
      } else if (table.partitioned() && catalog.version() < Publications.ROOTS_FROM) {
        unpublishable.add(table.table());
      } else {
        tables.add(table);
      }
    }
    note(notes, unlogged, "not captured: unlogged tables do not reach the log");
    note(notes, unreadable, "not captured: the user may not read them (GRANT SELECT)");
    note(
        notes,
        filtered,
        "not captured: row-level security hides rows from the user (ALTER ROLE … BYPASSRLS, or name"
            + " a user that it does not hold for)");
    note(notes, foreign, "not captured: only a table's owner may publish it");
    note(notes, unpublishable, "not captured: partitioned tables need PostgreSQL 13");
    note(
        notes,
        tables.stream().filter(table -> !table.identified()).map(Catalog.Candidate::table).toList(),
        "inserts only: without a primary key or REPLICA IDENTITY, publishing updates would make"
            + " your UPDATE and DELETE fail");
    if (tables.isEmpty()) {
      problems.add("There is no table that can be captured.");
    }
    if (!published.isEmpty()) {
      note(
          notes,
          tables.stream()
              .filter(table -> !table.published())
              .map(Catalog.Candidate::table)
              .toList(),
          "new, not captured yet: `source add` with the same name takes them in, with a new"
              + " snapshot");
    }
    return new Preflight(catalog.version(), tables, published, problems, notes);
  }

  private static void server(Connection connection, List<String> problems) throws SQLException {
    var sql =
        """
        SELECT current_setting('wal_level'), pg_is_in_recovery(),
               r.rolreplication OR r.rolsuper,
               has_database_privilege(current_user, current_database(), 'CREATE'),
               current_user::text
        FROM pg_roles r WHERE r.rolname = current_user
        """;
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery(sql)) {
      rows.next();
      if (!rows.getString(1).equals("logical")) {
        problems.add(
            "wal_level is "
                + rows.getString(1)
                + "; run ALTER SYSTEM SET wal_level = 'logical' and restart the server.");
      }
      if (rows.getBoolean(2)) {
        problems.add("The server is a standby; name its primary.");
      }
      var user = TableName.quote(rows.getString(5));
      if (!rows.getBoolean(3)) {
        problems.add("The user may not replicate; run ALTER ROLE " + user + " REPLICATION.");
      }
      if (!rows.getBoolean(4)) {
        problems.add(
            "The user may not create a publication; run GRANT CREATE ON DATABASE "
                + TableName.quote(database(connection))
                + " TO "
                + user
                + ".");
      }
    }
  }

  private static String database(Connection connection) throws SQLException {
    return connection.getCatalog();
  }

  private static void note(List<String> notes, List<TableName> tables, String words) {
    if (tables.isEmpty()) {
      return;
    }
    var names = new StringBuilder();
    for (var i = 0; i < Math.min(tables.size(), NAMES_SHOWN); i++) {
      names.append(i == 0 ? "" : ", ").append(tables.get(i));
    }
    if (tables.size() > NAMES_SHOWN) {
      names.append(" and ").append(tables.size() - NAMES_SHOWN).append(" more");
    }
    notes.add(names + ": " + words);
  }

  /// What capture does to the database, as SQL that a person can read.
  public List<String> statements(String slot) {
    var sql = new ArrayList<>(Publications.of(slot).sql(version, tables));
    sql.add("-- a logical replication slot " + slot + " (pgoutput)");
    return sql;
  }

  /// Names of the tables that will be captured.
  public List<String> tableNames() {
    return tables.stream().map(table -> table.table().toString()).toList();
  }
}
