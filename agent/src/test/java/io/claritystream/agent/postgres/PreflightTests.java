package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.claritystream.embedded.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a user without rights is told: the SQL it prints is run here, and is enough.
class PreflightTests {
  private final TestPostgres.Database database = TestPostgres.shared().createDatabase();
  private final String user = database.name() + "_user";
  private final String slot = "clarity_" + database.name();
  private final Publications ours = Publications.of(slot);
  private Connection superuser;

  @BeforeEach
  void makeUser() throws SQLException {
    superuser = database.connect();
    run(superuser, "CREATE ROLE " + user + " LOGIN PASSWORD 'user'");
  }

  @AfterEach
  void dropUser() throws SQLException {
    for (var name : List.of(ours.full(), ours.inserts())) {
      run(superuser, "DROP PUBLICATION IF EXISTS " + name);
    }
    run(superuser, "DROP OWNED BY " + user + " CASCADE", "DROP ROLE " + user);
    superuser.close();
  }

  private Database as(String password) {
    return new Database(
        "127.0.0.1", database.port(), database.name(), user, Tls.of("disable"), () -> password);
  }

  private Preflight check() throws SQLException {
    return Preflight.check(as("user"), TableChoice.ALL, slot);
  }

  @Test
  void whatAUserLacksIsPrintedAsSqlThatIsEnough() throws Exception {
    run(
        superuser,
        "CREATE SCHEMA \"Line 1\"",
        "CREATE TABLE \"Line 1\".reading (id int PRIMARY KEY)",
        "CREATE TABLE log (v text)");
    var before = check();
    assertThat(before.problems())
        .anyMatch(words -> words.contains("ALTER ROLE \"" + user + "\" REPLICATION;"));
    assertThat(before.tables()).isEmpty();
    assertThat(before.remedies())
        .contains(
            "ALTER ROLE \"" + user + "\" REPLICATION;",
            "GRANT USAGE ON SCHEMA \"Line 1\" TO \"" + user + "\";",
            "GRANT SELECT ON \"Line 1\".\"reading\", \"public\".\"log\" TO \"" + user + "\";")
        .anyMatch(
            sql ->
                sql.startsWith(
                    "CREATE PUBLICATION \""
                        + slot
                        + "\" FOR TABLE ONLY \"Line 1\".\"reading\" WITH"))
        .anyMatch(
            sql ->
                sql.startsWith(
                    "CREATE PUBLICATION \""
                        + slot
                        + "_inserts\" FOR TABLE ONLY \"public\".\"log\" WITH"));

    run(superuser, before.remedies().toArray(String[]::new));

    var after = check();
    assertThat(after.problems()).isEmpty();
    assertThat(after.remedies()).isEmpty();
    assertThat(after.tableNames()).containsExactly("Line 1.reading", "public.log");
    assertThat(after.changes()).isEmpty();
    try (var connection = as("user").connect()) {
      assertThat(ours.make(connection, after.version(), after.tables()).changed()).isFalse();
    }
  }

  /// Of a name with a line break only a part would be pasted, or what stands behind it be run.
  @Test
  void whatIsPrintedForATableOfAnyNameIsOneLineThatMeansThatTable() throws Exception {
    var name = "a\\b\"\n; DROP TABLE reading; --\u202e\u0085\t";
    run(
        superuser,
        "CREATE TABLE reading (id int PRIMARY KEY)",
        "CREATE TABLE \"" + name.replace("\"", "\"\"") + "\" (id int PRIMARY KEY)");
    var remedies = check().remedies();
    assertThat(remedies).noneMatch(sql -> sql.chars().anyMatch(Character::isISOControl));
    assertThat(remedies).noneMatch(sql -> sql.contains("\u202e"));
    run(superuser, remedies.toArray(String[]::new));
    assertThat(check().tableNames())
        .containsExactlyInAnyOrder(new TableName("public", name).toString(), "public.reading");
    assertThat(check().problems()).isEmpty();
  }

  @Test
  void aTableThatComesLaterIsAddedToPublicationsOfAnotherByTheSqlThatIsPrinted() throws Exception {
    run(superuser, "CREATE TABLE reading (id int PRIMARY KEY)");
    run(superuser, check().remedies().toArray(String[]::new));
    run(superuser, "CREATE TABLE later (id int PRIMARY KEY)");
    run(superuser, "ALTER TABLE later OWNER TO " + user);
    var before = check();
    assertThat(before.problems()).isEmpty();
    assertThat(before.tableNames()).containsExactly("public.reading");
    assertThat(before.remedies())
        .containsExactly("ALTER PUBLICATION \"" + slot + "\" ADD TABLE ONLY \"public\".\"later\";");
    run(superuser, before.remedies().toArray(String[]::new));
    assertThat(check().tableNames()).containsExactly("public.later", "public.reading");
  }

  @Test
  void aPublicationOfAnotherThatWouldMakeUpdatesFailIsAProblemWithItsRemedy() throws Exception {
    run(superuser, "CREATE TABLE reading (id int PRIMARY KEY)");
    run(superuser, check().remedies().toArray(String[]::new));
    run(superuser, "ALTER TABLE reading DROP CONSTRAINT reading_pkey");
    assertThat(check().problems())
        .singleElement()
        .asString()
        .contains("ALTER PUBLICATION \"" + slot + "\" DROP TABLE ONLY \"public\".\"reading\"")
        .contains("ALTER PUBLICATION \"" + slot + "_inserts\" ADD TABLE");
  }

  @Test
  void whatTheUserMayNotReadIsNamedWithWhereTheSqlForItComesFrom() throws Exception {
    run(superuser, "CREATE TABLE tanks (id int PRIMARY KEY)");
    assertThat(check().notes())
        .contains(
            "public.tanks: not captured: the user may not read it; `source add`, given again,"
                + " prints the SQL that grants it");
    run(superuser, "CREATE TABLE valves (id int PRIMARY KEY)");
    assertThat(check().notes())
        .anyMatch(words -> words.startsWith("public.tanks, public.valves: "))
        .anyMatch(words -> words.contains("the user may not read them;"));
  }

  /// To add a table to it, or take one out, the server refuses.
  @Test
  void aPublicationOfAnotherForAllTablesIsAProblemWithItsRemedy() throws Exception {
    run(superuser, "CREATE TABLE reading (id int PRIMARY KEY)");
    run(superuser, check().remedies().toArray(String[]::new));
    var fitting = check();
    run(
        superuser,
        "DROP PUBLICATION " + slot,
        "CREATE PUBLICATION " + slot + " FOR ALL TABLES",
        "CREATE TABLE unreadable (id int PRIMARY KEY)");
    assertThat(check().tableNames()).containsExactly("public.reading");
    var problem = check().problems().getFirst();
    var sql = problem.substring(problem.indexOf("it runs ") + "it runs ".length());
    assertThat(sql).startsWith("BEGIN; DROP PUBLICATION ").endsWith(" COMMIT;");
    run(superuser, sql);
    assertThat(check().problems()).isEqualTo(fitting.problems()).isEmpty();
    assertThat(check().published())
        .extracting(table -> table.table().toString())
        .containsExactly("public.reading");
  }

  @Test
  void aPublicationOfAnotherForASchemaIsAProblemWithItsRemedy() throws Exception {
    run(superuser, "CREATE TABLE reading (id int PRIMARY KEY)");
    run(superuser, check().remedies().toArray(String[]::new));
    try (var connection = database.connect()) {
      assumeThat(Catalog.serverVersion(connection)).isGreaterThanOrEqualTo(Published.SCHEMAS_FROM);
    }
    run(superuser, "ALTER PUBLICATION " + slot + " SET TABLES IN SCHEMA public");
    var problem = check().problems().getFirst();
    run(superuser, problem.substring(problem.indexOf("it runs ") + "it runs ".length()));
    assertThat(check().problems()).isEmpty();
    assertThat(check().published())
        .extracting(table -> table.table().toString())
        .containsExactly("public.reading");
  }

  @Test
  void anOwnerLacksOnlyTheRightToCreateAPublication() throws Exception {
    run(superuser, "CREATE TABLE reading (id int PRIMARY KEY)");
    run(superuser, "ALTER TABLE reading OWNER TO " + user, "ALTER ROLE " + user + " REPLICATION");
    var grant = "GRANT CREATE ON DATABASE \"" + database.name() + "\" TO \"" + user + "\";";
    assertThat(check().problems())
        .containsExactly("The user may not create a publication; run " + grant);
    assertThat(check().remedies()).containsExactly(grant);
    run(superuser, grant);
    assertThat(check().problems()).isEmpty();
    assertThat(check().remedies()).isEmpty();
  }

  @Test
  void aTableThatIsNewIsNamedAsSuch() throws Exception {
    run(superuser, "CREATE TABLE reading (id int PRIMARY KEY)");
    run(superuser, check().remedies().toArray(String[]::new));
    run(superuser, "CREATE TABLE later (id int PRIMARY KEY)");
    var reader =
        new Database(
            "127.0.0.1",
            database.port(),
            database.name(),
            database.user(),
            Tls.of("disable"),
            database::password);
    var found = Preflight.check(reader, TableChoice.ALL, slot);
    assertThat(found.newTables()).containsExactly("public.later");
    assertThat(found.notes()).isEmpty();
  }

  @Test
  void whyADatabaseCannotBeUsedIsSaidWithWhatToDo() {
    assertThat(refused(as("wrong"))).isEqualTo("it does not take the password of user " + user);
    var none =
        new Database("127.0.0.1", database.port(), "nope", user, Tls.of("disable"), () -> "user");
    assertThat(refused(none)).isEqualTo("the server has no database nope; check --database");
    var nobody = new Database("127.0.0.1", 1, "nope", user, Tls.of("disable"), () -> "user");
    assertThat(refused(nobody)).startsWith("nothing listens at 127.0.0.1:1; check --host");
    var hba =
        new SQLException(
            "FATAL: no pg_hba.conf entry for host \"10.0.0.7\", user \"u\", database \"d\", no"
                + " encryption",
            "28000");
    assertThat(Unusable.words(hba, new Database("h", 1, "d", "u", Tls.of("disable"), () -> "")))
        .contains("\"host d u 10.0.0.7/32 scram-sha-256\"")
        .contains("pg_reload_conf()");
  }

  private static String refused(Database database) {
    try (var connection = database.connect()) {
      throw new AssertionError("not refused: " + connection);
    } catch (SQLException e) {
      return Unusable.words(e, database);
    }
  }

  private static void run(Connection connection, String... statements) throws SQLException {
    try (var statement = connection.createStatement()) {
      for (var sql : statements) {
        statement.execute(sql);
      }
    }
  }
}
