package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.agent.postgres.CapturedTable.Stand;
import io.claritystream.embedded.TestPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Which changes of a table's definition make the agent read it again: those that change rows and
/// that the stream does not tell, and no others.
class ShapesTests {
  private final TestPostgres.Database database = TestPostgres.shared().createDatabase();
  private final Publications ours = Publications.of("clarity_" + database.name());

  @TempDir Path directory;
  private Connection connection;
  private CapturedTables tables;

  @BeforeEach
  void holdTwoTables() throws Exception {
    connection = database.connect();
    run(
        "CREATE TABLE t (id int PRIMARY KEY, v varchar(10), n int DEFAULT 1, at timestamp,"
            + " l varchar[],"
            + " s int GENERATED ALWAYS AS (n + 1) STORED, w int GENERATED ALWAYS AS (n) VIRTUAL)",
        "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
        "ALTER TABLE t ADD COLUMN f int DEFAULT 5",
        "CREATE TABLE p (id int, v varchar(10)) PARTITION BY RANGE (id)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)",
        "INSERT INTO p VALUES (1, 'a'), (11, 'b')",
        "SET TimeZone = 'UTC'");
    tables = CapturedTables.load(directory.resolve("tables"));
    look();
    ReconciliationTests.holdAll(connection, tables);
    assertThat(tables.all()).hasSize(2);
  }

  @AfterEach
  void end() throws SQLException {
    connection.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "ALTER TABLE t ADD COLUMN c int DEFAULT 7          | column c was added with values",
        "ALTER TABLE t ADD COLUMN c float DEFAULT random() | column c was added with values",
        "ALTER TABLE t ADD COLUMN c serial                 | column c was added with values",
        "ALTER TABLE t ADD c int DEFAULT 7; VACUUM FULL t  | column c was added with values",
        "ALTER TABLE t ADD c int DEFAULT 7; ALTER TABLE t ALTER c DROP DEFAULT"
            + "                                            | column c was added with values",
        "ALTER TABLE t ALTER v TYPE varchar(10) USING concat(v, '!')"
            + "                                 | the values of column v were written anew",
        "ALTER TABLE t ALTER f TYPE int USING f + 1"
            + "                                 | the values of column f were written anew",
        "ALTER TABLE t ALTER id TYPE bigint                 | column id has another type",
        "ALTER TABLE t ALTER at TYPE timestamptz           | column at has another type",
        "ALTER TABLE t RENAME COLUMN v TO u                | column v was renamed to u",
        "ALTER TABLE t DROP COLUMN v                       | column v was dropped",
        "ALTER TABLE t DROP COLUMN v; ALTER TABLE t ADD COLUMN v varchar(10)"
            + "                                            | column v was dropped",
        "ALTER TABLE t ALTER s SET EXPRESSION AS (n + 2)"
            + "                                 | the values of column s were written anew",
      })
  void whatChangesRowsHasTheTableReadAgain(String statements, String why) throws Exception {
    run(statements.split(";"));
    look();
    assertThat(table("t").stand()).isEqualTo(Stand.WANTED);
    assertThat(table("t").why()).isEqualTo(why);
    assertThat(table("p").stand()).isEqualTo(Stand.HELD);
    assertThat(CapturedTables.load(directory.resolve("tables")).all()).isEqualTo(tables.all());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ALTER TABLE t ADD COLUMN c int",
        "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = 1",
        "ALTER TABLE t ADD COLUMN c int GENERATED ALWAYS AS (n) VIRTUAL",
        "ALTER TABLE t DROP COLUMN w",
        "ALTER TABLE t RENAME COLUMN w TO u",
        "VACUUM FULL t",
        "CREATE INDEX i ON t (v); CLUSTER t USING i",
        "ANALYZE t; VACUUM t",
        "ALTER TABLE t ALTER v SET STATISTICS 500",
        "ALTER TABLE t ALTER v SET STORAGE EXTERNAL",
        "ALTER TABLE t ALTER v TYPE text",
        "ALTER TABLE t ALTER v TYPE varchar(20)",
        "CREATE DOMAIN d AS varchar(10); ALTER TABLE t ALTER v TYPE d",
        "ALTER TABLE t ALTER n SET DEFAULT 9",
        "ALTER TABLE t ALTER f DROP DEFAULT",
        "ALTER TABLE t ALTER v SET NOT NULL",
        "COMMENT ON COLUMN t.v IS 'a value'; COMMENT ON TABLE t IS 'a table'",
        "CREATE INDEX ON t (n); ALTER TABLE t ADD UNIQUE (v); ALTER TABLE t ADD CHECK (n < 9)",
        "TRUNCATE t; INSERT INTO t VALUES (3, 'c')",
        "UPDATE t SET v = 'x'; DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (3, 'c')",
        "GRANT SELECT (v) ON t TO public",
        "ALTER TABLE p ADD COLUMN c int",
        "ALTER TABLE p ALTER v TYPE text",
        "CREATE TABLE p3 (LIKE p); ALTER TABLE p3 DROP v, ADD v varchar(10) DEFAULT 'z';"
            + "ALTER TABLE p ATTACH PARTITION p3 FOR VALUES FROM (20) TO (30)",
      })
  void whatChangesNoRowOrIsToldByTheStreamDoesNot(String statements) throws Exception {
    run(statements.split(";"));
    look();
    assertThat(tables.all()).extracting(CapturedTable::stand).containsOnly(Stand.HELD);
    assertThat(tables.all()).extracting(CapturedTable::shape).isEqualTo(shapes());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "ALTER TABLE p ADD COLUMN c int DEFAULT 7     | column c was added with values",
        "ALTER TABLE p RENAME COLUMN v TO u           | column v was renamed to u",
        "ALTER TABLE p DROP COLUMN v                  | column v was dropped",
        "ALTER TABLE p ADD COLUMN c float DEFAULT random()"
            + "                | column c was added with values",
        "ALTER TABLE p ALTER v TYPE varchar(10) USING concat(v, '!')"
            + "                | the values of column v were written anew",
        "BEGIN; TRUNCATE p; INSERT INTO p VALUES (2, 'b');"
            + "ALTER TABLE p ALTER v TYPE varchar(10) USING upper(v); COMMIT"
            + "                | the values of column v were written anew",
        "BEGIN; TRUNCATE p; INSERT INTO p VALUES (2, 'b');"
            + "ALTER TABLE p ADD COLUMN c float DEFAULT random(); COMMIT"
            + "                | column c was added with values",
      })
  void aPartitionedTableIsReadAgainOnceAsAWhole(String statements, String why) throws Exception {
    run(statements);
    // As when the stream had told that the table was emptied, if it was.
    var p = table("p").oid();
    for (var by : new Catalog(connection).changedBy(partitions())) {
      emptyings.told(p, by);
    }
    look();
    assertThat(table("p").stand()).isEqualTo(Stand.WANTED);
    assertThat(table("p").why()).isEqualTo(why);
    assertThat(table("t").stand()).isEqualTo(Stand.HELD);
  }

  /// No row is another one, but the catalogue shows nothing else than it does where rows are.
  @ParameterizedTest
  @ValueSource(
      strings = {
        // The server writes the file anew.
        "ALTER TABLE t ALTER l TYPE text[]",
        // What rows lacked was put into them.
        "ALTER TABLE t ALTER f DROP DEFAULT;VACUUM FULL t",
        "ALTER TABLE t ALTER v SET STATISTICS 500;VACUUM FULL t",
        "ALTER TABLE t ADD COLUMN c int;TRUNCATE t",
      })
  void whatIsReadAgainWithoutNeed(String statements) throws Exception {
    run(statements.split(";"));
    look();
    assertThat(table("t").stand()).isEqualTo(Stand.WANTED);
  }

  @Test
  void manyChangesInARowHaveItReadOnce() throws Exception {
    run("ALTER TABLE t ADD COLUMN c int DEFAULT 7", "ALTER TABLE t RENAME COLUMN v TO u");
    look();
    var wanted = table("t");
    run("ALTER TABLE t DROP COLUMN n CASCADE", "ALTER TABLE t ADD COLUMN e int DEFAULT 7");
    look();
    assertThat(table("t")).isEqualTo(wanted);
    ReconciliationTests.holdAll(connection, tables);
    look();
    assertThat(table("t").stand()).isEqualTo(Stand.HELD);
  }

  /// What is harmless each by itself and was seen each by itself does not become a change together.
  @Test
  void whatChangedNothingIsRememberedAndNotTakenForAChangeLater() throws Exception {
    run("ALTER TABLE t ALTER v SET STATISTICS 500", "ALTER TABLE t ADD COLUMN c int");
    look();
    // By an agent that was started anew meanwhile.
    tables = CapturedTables.load(directory.resolve("tables"));
    reconciliation = null;
    run("TRUNCATE t");
    look();
    run("ALTER TABLE t ALTER v SET STATISTICS 100");
    look();
    assertThat(table("t").stand()).isEqualTo(Stand.HELD);
  }

  /// It is read when the agent looks, and the column is there a moment later.
  @Test
  void aChangeBehindTheReadingHasItReadAgain() throws Exception {
    run("ALTER TABLE t RENAME COLUMN v TO u");
    look();
    var found = reconciliation.look(connection, Preflight.check(connection, choice(), ours));
    ReconciliationTests.holdAll(connection, tables);
    run("ALTER TABLE t RENAME COLUMN u TO v");
    reconciliation.apply(connection, found);
    assertThat(table("t").stand()).isEqualTo(Stand.HELD);
    look();
    assertThat(table("t").why()).isEqualTo("column u was renamed to v");
  }

  private List<Long> partitions() throws SQLException {
    var result = new ArrayList<Long>();
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT oid FROM pg_class WHERE relispartition")) {
      while (rows.next()) {
        result.add(rows.getLong(1));
      }
    }
    return result;
  }

  private Reconciliation reconciliation;
  private Emptyings emptyings;

  private void look() throws SQLException, IOException, InterruptedException {
    if (reconciliation == null) {
      emptyings = Emptyings.load(directory.resolve("emptyings"));
      // The stream, which nobody reads here, has told nothing of it.
      emptyings.streamed(Long.MAX_VALUE);
      reconciliation = new Reconciliation(choice(), ours, tables, emptyings);
    }
    reconciliation.run(connection);
  }

  private static TableChoice choice() {
    return TableChoice.parse("t,p");
  }

  private List<String> shapes() throws SQLException {
    var oids = tables.all().stream().map(CapturedTable::oid).toList();
    var found = Shapes.read(connection, oids);
    return oids.stream().map(found::get).toList();
  }

  private CapturedTable table(String name) {
    return tables.all().stream()
        .filter(table -> table.name().name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private void run(String... statements) throws SQLException {
    RestartTests.run(connection, statements);
  }
}
