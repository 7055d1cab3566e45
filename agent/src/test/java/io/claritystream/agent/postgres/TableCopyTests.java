package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.agent.postgres.CapturedTable.Stand;
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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A table that is read beside a stream under way: no change of it is lost and none counts twice,
/// whoever writes meanwhile and wherever it is cut short; no other table is read again.
class TableCopyTests {
  private static final String TABLES = "tables.journal";

  @TempDir Path directory;
  private final TestPostgres.Database database = TestPostgres.shared().createDatabase();
  private final String slot = "clarity_" + database.name();
  private final TestCapture captures = new TestCapture(database, slot);

  private Connection a;
  private Path home;
  private CaptureState streamed;

  @BeforeEach
  void captureOneTable() throws Exception {
    a = database.connect();
    run("CREATE TABLE first (id int PRIMARY KEY, v int)", "INSERT INTO first VALUES (1, 1)");
    home = Files.createDirectories(directory.resolve("whole"));
    streamed = captures.run(home, captures.fresh(), 1);
  }

  @AfterEach
  void leaveNothing() throws SQLException {
    a.close();
    Footprint.remove(captures.source(), slot);
  }

  @Test
  void aNewTableIsTakenInWithoutReadingTheOthersAgain() throws Exception {
    run("CREATE TABLE more (id int PRIMARY KEY, v int)", "INSERT INTO more VALUES (1, 1), (2, 2)");
    captures.run(home, streamed, (spool, tables) -> held(tables, "more"));
    run("UPDATE more SET v = 3 WHERE id = 2", "UPDATE first SET v = 9");
    captures.run(home, streamed, (spool, tables) -> reached(spool));
    var events = events(home);
    assertThat(events.stream().filter(event -> event.schema().name().equals("first")))
        .extracting(ChangeEvent::op)
        .containsExactly(Op.READ, Op.UPDATE, Op.INSERT);
    assertThat(events.stream().filter(event -> event.schema().name().equals("more")))
        .extracting(ChangeEvent::op)
        .containsExactly(Op.TRUNCATE, Op.READ, Op.READ, Op.UPDATE);
    equalsSource(events, "more");
  }

  /// The change was made before the table was published, so the stream will never bring it, and is
  /// committed after.
  @Test
  void aTransactionThatWroteBeforeTheTableWasPublishedIsAwaited() throws Exception {
    run("CREATE TABLE more (id int PRIMARY KEY, v int)");
    try (var b = database.connect()) {
      b.setAutoCommit(false);
      RestartTests.run(b, "INSERT INTO more VALUES (1, 1)");
      captures.run(
          home,
          streamed,
          (spool, tables) -> {
            // Published, and the stream goes on while the table waits.
            if (tables.all().size() < 2) {
              return false;
            }
            run("UPDATE first SET v = v + 1");
            var before = spool.tailSeq();
            spool.awaitBeyond(before, 10, java.util.concurrent.TimeUnit.SECONDS);
            assertThat(held(tables, "more")).isFalse();
            return true;
          });
      b.commit();
    }
    captures.run(home, streamed, (spool, tables) -> held(tables, "more"));
    equalsSource(events(home), "more");
  }

  /// Writers of all kinds are at work while the table is read, again and again.
  @Test
  void nothingIsLostOrDoubledWhileOthersWrite() throws Exception {
    run("CREATE TABLE more (id int PRIMARY KEY, v int)");
    run("INSERT INTO more SELECT g, 0 FROM generate_series(1, 300) g");
    var stop = new AtomicBoolean();
    var failed = new AtomicReference<Exception>();
    var writers = new ArrayList<Thread>();
    for (var i = 0; i < 3; i++) {
      var seed = i;
      writers.add(Thread.ofPlatform().start(() -> write(seed, stop, failed)));
    }
    try {
      var times = new int[1];
      captures.run(
          home,
          streamed,
          (spool, tables) -> {
            if (!held(tables, "more")) {
              return false;
            }
            for (var table : tables.standing(Stand.HELD)) {
              if (table.name().name().equals("more")) {
                tables.put(table.stands(Stand.WANTED));
              }
            }
            return times[0]++ == 6;
          });
    } finally {
      stop.set(true);
      for (var writer : writers) {
        writer.join();
      }
    }
    assertThat(failed.get()).isNull();
    captures.run(home, streamed, (spool, tables) -> held(tables, "more") && reached(spool));
    var events = events(home);
    assertThat(events.stream().filter(event -> event.op() == Op.TRUNCATE).count())
        .isGreaterThanOrEqualTo(6);
    equalsSource(events, "more");
    for (var i = 0; i < events.size(); i++) {
      assertThat(events.get(i).seq()).isEqualTo(i + 1);
    }
  }

  private void write(int seed, AtomicBoolean stop, AtomicReference<Exception> failed) {
    var random = new Random(seed);
    try (var connection = database.connect()) {
      connection.setAutoCommit(false);
      while (!stop.get()) {
        for (var i = 0; i <= random.nextInt(4); i++) {
          // Each writer has rows of its own: none waits for another.
          var id = random.nextInt(100) * 3 + seed + 1;
          RestartTests.run(
              connection,
              switch (random.nextInt(5)) {
                case 0 -> "DELETE FROM more WHERE id = " + id;
                case 1 ->
                    "SAVEPOINT s; UPDATE more SET v = -1 WHERE id = " + id + "; ROLLBACK TO s";
                case 2 ->
                    "DELETE FROM more WHERE id = "
                        + (id + 3000)
                        + "; UPDATE more SET id = id + 3000 WHERE id = "
                        + id;
                case 3 -> "UPDATE more SET v = v + 1 WHERE id = " + id;
                default -> "INSERT INTO more VALUES (" + id + ", 7) ON CONFLICT (id) DO NOTHING";
              });
        }
        if (random.nextInt(5) == 0) {
          connection.rollback();
        } else {
          connection.commit();
        }
      }
      connection.rollback();
    } catch (SQLException e) {
      failed.set(e);
    }
  }

  @Test
  void cutShortAfterAnyEventItIsDoneAgainWithoutLossOrDouble() throws Exception {
    run("CREATE TABLE more (id int PRIMARY KEY, v int)");
    run("INSERT INTO more VALUES (1, 1), (2, 2), (3, 3)");
    captures.run(home, streamed, (spool, tables) -> held(tables, "more"));
    var wanted = standing("wanted", table -> CapturedTable.wanted(table.oid(), table.name()));
    var rewanted = standing("rewanted", table -> table.stands(Stand.WANTED));
    try (var b = database.connect();
        var c = database.connect()) {
      b.setAutoCommit(false);
      c.setAutoCommit(false);
      // Read again, which is begun and has to wait for a transaction that ran before.
      RestartTests.run(c, "SELECT txid_current()");
      var asked = new AtomicBoolean();
      captures.run(
          home,
          streamed,
          (spool, tables) -> {
            if (asked.compareAndSet(false, true)) {
              tables.put(table(tables, "more").stands(Stand.WANTED));
              awaitReadingBegun();
              assertThat(held(tables, "more")).isFalse();
              // Open while the table is read, and committed behind it: not in its rows.
              RestartTests.run(
                  b, "UPDATE more SET v = 20 WHERE id = 2", "INSERT INTO first VALUES (2, 2)");
              c.rollback();
            }
            return held(tables, "more");
          });
      run("UPDATE more SET v = 30 WHERE id = 3", "DELETE FROM more WHERE id = 1");
      b.commit();
      run("INSERT INTO more VALUES (4, 4)", "INSERT INTO first VALUES (9, 9)");
      captures.run(home, streamed, (spool, tables) -> reached(spool));
      var whole = RestartTests.words(home);
      var firstCopy = positionOfTruncate(whole, 0);
      var secondCopy = positionOfTruncate(whole, firstCopy + 1);
      assertThat(whole.subList(secondCopy, secondCopy + 4))
          .as("read without what was open meanwhile")
          .anyMatch(word -> word.contains("2, 2"));
      var after = home.resolve(TABLES);
      for (var kept = 1; kept < whole.size(); kept++) {
        var stands =
            kept < firstCopy + 4
                ? List.of(wanted)
                : kept == firstCopy + 4
                    ? List.of(wanted, rewanted)
                    : kept < secondCopy + 4
                        ? List.of(rewanted)
                        : kept == secondCopy + 4 ? List.of(rewanted, after) : List.of(after);
        for (var stand : stands) {
          var again =
              Files.createDirectories(directory.resolve("kept" + kept + stand.getFileName()));
          RestartTests.copy(home, again, kept);
          Files.copy(stand, again.resolve(TABLES));
          captures.run(again, streamed, (spool, tables) -> held(tables, "more") && reached(spool));
          var events = events(again);
          assertThat(RestartTests.words(again).subList(0, kept)).isEqualTo(whole.subList(0, kept));
          for (var i = 0; i < events.size(); i++) {
            assertThat(events.get(i).seq()).isEqualTo(i + 1);
          }
          equalsSource(events, "more");
          equalsSource(events, "first");
          if (stand == after) {
            assertThat(RestartTests.words(again)).as("after event %d", kept).isEqualTo(whole);
          }
        }
      }
    }
  }

  /// Killed after any event before, in and behind the reading that a changed definition leads to.
  @Test
  void aTableOfWhichTheDefinitionChangedIsReadWholeWhereverThatIsCutShort() throws Exception {
    run("CREATE TABLE more (id int PRIMARY KEY, v int)", "INSERT INTO more VALUES (1, 1), (2, 2)");
    captures.run(home, streamed, (spool, tables) -> held(tables, "more"));
    var before = standing("before", table -> table);
    var begins = RestartTests.words(home).size();
    run("UPDATE more SET v = 3 WHERE id = 1", "ALTER TABLE more ALTER v TYPE bigint USING v * 10");
    run("UPDATE more SET v = v + 1 WHERE id = 2");
    captures.run(home, streamed, (spool, tables) -> isReadAnew(tables) && reached(spool));
    var whole = RestartTests.words(home);
    var reads = positionOfTruncate(whole, begins);
    equalsSource(events(home), "more");
    for (var kept = begins; kept < whole.size(); kept++) {
      var again = Files.createDirectories(directory.resolve("changed" + kept));
      RestartTests.copy(home, again, kept);
      Files.copy(kept < reads + 3 ? before : home.resolve(TABLES), again.resolve(TABLES));
      captures.run(again, streamed, (spool, tables) -> isReadAnew(tables) && reached(spool));
      assertThat(RestartTests.words(again).subList(0, kept)).isEqualTo(whole.subList(0, kept));
      var events = events(again);
      for (var i = 0; i < events.size(); i++) {
        assertThat(events.get(i).seq()).isEqualTo(i + 1);
      }
      equalsSource(events, "more");
      equalsSource(events, "first");
    }
  }

  private static boolean isReadAnew(CapturedTables tables) {
    var table = table(tables, "more");
    return table.stand() == Stand.HELD
        && table.schema().columns().getLast().typeName().equals("bigint");
  }

  /// The agent is killed while a large transaction streams. When it comes back, one table of the
  /// transaction is to be read again and another has been dropped: nothing of either may come in
  /// between the transaction's two parts. It is killed again while it does what there is to do.
  @Test
  void nothingComesBetweenThePartsOfATransactionThatWasHalfSpooled() throws Exception {
    run("CREATE TABLE more (id int PRIMARY KEY, v int)", "CREATE TABLE old (LIKE more)");
    captures.run(home, streamed, (spool, tables) -> held(tables, "more") && held(tables, "old"));
    a.setAutoCommit(false);
    for (var i = 1; i <= 4; i++) {
      var row = "(" + 10 * i + ", " + i + ")";
      run("INSERT INTO more VALUES " + row, "INSERT INTO old VALUES " + row);
      run("INSERT INTO first VALUES " + row, "UPDATE more SET v = v + 10 WHERE v = " + i);
    }
    a.commit();
    a.setAutoCommit(true);
    run("UPDATE first SET v = 2 WHERE id = 1", "DELETE FROM more WHERE id = 40");
    captures.run(home, streamed, (spool, tables) -> reached(spool));
    var whole = RestartTests.words(home);
    var begins = indexOf(whole, "INSERT more");
    var ends = begins + 16;
    run("DROP TABLE old");
    var wanted = standing("wanted", table -> table.stands(Stand.WANTED));

    for (var kept = begins + 1; kept < ends; kept++) {
      var again = Files.createDirectories(directory.resolve("half" + kept));
      RestartTests.copy(home, again, kept);
      Files.copy(wanted, again.resolve(TABLES));
      // The second time in the transaction's rest, or in the rows that are read behind it.
      var killed = Math.min(kept + 2L * (kept - begins), ends + 6L);
      captures.run(again, streamed, (spool, now) -> spool.tailSeq() > killed);
      captures.run(
          again,
          streamed,
          (spool, now) ->
              held(now, "more") && table(now, "old").stand() == Stand.GONE && reached(spool));
      assertThat(RestartTests.words(again).stream().limit(ends))
          .as("stopped after event %d", kept)
          .containsExactlyElementsOf(whole.subList(0, ends));
      var events = events(again);
      for (var i = 0; i < events.size(); i++) {
        assertThat(events.get(i).seq()).isEqualTo(i + 1);
      }
      equalsSource(events, "more");
      equalsSource(events, "first");
      assertThat(fold(events, "old")).as("what was dropped").isEmpty();
      assertThat(events)
          .filteredOn(event -> event.schema().name().equals("old") && event.op() == Op.TRUNCATE)
          .last()
          .as("it says no column: nothing is read behind it")
          .satisfies(cleared -> assertThat(cleared.schema().columns()).isEmpty());
    }
  }

  /// The file of the tables as they are in `home`, but for `more`.
  private Path standing(String name, UnaryOperator<CapturedTable> more) throws IOException {
    var file = directory.resolve(name + ".tables");
    Files.copy(home.resolve(TABLES), file);
    var tables = CapturedTables.load(file);
    tables.put(more.apply(table(tables, "more")));
    return file;
  }

  /// Until the reading of what is wanted now has noted which transactions it waits for.
  private void awaitReadingBegun() throws SQLException {
    var since = value("SELECT clock_timestamp()::text");
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                value(
                        "SELECT count(*)::text FROM pg_stat_activity WHERE state = 'idle'"
                            + " AND query = 'SELECT txid_current_snapshot()::text'"
                            + " AND datname = current_database() AND query_start > '"
                            + since
                            + "'")
                    .equals("1"));
  }

  private String value(String sql) throws SQLException {
    try (var statement = a.createStatement();
        var rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }

  private static int indexOf(List<String> words, String part) {
    for (var i = 0; i < words.size(); i++) {
      if (words.get(i).contains(part)) {
        return i;
      }
    }
    throw new AssertionError("no " + part + " in " + words);
  }

  private static int positionOfTruncate(List<String> words, int from) {
    for (var i = from; i < words.size(); i++) {
      if (words.get(i).contains(" TRUNCATE ")) {
        return i;
      }
    }
    throw new AssertionError("no truncate in " + words);
  }

  private static boolean held(CapturedTables tables, String name) {
    var table = table(tables, name);
    return table != null && table.stand() == Stand.HELD;
  }

  private static CapturedTable table(CapturedTables tables, String name) {
    return tables.all().stream()
        .filter(table -> table.name().name().equals(name))
        .findFirst()
        .orElse(null);
  }

  private long awaited;

  /// Whether what was committed when this was first asked was captured: a change comes last, which
  /// says so.
  private boolean reached(Spool spool) throws Exception {
    if (awaited == 0) {
      run("INSERT INTO first VALUES ((SELECT max(id) + 100 FROM first), 0)");
      try (var statement = a.createStatement();
          var rows = statement.executeQuery("SELECT (pg_current_wal_lsn() - '0/0')::bigint")) {
        rows.next();
        awaited = rows.getLong(1);
      }
    }
    return Long.compareUnsigned(spool.tailMark().endPosition(), awaited) >= 0;
  }

  private void equalsSource(List<ChangeEvent> events, String table) throws SQLException {
    var source = new TreeMap<String, String>();
    try (var statement = a.createStatement();
        var rows = statement.executeQuery("SELECT id, v FROM " + table)) {
      while (rows.next()) {
        source.put(rows.getString(1), rows.getString(2));
      }
    }
    assertThat(fold(events, table)).isEqualTo(source);
  }

  /// What the events make of a table. From when it was read last, every insert must be of a row
  /// that is not there, and every other change of one that is.
  static TreeMap<String, String> fold(List<ChangeEvent> events, String table) {
    var of = events.stream().filter(event -> event.schema().name().equals(table)).toList();
    var read = 0;
    for (var i = 0; i < of.size(); i++) {
      read = of.get(i).op() == Op.TRUNCATE ? i : read;
    }
    var rows = new TreeMap<String, String>();
    for (var event : of.subList(read, of.size())) {
      var old = key(event.oldKey() == null ? event.after() : event.oldKey());
      if (event.op() == Op.DELETE || event.op() == Op.UPDATE) {
        assertThat(rows.remove(old)).as("what %s changes", RestartTests.words(event)).isNotNull();
      }
      if (event.after() != null) {
        assertThat(rows.put(key(event.after()), event.after().text(1)))
            .as("what is there before %s", RestartTests.words(event))
            .isNull();
      }
    }
    return rows;
  }

  private static String key(Row row) {
    return row == null ? null : row.text(0);
  }

  private static List<ChangeEvent> events(Path home) throws IOException {
    try (var spool = Spool.open(home.resolve("spool"), 1, TestCapture.EVENT_BY_EVENT)) {
      return TestBlocks.events(spool);
    }
  }

  private void run(String... statements) throws SQLException {
    RestartTests.run(a, statements);
  }
}
