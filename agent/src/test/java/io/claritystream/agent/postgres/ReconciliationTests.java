package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.claritystream.agent.postgres.CapturedTable.Stand;
import io.claritystream.embedded.TestPostgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What the catalogue says, beside a thread that reads tables meanwhile.
class ReconciliationTests {
  private final TestPostgres.Database database = TestPostgres.shared().createDatabase();
  private final Publications ours = Publications.of("clarity_" + database.name());

  @TempDir Path directory;
  private Connection connection;

  @BeforeEach
  void connect() throws Exception {
    connection = database.connect();
  }

  @AfterEach
  void end() throws SQLException {
    connection.close();
  }

  /// The rows of the partition that was attached are not in those that were read just then.
  @Test
  void aPartitionThatWasAttachedWhileItsTableWasReadIsFoundTheNextTime() throws Exception {
    RestartTests.run(
        connection,
        "CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE p1 PARTITION OF parted FOR VALUES FROM (0) TO (10)");
    var tables = CapturedTables.load(directory.resolve("tables"));
    var emptyings = Emptyings.load(directory.resolve("emptyings"));
    emptyings.streamed(Long.MAX_VALUE);
    var reconciliation = new Reconciliation(choice(), ours, tables, emptyings);
    reconciliation.run(connection);
    var root = tables.all().getFirst().oid();
    var read = new Catalog(connection).leaves(List.of(root)).get(root);
    RestartTests.run(
        connection,
        "CREATE TABLE p2 (LIKE parted INCLUDING ALL)",
        "INSERT INTO p2 VALUES (11)",
        "ALTER TABLE parted ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20)");

    for (var stand : new Stand[] {Stand.WANTED, Stand.HELD}) {
      tables.put(tables.get(root).stands(stand).leaves(stand == Stand.HELD ? read : ""));
      var found = reconciliation.look(connection, Preflight.check(connection, choice(), ours));
      var held =
          tables.get(root).stands(Stand.HELD).leaves(read).cut(new Cut(null, stand.ordinal(), 9));
      tables.put(held);
      reconciliation.apply(connection, found);
      assertThat(tables.get(root)).as("looked at as %s", stand).isEqualTo(held);
      reconciliation.run(connection);
      assertThat(tables.get(root).stand()).isEqualTo(Stand.WANTED);
    }
  }

  /// Meanwhile the stream brought inserts alone.
  @Test
  void aTableThatLosesItsIdentityAndGetsAnotherIsReadAgain() throws Exception {
    hold("CREATE TABLE t (id int, v int, CONSTRAINT k PRIMARY KEY (id))");
    var before = tables.all().getFirst();
    RestartTests.run(connection, "ALTER TABLE t DROP CONSTRAINT k");
    reconciliation.run(connection);
    assertThat(publication("t")).isEqualTo(ours.inserts());
    assertThat(tables.all().getFirst().stand()).isEqualTo(Stand.HELD);
    RestartTests.run(connection, "UPDATE t SET v = 9", "ALTER TABLE t ADD PRIMARY KEY (id)");
    reconciliation.run(connection);
    assertThat(publication("t")).isEqualTo(ours.full());
    wanted("its updates and deletes were not captured before");
    tables.put(before.entry(tables.all().getFirst().entry()));
    reconciliation.run(connection);
    assertThat(tables.all().getFirst().stand()).isEqualTo(Stand.HELD);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aTableThatWasTakenOutOfThePublicationIsReadAgainOnceItIsPublished(boolean bySomebody)
      throws Exception {
    hold("CREATE TABLE t (id int PRIMARY KEY, v int)");
    RestartTests.run(connection, "ALTER PUBLICATION " + ours.full() + " DROP TABLE t");
    if (bySomebody) {
      RestartTests.run(connection, "ALTER PUBLICATION " + ours.full() + " ADD TABLE t");
    }
    // By an agent that was away.
    tables = CapturedTables.load(directory.resolve("tables"));
    begin();
    reconciliation.run(connection);
    assertThat(publication("t")).isEqualTo(ours.full());
    wanted("it was published anew, and what changed before may be missing");
  }

  /// What was changed until then is in the table's history, however far behind the agent is.
  @Test
  void aTableIsNotReadBeforeTheStreamHasComeAsFar() throws Exception {
    hold("CREATE TABLE t (id int PRIMARY KEY, v int)");
    emptyings.streamed(1);
    RestartTests.run(connection, "ALTER TABLE t ADD COLUMN c int DEFAULT 7");
    var notes = reconciliation.run(connection);
    assertThat(notes).contains("public.t is read again as soon as the stream has come as far");
    assertThat(tables.all().getFirst().stand()).isEqualTo(Stand.HELD);
    emptyings.streamed(Slot.written(connection));
    reconciliation.run(connection);
    wanted("column c was added with values");
  }

  /// Publications that only a superuser may change: the customer is told what is to be done, and
  /// whatever befalls the tables is found all the same.
  @Test
  void whatTheServerRefusesKeepsNothingElseFromBeingFound() throws Exception {
    hold(
        "CREATE TABLE t (id int PRIMARY KEY, v int)",
        "CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE p1 PARTITION OF parted FOR VALUES FROM (0) TO (10)");
    var user = database.name() + "_reader";
    RestartTests.run(
        connection,
        "CREATE ROLE " + user + " REPLICATION",
        "GRANT SELECT ON t, parted TO " + user,
        "ALTER TABLE t DROP CONSTRAINT t_pkey",
        "ALTER TABLE t RENAME COLUMN v TO w",
        "ALTER TABLE parted DETACH PARTITION p1",
        "SET ROLE " + user);
    try {
      var notes = reconciliation.run(connection);
      assertThat(notes)
          .anyMatch(note -> note.startsWith("the publications cannot be set right: "))
          .anyMatch(note -> note.contains("it runs ALTER PUBLICATION"));
      assertThat(tables.all())
          .extracting(CapturedTable::why)
          .containsExactlyInAnyOrder(
              "column v was renamed to w",
              "partitions of it changed, which the stream does not tell");
    } finally {
      RestartTests.run(connection, "RESET ROLE", "DROP OWNED BY " + user, "DROP ROLE " + user);
    }
  }

  /// As VACUUM and CREATE INDEX CONCURRENTLY do, for hours.
  @Test
  void aTableThatSomebodyHoldsALockOfKeepsNothingElseFromBeingFound() throws Exception {
    hold("CREATE TABLE t (id int PRIMARY KEY, v int)");
    RestartTests.run(
        connection, "CREATE TABLE fresh (id int)", "ALTER TABLE t RENAME COLUMN v TO w");
    try (var other = database.connect()) {
      other.setAutoCommit(false);
      RestartTests.run(other, "LOCK TABLE fresh IN SHARE UPDATE EXCLUSIVE MODE");
      assertThat(reconciliation.run(connection))
          .contains(
              "the publications cannot be set right: canceling statement due to lock timeout");
      assertThat(tables.all())
          .as("fresh is not published, so it is not read")
          .extracting(CapturedTable::why)
          .containsExactly("column v was renamed to w");
    }
    reconciliation.run(connection);
    assertThat(tables.all()).hasSize(2);
  }

  private Emptyings emptyings;
  private CapturedTables tables;
  private Reconciliation reconciliation;

  private void hold(String... statements) throws Exception {
    RestartTests.run(connection, statements);
    tables = CapturedTables.load(directory.resolve("tables"));
    begin();
    reconciliation.run(connection);
    var catalog = new Catalog(connection);
    for (var table : tables.all()) {
      var only = List.of(table.oid());
      tables.put(
          CapturedTable.held(
              catalog.table(table.oid()),
              catalog.leaves(only).get(table.oid()),
              Shapes.read(connection, only).get(table.oid()),
              table.entry(),
              null));
    }
    reconciliation.run(connection);
    assertThat(tables.all()).extracting(CapturedTable::stand).containsOnly(Stand.HELD);
  }

  private void begin() throws Exception {
    emptyings = Emptyings.load(directory.resolve("emptyings"));
    emptyings.streamed(Long.MAX_VALUE);
    reconciliation = new Reconciliation(TableChoice.ALL, ours, tables, emptyings);
  }

  private void wanted(String why) {
    assertThat(tables.all())
        .extracting(CapturedTable::stand, CapturedTable::why)
        .containsExactly(tuple(Stand.WANTED, why));
  }

  private String publication(String table) throws SQLException {
    try (var statement = connection.createStatement();
        var rows =
            statement.executeQuery(
                "SELECT string_agg(pubname, ',') FROM pg_publication_tables WHERE tablename = '"
                    + table
                    + "'")) {
      rows.next();
      return rows.getString(1);
    }
  }

  private static TableChoice choice() {
    return TableChoice.parse("parted");
  }
}
