package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.claritystream.agent.spool.Spool;
import io.claritystream.embedded.TestPostgres;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every value of `shared/data/cdc/pg_awkward_types.sql`, which may lie beside the repository, is
/// captured as the database itself writes it: by the snapshot, and by the stream.
class AwkwardTypesTests {
  @TempDir Path directory;

  @Test
  void everyValueArrivesAsTheDatabaseWritesIt() throws Exception {
    var script = script();
    assumeTrue(script != null, "shared/data/cdc/pg_awkward_types.sql is not here");
    var database = TestPostgres.shared().createDatabase();
    var slot = "clarity_" + database.name();
    var captures = new TestCapture(database, slot);
    try (var connection = captures.source().connect()) {
      load(connection, Files.readString(script));
      Settings.make(connection);
      var tables = Preflight.check(connection, TableChoice.ALL, Publications.of(slot)).tables();
      assertThat(tables).hasSizeGreaterThanOrEqualTo(25);
      var expected = new TreeMap<String, List<String>>();
      var catalog = new Catalog(connection);
      var rows = 0;
      for (var table : tables) {
        var found = rows(connection, catalog, table);
        expected.put(table.table().toString(), found);
        rows += found.size();
      }
      var home = Files.createDirectories(directory.resolve("home"));
      var state = captures.run(home, captures.fresh(), rows);
      assertThat(captured(home, Op.READ)).isEqualTo(nonEmpty(expected));

      var again = new TreeMap<String, List<String>>();
      var more = 0;
      for (var table : tables) {
        if (insertAgain(connection, catalog.table(table.oid()))) {
          var name = table.table().toString();
          again.put(name, expected.get(name));
          // The rows, and the truncate before them.
          more += expected.get(name).size() + 1;
        }
      }
      assertThat(again).hasSizeGreaterThanOrEqualTo(22);
      captures.run(home, state, rows + more);
      assertThat(captured(home, Op.INSERT)).isEqualTo(nonEmpty(again));
    } finally {
      Footprint.remove(captures.source(), slot);
    }
  }

  @Test
  void updatesAndDeletesTellEveryValueThatWas() throws Exception {
    var script = script();
    assumeTrue(script != null, "shared/data/cdc/pg_awkward_types.sql is not here");
    var database = TestPostgres.shared().createDatabase();
    var slot = "clarity_" + database.name();
    var captures = new TestCapture(database, slot);
    try (var connection = captures.source().connect();
        var statement = connection.createStatement()) {
      load(connection, Files.readString(script));
      Settings.make(connection);
      statement.execute(
          """
          DO $$ DECLARE r regclass; BEGIN
            FOR r IN SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                     WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema'
                       AND n.nspname NOT LIKE 'pg\\_%'
            LOOP EXECUTE 'ALTER TABLE ' || r || ' REPLICA IDENTITY FULL'; END LOOP;
          END $$
          """);
      statement.execute("SET session_replication_role = replica");
      var tables = Preflight.check(connection, TableChoice.ALL, Publications.of(slot)).tables();
      var expected = new TreeMap<String, List<String>>();
      var updated = new TreeMap<String, List<String>>();
      var catalog = new Catalog(connection);
      var rows = 0;
      for (var table : tables) {
        var found = rows(connection, catalog, table);
        expected.put(table.table().toString(), found);
        rows += found.size();
      }
      var home = Files.createDirectories(directory.resolve("home"));
      var state = captures.run(home, captures.fresh(), rows);
      var more = 0;
      for (var table : tables) {
        var name = table.table().toString();
        var only = (table.partitioned() ? "" : "ONLY ") + table.table().quoted();
        var column = settable(connection, table.oid());
        if (column != null) {
          statement.execute("UPDATE " + only + " SET " + column + " = " + column);
          updated.put(name, expected.get(name));
          more += expected.get(name).size();
        }
        statement.execute("DELETE FROM " + only);
        more += expected.get(name).size();
      }
      assertThat(updated).hasSizeGreaterThanOrEqualTo(22);
      captures.run(home, state, rows + more);
      assertThat(captured(home, Op.UPDATE, true)).isEqualTo(nonEmpty(updated));
      assertThat(captured(home, Op.UPDATE)).isEqualTo(nonEmpty(updated));
      assertThat(captured(home, Op.DELETE, true)).isEqualTo(nonEmpty(expected));
    } finally {
      Footprint.remove(captures.source(), slot);
    }
  }

  /// A column that may be set to what it is.
  private static @Nullable String settable(Connection connection, long oid) throws SQLException {
    try (var statement = connection.createStatement();
        var found =
            statement.executeQuery(
                "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = "
                    + oid
                    + " AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
                    + " AND attidentity <> 'a' ORDER BY attnum LIMIT 1")) {
      return found.next() ? found.getString(1) : null;
    }
  }

  private static Map<String, List<String>> nonEmpty(Map<String, List<String>> tables) {
    var result = new TreeMap<>(tables);
    result.values().removeIf(List::isEmpty);
    return result;
  }

  /// Statement by statement; what needs an extension that is not there uses text in its place.
  private static void load(Connection connection, String script) throws SQLException {
    var text = script;
    try (var statement = connection.createStatement()) {
      for (var extension : List.of("hstore", "ltree", "citext", "isn")) {
        try {
          statement.execute("CREATE EXTENSION " + extension + " SCHEMA pg_catalog");
        } catch (SQLException e) {
          text =
              text.replaceAll("CREATE EXTENSION IF NOT EXISTS " + extension + ";", "")
                  .replaceAll(
                      extension.equals("isn") ? "\\bisbn13\\b" : "\\b" + extension + "\\b", "text");
        }
      }
      for (var sql : text.split(";[ \\t]*(--[^\\n]*)?\\n")) {
        if (!sql.isBlank()) {
          statement.execute(sql);
        }
      }
    }
  }

  /// Truncates a table and inserts its own rows again, if that can be done.
  private static boolean insertAgain(Connection connection, TableFacts table) throws SQLException {
    var columns =
        table.columns().stream()
            .map(fact -> TableName.quote(fact.name()))
            .filter(name -> !name.equals("\"total\""))
            .collect(Collectors.joining(", "));
    if (columns.isEmpty() || table.table().name().equals("t_parent")) {
      return false;
    }
    var name = table.table().quoted();
    try (var statement = connection.createStatement()) {
      statement.execute("CREATE TEMP TABLE kept AS SELECT " + columns + " FROM " + name);
      connection.setAutoCommit(false);
      statement.execute(
          "TRUNCATE ONLY ".replace("ONLY ", table.partitioned() ? "" : "ONLY ") + name);
      statement.execute(
          "INSERT INTO "
              + name
              + "("
              + columns
              + ") OVERRIDING SYSTEM VALUE SELECT "
              + columns
              + " FROM kept");
      connection.commit();
      connection.setAutoCommit(true);
      statement.execute("DROP TABLE kept");
    }
    return true;
  }

  private static List<String> rows(Connection connection, Catalog catalog, Catalog.Candidate table)
      throws SQLException {
    var facts = catalog.table(table.oid());
    var columns =
        facts.columns().stream()
            .map(fact -> TableName.quote(fact.name()))
            .collect(Collectors.joining(", "));
    var rows = new ArrayList<String>();
    try (var statement = connection.createStatement();
        var found =
            statement.executeQuery(
                "SELECT "
                    + columns
                    + " FROM "
                    + (table.partitioned() ? "" : "ONLY ")
                    + table.table().quoted())) {
      while (found.next()) {
        var cells = new ArrayList<String>();
        for (var i = 1; i <= facts.columns().size(); i++) {
          cells.add(facts.columns().get(i - 1).name() + "=" + found.getString(i));
        }
        rows.add(String.join("\u0001", cells));
      }
    }
    rows.sort(null);
    return rows;
  }

  private static Map<String, List<String>> captured(Path home, Op op) throws IOException {
    return captured(home, op, false);
  }

  private static Map<String, List<String>> captured(Path home, Op op, boolean before)
      throws IOException {
    var tables = new TreeMap<String, List<String>>();
    try (var spool = Spool.open(home.resolve("spool"), 1, TestCapture.EVENT_BY_EVENT)) {
      for (ChangeEvent event : TestBlocks.events(spool)) {
        if (event.op() != op) {
          continue;
        }
        var cells = new ArrayList<String>();
        var row = before ? event.before() : event.after();
        for (var i = 0; i < row.size(); i++) {
          // What an update left alone is in the row before.
          var unchanged = row.length(i) == Row.UNCHANGED;
          var text = unchanged ? event.before().text(i) : row.text(i);
          cells.add(event.schema().columns().get(i).name() + "=" + text);
        }
        tables
            .computeIfAbsent(event.schema().qualifiedName(), _ -> new ArrayList<>())
            .add(String.join("\u0001", cells));
      }
    }
    tables.values().forEach(rows -> rows.sort(null));
    return tables;
  }

  private static @Nullable Path script() {
    for (var at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      var file = at.resolve("shared/data/cdc/pg_awkward_types.sql");
      if (Files.isRegularFile(file)) {
        return file;
      }
    }
    return null;
  }
}
