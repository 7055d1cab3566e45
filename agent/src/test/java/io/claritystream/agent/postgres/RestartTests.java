package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.claritystream.agent.spool.Spool;
import io.claritystream.embedded.TestPostgres;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An agent that stops, without notice, after any event.
class RestartTests {
  @TempDir Path directory;
  private final TestPostgres.Database database = TestPostgres.shared().createDatabase();
  private final String slot = "clarity_" + database.name();
  private final TestCapture captures = new TestCapture(database, slot);

  @AfterEach
  void leaveNothing() throws SQLException {
    Footprint.remove(captures.source(), slot);
  }

  @Test
  void afterAnyEventIndexTheRestIsCapturedUnderTheSameNumbers() throws Exception {
    captures.choice = TableChoice.parse("site,reading,loose");
    try (var a = database.connect();
        var b = database.connect()) {
      run(a, "CREATE TABLE site (id int PRIMARY KEY, name text)");
      run(a, "CREATE TABLE reading (site int, at int, v text, PRIMARY KEY (site, at))");
      run(a, "CREATE TABLE loose (v text)");
      run(a, "INSERT INTO site VALUES (1, 'one')");
      var state = captures.fresh();
      var home = Files.createDirectories(directory.resolve("whole"));
      state = captures.run(home, state, 1);
      assertThat(state.phase()).isEqualTo(CaptureState.Phase.STREAM);

      // Two transactions whose rows lie between each other in the log, the earlier to begin being
      // the later to commit; many rows of one COPY-like statement; keys that change; a rolled back
      // savepoint; a truncate of two tables; an empty transaction.
      a.setAutoCommit(false);
      b.setAutoCommit(false);
      run(a, "INSERT INTO reading VALUES (1, 1, 'a1')");
      run(b, "INSERT INTO reading VALUES (1, 2, 'b1'), (1, 3, 'b2')");
      run(a, "INSERT INTO reading SELECT 1, g, 'bulk' FROM generate_series(10, 14) g");
      run(b, "UPDATE reading SET at = 30 WHERE at = 3");
      b.commit();
      run(a, "SAVEPOINT s", "INSERT INTO loose VALUES ('never')", "ROLLBACK TO s");
      run(a, "UPDATE site SET id = 2 WHERE id = 1", "INSERT INTO loose VALUES ('x'), ('x')");
      a.commit();
      run(b, "CREATE TABLE later (id int)");
      b.commit();
      run(b, "DELETE FROM reading WHERE at = 10", "DELETE FROM site WHERE id = 2");
      run(a, "INSERT INTO loose VALUES ('y')");
      a.commit();
      b.commit();
      run(a, "ALTER TABLE site ADD COLUMN more int");
      run(a, "UPDATE reading SET v = 'c' WHERE at = 11", "TRUNCATE reading, loose");
      a.commit();
      run(a, "INSERT INTO site VALUES (9, 'end')");
      a.commit();

      var streamed = state;
      captures.run(home, streamed, 20);
      var whole = words(home);
      assertThat(whole).hasSize(20);

      for (var kept = 1; kept < whole.size(); kept++) {
        var again = Files.createDirectories(directory.resolve("kept" + kept));
        copy(home, again, kept);
        captures.run(again, streamed, 20);
        assertThat(words(again)).as("stopped after event %d", kept).isEqualTo(whole);
      }
    }
  }

  /// What breaks other captures, each event of it a place to stop at: TRUNCATE … CASCADE of several
  /// tables, keys that change places, a key that changes and comes back, a row born and gone in one
  /// transaction, values kept aside (TOAST) that an update leaves alone, 24:00 and infinity.
  @Test
  void afterAnyEventOfWhatIsAwkwardTheRestIsCapturedUnderTheSameNumbers() throws Exception {
    try (var a = database.connect()) {
      run(a, "CREATE TABLE plant (id int PRIMARY KEY)");
      run(a, "CREATE TABLE line (id int PRIMARY KEY, plant int REFERENCES plant, at timetz)");
      run(a, "CREATE TABLE doc (id int PRIMARY KEY, n int, big text, list text[], whole jsonb)");
      run(a, "ALTER TABLE doc ALTER big SET STORAGE EXTERNAL, ALTER list SET STORAGE EXTERNAL");
      run(a, "CREATE TABLE full_doc (id int, n int, big text)");
      run(a, "ALTER TABLE full_doc ALTER big SET STORAGE EXTERNAL");
      run(a, "ALTER TABLE full_doc REPLICA IDENTITY FULL");
      run(a, "INSERT INTO plant VALUES (1)");
      var home = Files.createDirectories(directory.resolve("whole"));
      var streamed = captures.run(home, captures.fresh(), 1);

      var big = "(SELECT string_agg(md5(g::text), '') FROM generate_series(1, 200) g)";
      a.setAutoCommit(false);
      run(a, "INSERT INTO line VALUES (1, 1, '24:00:00-15:59'), (2, 1, '00:00:00+15:59')");
      run(a, "UPDATE line SET id = 3 WHERE id = 1", "UPDATE line SET id = 1 WHERE id = 2");
      run(a, "UPDATE line SET id = 2 WHERE id = 3");
      run(a, "INSERT INTO line VALUES (9, 1, NULL)", "DELETE FROM line WHERE id = 9");
      a.commit();
      run(a, "INSERT INTO doc VALUES (1, 1, " + big + ", ARRAY[" + big + ", NULL], NULL)");
      run(a, "UPDATE doc SET n = 2");
      run(a, "UPDATE doc SET big = NULL", "UPDATE doc SET big = 'short', list = NULL");
      run(a, "UPDATE doc SET id = 2");
      run(a, "INSERT INTO full_doc VALUES (1, 1, " + big + ")", "UPDATE full_doc SET n = 2");
      a.commit();
      run(a, "DELETE FROM full_doc");
      run(a, "TRUNCATE plant, doc CASCADE");
      a.commit();
      run(a, "INSERT INTO plant VALUES (7)");
      a.commit();

      var events = 20;
      captures.run(home, streamed, events);
      var whole = words(home);
      assertThat(whole).hasSize(events);
      assertThat(whole.stream().filter(word -> word.contains(" TRUNCATE ")))
          .as("what CASCADE reaches as well")
          .hasSize(3);
      assertThat(whole.stream().filter(word -> word.contains("UPDATE doc")).findFirst())
          .as("left alone, and no null")
          .hasValueSatisfying(word -> assertThat(word).contains("<" + Row.UNCHANGED + ">"));
      assertThat(whole).anyMatch(word -> word.contains("24:00:00-15:59"));
      for (var kept = 1; kept < events; kept++) {
        var again = Files.createDirectories(directory.resolve("kept" + kept));
        copy(home, again, kept);
        captures.run(again, streamed, events);
        assertThat(words(again)).as("stopped after event %d", kept).isEqualTo(whole);
      }
    }
  }

  @Test
  void aSnapshotThatWasCutShortIsNotContinued() throws Exception {
    try (var a = database.connect()) {
      run(a, "CREATE TABLE site (id int PRIMARY KEY)", "INSERT INTO site VALUES (1), (2)");
    }
    var state = captures.fresh();
    var home = Files.createDirectories(directory.resolve("whole"));
    captures.run(home, state, 2);
    assertThat(captures.attempt(home, state)).isInstanceOf(CaptureEnd.Broken.class);
  }

  @Test
  void aSlotThatIsGoneOrMovedOnNeedsANewSnapshot() throws Exception {
    try (var a = database.connect()) {
      run(a, "CREATE TABLE site (id int PRIMARY KEY)", "INSERT INTO site VALUES (1)");
      var state = captures.fresh();
      var home = Files.createDirectories(directory.resolve("whole"));
      state = captures.run(home, state, 1);
      run(a, "INSERT INTO site VALUES (2)");
      await()
          .atMost(Duration.ofSeconds(30))
          .ignoreExceptions()
          .untilAsserted(
              () ->
                  run(
                      a,
                      "SELECT pg_replication_slot_advance('" + slot + "', pg_current_wal_lsn())"));
      assertThat(captures.attempt(home, state)).isInstanceOf(CaptureEnd.Missing.class);
      run(a, "SELECT pg_drop_replication_slot('" + slot + "')");
      assertThat(captures.attempt(home, state)).isInstanceOf(CaptureEnd.Missing.class);
    }
  }

  @Test
  void theCustomersOwnChangesNeverFailForWantOfAnIdentity() throws Exception {
    try (var a = database.connect()) {
      run(a, "CREATE TABLE loose (v text)", "INSERT INTO loose VALUES ('x')");
      run(a, "CREATE TABLE nothing (id int PRIMARY KEY, v text)");
      run(a, "ALTER TABLE nothing REPLICA IDENTITY NOTHING");
      run(a, "CREATE TABLE parts (id int, v text) PARTITION BY LIST (id)");
      run(a, "CREATE TABLE part1 PARTITION OF parts FOR VALUES IN (1)");
      run(a, "CREATE TABLE whole (v text)", "ALTER TABLE whole REPLICA IDENTITY FULL");
      run(a, "CREATE UNLOGGED TABLE fleeting (id int PRIMARY KEY)");
      run(a, "INSERT INTO nothing VALUES (1, 'x')", "INSERT INTO parts VALUES (1, 'x')");
      run(a, "INSERT INTO whole VALUES ('x')");
      var state = captures.fresh();
      var home = Files.createDirectories(directory.resolve("whole"));
      captures.run(home, state, 4);
      for (var table : List.of("loose", "nothing", "parts", "whole")) {
        run(a, "UPDATE " + table + " SET v = 'y'", "DELETE FROM " + table);
      }
      var preflight = Preflight.check(captures.source(), TableChoice.ALL, slot);
      assertThat(preflight.tableNames()).doesNotContain("public.fleeting");
      assertThat(String.join("\n", preflight.notes()))
          .contains("public.fleeting: not captured")
          .contains("public.loose, public.nothing, public.parts: inserts only");
    }
  }

  @Test
  void aTableWhoseRowsAreHiddenFromTheUserIsNotCapturedInPart() throws Exception {
    var user = database.name() + "_reader";
    try (var a = database.connect()) {
      run(a, "CREATE TABLE secret (id int PRIMARY KEY)", "CREATE TABLE open (id int PRIMARY KEY)");
      run(a, "INSERT INTO secret VALUES (1), (2)", "ALTER TABLE secret ENABLE ROW LEVEL SECURITY");
      run(a, "CREATE POLICY own ON secret USING (id = 1)");
      run(a, "ALTER TABLE secret FORCE ROW LEVEL SECURITY");
      run(a, "CREATE ROLE " + user + " LOGIN REPLICATION PASSWORD 'reader'");
      run(a, "GRANT CREATE ON DATABASE " + database.name() + " TO " + user);
      run(a, "GRANT CREATE ON SCHEMA public TO " + user);
      run(a, "ALTER TABLE secret OWNER TO " + user, "ALTER TABLE open OWNER TO " + user);
      var reader =
          new Database(
              "127.0.0.1",
              database.port(),
              database.name(),
              user,
              Tls.of("disable"),
              () -> "reader");
      try {
        var preflight = Preflight.check(reader, TableChoice.ALL, slot);
        assertThat(preflight.tableNames()).containsExactly("public.open");
        assertThat(String.join("\n", preflight.notes()))
            .contains("public.secret: not captured: row-level security");
        try (var connection = reader.connect()) {
          assertThatThrownBy(() -> run(connection, "SELECT * FROM public.secret"))
              .hasMessageContaining("row-level security");
        }
      } finally {
        run(a, "DROP OWNED BY " + user + " CASCADE", "DROP ROLE " + user);
      }
    }
  }

  /// The spool as it was behind its `kept` first records.
  static void copy(Path from, Path to, int kept) throws IOException {
    try (var source = Spool.open(from.resolve("spool"), 1, TestCapture.EVENT_BY_EVENT);
        var target = Spool.open(to.resolve("spool"), 1, TestCapture.EVENT_BY_EVENT);
        var reader = source.readBehind(0)) {
      for (var i = 0; i < kept; i++) {
        var entry = reader.next();
        var payload = entry.payload().toByteArray();
        target.append(
            entry.header().toBuilder(), entry.firstSeq(), entry.mark(), payload, payload.length);
      }
    }
  }

  static List<String> words(Path home) throws IOException {
    try (var spool = Spool.open(home.resolve("spool"), 1, TestCapture.EVENT_BY_EVENT)) {
      return TestBlocks.events(spool).stream().map(RestartTests::words).toList();
    }
  }

  static String words(ChangeEvent event) {
    var cells = new ArrayList<String>();
    for (var row : new Row[] {event.oldKey(), event.before(), event.after()}) {
      for (var i = 0; row != null && i < row.size(); i++) {
        cells.add(row.hasText(i) ? row.text(i) : "<" + row.length(i) + ">");
      }
      cells.add(";");
    }
    return event.seq()
        + " "
        + event.op()
        + " "
        + event.schema().name()
        + " of "
        + event.xid()
        + " at "
        + event.commitPosition()
        + " "
        + cells;
  }

  static void run(Connection connection, String... statements) throws SQLException {
    try (var statement = connection.createStatement()) {
      for (var sql : statements) {
        statement.execute(sql);
      }
    }
  }
}
