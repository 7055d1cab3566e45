package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.claritystream.agent.postgres.CapturedTable.Stand;
import io.claritystream.embedded.TestPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;

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

  /// All that somebody can have a publication leave out. Nothing of that is in the stream.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SET (publish = 'insert')                 | was made to publish other kinds of changes",
        "SET (publish = 'insert, update, delete') | was made to publish other kinds of changes",
        "SET (publish_via_partition_root = false) | made to publish partitions in place of their",
        "SET (publish_generated_columns = none)   | was made to publish no computed columns",
        "SET TABLE t WHERE (id > 15)              | only some of its rows were published",
        "SET TABLE t (id)                         | only some of its columns were published"
      },
      quoteCharacter = '"')
  void whatAPublicationWasMadeToLeaveOutIsSetRightAndReadAgain(String change, String why)
      throws Exception {
    hold("CREATE TABLE t (id int PRIMARY KEY, v int)");
    var right = published();
    RestartTests.run(connection, "ALTER PUBLICATION " + ours.full() + " " + change);
    assertThat(published()).isNotEqualTo(right);
    emptyings.streamed(1);
    reconciliation.run(connection);
    assertThat(published()).as("set right at once").isEqualTo(right);
    assertThat(tables.standing(Stand.HELD)).as("the stream has to come as far").hasSize(1);
    emptyings.streamed(Long.MAX_VALUE);
    reconciliation.run(connection);
    assertThat(tables.standing(Stand.WANTED).getFirst().why()).contains(why);
    assertThat(Preflight.check(connection, TableChoice.ALL, ours).changes()).isEmpty();
  }

  /// By somebody, while the agent was away: nothing shows but that it was touched.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SET (publish = 'insert')    | SET (publish = 'insert, update, delete, truncate')",
        "SET TABLE t WHERE (id > 15) | SET TABLE t",
        "SET TABLE t (id)            | SET TABLE t"
      },
      quoteCharacter = '"')
  void whatAPublicationLeftOutForAWhileIsReadAgain(String change, String back) throws Exception {
    hold("CREATE TABLE t (id int PRIMARY KEY, v int)");
    var right = published();
    for (var sql : new String[] {change, back}) {
      RestartTests.run(connection, "ALTER PUBLICATION " + ours.full() + " " + sql);
    }
    assertThat(published()).isEqualTo(right);
    tables = CapturedTables.load(directory.resolve("tables"));
    begin();
    reconciliation.run(connection);
    wanted(
        change.startsWith("SET TABLE")
            ? "it was published anew, and what changed before may be missing"
            : "its publication was changed for a while, and what changed before may be missing");
  }

  /// The server's own words for it, in whatever language, and none that only look like it.
  @Test
  void aPublicationThatIsNotThereIsKnownByWhoSaysSo() {
    assertThat(refused("SELECT * FROM pg_get_publication_tables('nowhere')"))
        .isInstanceOfSatisfying(
            UndecodedException.class, e -> assertThat(e.isOfPublications()).isTrue());
    assertThat(refused("DROP ROLE nobody"))
        .isInstanceOfSatisfying(
            UndecodedException.class,
            e -> {
              assertThat(e.getSQLState()).isEqualTo("42704");
              assertThat(e.isOfPublications()).isFalse();
            });
  }

  /// They pass by themselves, or when somebody mends the server: no change is missing for it.
  @ParameterizedTest
  @ValueSource(strings = {"08006", "53100", "55P03", "57P01", "58030"})
  void whatSaysNothingAboutTheLogIsNotTakenForALogThatCannotBeDecoded(String state) {
    assertThat(refused("DO $$ BEGIN RAISE 'no' USING ERRCODE = '" + state + "'; END $$"))
        .isInstanceOf(PSQLException.class);
  }

  private Throwable refused(String sql) {
    try {
      RestartTests.run(connection, sql);
    } catch (PSQLException e) {
      return UndecodedException.of(e);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
    throw new AssertionError("not refused: " + sql);
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

  /// What may not be read came in the stream all the same; what is held goes on.
  @Test
  void whatCameOfATableThatOnlyAnotherRoleMayTakeOutIsCleared() throws Exception {
    hold("CREATE TABLE t (id int PRIMARY KEY, v int)");
    var user = database.name() + "_reader";
    var secret = new TableName("public", "secret");
    RestartTests.run(
        connection,
        "DROP PUBLICATION " + ours.full(),
        "CREATE PUBLICATION " + ours.full() + " FOR ALL TABLES",
        "CREATE TABLE secret (id int PRIMARY KEY)",
        "CREATE ROLE " + user + " REPLICATION",
        "GRANT SELECT ON t TO " + user,
        "SET ROLE " + user);
    tables.brought(4711, CapturedTable.wanted(4711, secret).nameAlone());
    try {
      assertThat(reconciliation.run(connection))
          .anyMatch(note -> note.startsWith("the publications cannot be set right: "))
          .anyMatch(note -> note.contains("it runs BEGIN; DROP PUBLICATION"));
      assertThat(tables.all())
          .extracting(table -> table.name().name(), CapturedTable::stand)
          .containsExactlyInAnyOrder(tuple("t", Stand.HELD), tuple("secret", Stand.LEAVING));
    } finally {
      RestartTests.run(connection, "RESET ROLE", "DROP OWNED BY " + user, "DROP ROLE " + user);
    }
  }

  /// As long as only another may set that right: what a filter leaves out would be missing behind
  /// its rows, and all of it would be read once more afterwards.
  @Test
  void aTableThatIsPublishedInPartIsReadOnceItIsPublishedWholly() throws Exception {
    hold("CREATE TABLE t (id int PRIMARY KEY, v int)");
    RestartTests.run(
        connection,
        "CREATE TABLE more (id int PRIMARY KEY, v int)",
        "ALTER PUBLICATION " + ours.full() + " ADD TABLE more WHERE (id > 5)");
    asReader(
        "t, more",
        () -> {
          tables = CapturedTables.load(directory.resolve("tables"));
          begin();
          reconciliation.run(connection);
          assertThat(tables.all()).extracting(table -> table.name().name()).containsExactly("t");
          byOwner("ALTER PUBLICATION " + ours.full() + " SET TABLE t, more");
          reconciliation.run(connection);
          assertThat(tables.toRead())
              .extracting(table -> table.name().name())
              .containsExactly("more");
          holdAll(connection, tables);
          reconciliation.run(connection);
          assertThat(tables.standing(Stand.WANTED)).as("read once").isEmpty();
        });
  }

  @Test
  void aTableThatIsPublishedInPartBeforeItIsReadWaitsAndIsReadOnce() throws Exception {
    hold("CREATE TABLE t (id int PRIMARY KEY, v int)");
    tables.put(tables.all().getFirst().again("a person ordered it"));
    asReader(
        "t",
        () -> {
          for (var part : List.of("SET TABLE t WHERE (id > 15)", "SET TABLE t (id)")) {
            byOwner("ALTER PUBLICATION " + ours.full() + " " + part);
            reconciliation.run(connection);
            wanted("a person ordered it");
            assertThat(tables.toRead()).as(part).isEmpty();
          }
          byOwner("ALTER PUBLICATION " + ours.full() + " SET TABLE t");
          reconciliation.run(connection);
          assertThat(tables.toRead()).hasSize(1);
          holdAll(connection, tables);
          reconciliation.run(connection);
          assertThat(tables.standing(Stand.WANTED)).as("read once").isEmpty();
        });
  }

  private interface Act {
    void run() throws Exception;
  }

  /// By a user who may read these tables and change no publication.
  private void asReader(String readable, Act act) throws Exception {
    var user = database.name() + "_reader";
    RestartTests.run(
        connection,
        "CREATE ROLE " + user + " REPLICATION",
        "GRANT SELECT ON " + readable + " TO " + user,
        "SET ROLE " + user);
    try {
      act.run();
    } finally {
      RestartTests.run(connection, "RESET ROLE", "DROP OWNED BY " + user, "DROP ROLE " + user);
    }
  }

  private void byOwner(String sql) throws SQLException {
    try (var owner = database.connect()) {
      RestartTests.run(owner, sql);
    }
  }

  /// As VACUUM and CREATE INDEX CONCURRENTLY do, for hours.
  @Test
  void aTableThatSomebodyHoldsALockOfKeepsNoOtherFromBeingPublished() throws Exception {
    hold("CREATE TABLE t (id int PRIMARY KEY, v int)", "CREATE TABLE u (id int PRIMARY KEY)");
    RestartTests.run(
        connection,
        "CREATE TABLE fresh (id int)",
        "CREATE TABLE held (id int)",
        "ALTER TABLE u DROP CONSTRAINT u_pkey",
        "ALTER TABLE t RENAME COLUMN v TO w");
    try (var other = database.connect()) {
      other.setAutoCommit(false);
      RestartTests.run(other, "LOCK TABLE held IN SHARE UPDATE EXCLUSIVE MODE");
      assertThat(reconciliation.run(connection))
          .contains("public.held cannot be published as it should be: somebody holds a lock of it")
          .noneMatch(note -> note.startsWith("the publications"));
      assertThat(publication("u")).as("its updates do not fail").isEqualTo(ours.inserts());
      assertThat(tables.standing(Stand.WANTED))
          .as("held is not published, so it is not read")
          .extracting(table -> table.name().name(), CapturedTable::why)
          .containsExactly(tuple("fresh", ""), tuple("t", "column v was renamed to w"));
    }
    assertThat(reconciliation.run(connection)).noneMatch(note -> note.contains("lock"));
    assertThat(tables.all()).hasSize(4);
  }

  /// A table that only its owner may put in, as when it was given away since the look at it.
  @Test
  void aTableThatMayNotBePublishedIsNamedWithWhatTheServerSays() throws Exception {
    RestartTests.run(
        connection, "CREATE TABLE mine (id int PRIMARY KEY)", "CREATE TABLE theirs (id int)");
    var user = database.name() + "_owner";
    RestartTests.run(
        connection,
        "CREATE ROLE " + user,
        "GRANT CREATE ON DATABASE " + database.name() + " TO " + user,
        "ALTER TABLE mine OWNER TO " + user);
    var both = Preflight.check(connection, TableChoice.ALL, ours);
    RestartTests.run(connection, "SET ROLE " + user);
    try {
      var made = ours.make(connection, both.version(), both.tables());
      assertThat(made.words())
          .containsExactly(
              "public.theirs cannot be published as it should be: must be owner of table theirs");
      assertThat(publication("mine")).isEqualTo(ours.full());
      assertThat(publication("theirs")).isNull();
    } finally {
      RestartTests.run(
          connection, "RESET ROLE", "DROP OWNED BY " + user + " CASCADE", "DROP ROLE " + user);
    }
  }

  /// What is in the spool the stream does not bring again.
  @Test
  void whatCameOfATableThatIsNotCapturedIsClearedThoughTheAgentStoppedBeforeItWasSeenTo()
      throws Exception {
    hold("CREATE TABLE t (id int PRIMARY KEY)");
    var partition = new TableName("public", "p1");
    tables.brought(4711, CapturedTable.wanted(4711, partition).nameAlone());
    tables = CapturedTables.load(directory.resolve("tables"));
    begin();
    reconciliation.run(connection);
    assertThat(tables.standing(Stand.LEAVING))
        .extracting(CapturedTable::oid, CapturedTable::name)
        .containsExactly(tuple(4711L, partition));
    tables.put(tables.get(4711).stands(Stand.GONE));
    tables = CapturedTables.load(directory.resolve("tables"));
    begin();
    reconciliation.run(connection);
    assertThat(tables.standing(Stand.LEAVING)).as("once").isEmpty();
  }

  private Emptyings emptyings;
  private CapturedTables tables;
  private Reconciliation reconciliation;

  private void hold(String... statements) throws Exception {
    RestartTests.run(connection, statements);
    tables = CapturedTables.load(directory.resolve("tables"));
    begin();
    reconciliation.run(connection);
    holdAll(connection, tables);
    reconciliation.run(connection);
    assertThat(tables.all()).extracting(CapturedTable::stand).containsOnly(Stand.HELD);
  }

  /// As when the rows of all were read now.
  static void holdAll(Connection connection, CapturedTables tables)
      throws SQLException, IOException {
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

  /// The publications as the catalogue has them, but for their numbers.
  private String published() throws SQLException {
    try (var statement = connection.createStatement();
        var rows =
            statement.executeQuery(
                """
                SELECT (SELECT string_agg((to_jsonb(p) - 'oid')::text, ' ' ORDER BY p.pubname)
                        FROM pg_publication p)
                    || (SELECT string_agg(to_jsonb(t)::text, ' ' ORDER BY t.pubname)
                        FROM pg_publication_tables t)
                """)) {
      rows.next();
      return rows.getString(1);
    }
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
