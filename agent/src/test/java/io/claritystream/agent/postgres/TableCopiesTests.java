package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.agent.postgres.CapturedTable.Stand;
import io.claritystream.agent.spool.Appender;
import io.claritystream.agent.spool.Spool;
import io.claritystream.embedded.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which table is read or cleared when, whatever the others do meanwhile.
class TableCopiesTests {
  private final TestPostgres.Database database = TestPostgres.shared().createDatabase();
  private final TestCapture captures = new TestCapture(database, "none");
  private final Progress progress = new Progress();

  @TempDir Path directory;
  private CapturedTables tables;
  private Connection connection;

  @BeforeEach
  void begin() throws Exception {
    tables = CapturedTables.load(directory.resolve("tables"));
    connection = database.connect();
  }

  @AfterEach
  void end() throws SQLException {
    connection.close();
  }

  /// While the event that clears `other` goes to the disk, `x` is found to be another table of the
  /// same name.
  @Test
  void aNameIsClearedBeforeTheTableIsReadThatHasItNow() throws Exception {
    RestartTests.run(connection, "CREATE TABLE x (id int, v int)", "INSERT INTO x VALUES (1, 1)");
    var x = oid("x");
    tables.put(CapturedTablesTests.table(1, "other", Stand.LEAVING, null));
    tables.put(CapturedTablesTests.table(2, "x", Stand.HELD, null));
    var found = new AtomicBoolean();
    try (var spool = Spool.open(directory.resolve("spool"), 1, TestCapture.EVENT_BY_EVENT);
        var appender = new Appender(spool, "source", words -> {})) {
      BlockAssembler.Waiting waiting =
          () -> {
            if (found.compareAndSet(false, true)) {
              tables.change(
                  now -> {
                    now.put(2L, CapturedTablesTests.table(2, "x", Stand.LEAVING, null));
                    now.put(x, CapturedTablesTests.table(x, "x", Stand.WANTED, null));
                    return now;
                  });
              appender.start();
            }
          };
      step(spool, appender, waiting, () -> !tables.work());
      assertThat(found).isTrue();
      assertThat(TableCopyTests.fold(TestBlocks.events(spool), "x")).containsEntry("1", "1");
    }
  }

  /// The second of three tables of a name was there between two looks at the catalogue, and the
  /// stream, which is behind that, brings its rows when the third one's were read.
  @Test
  void aTableIsReadAgainWhenWhatCameUnderItsNameIsCleared() throws Exception {
    var emptyings = Emptyings.load(directory.resolve("emptyings"));
    emptyings.streamed(Long.MAX_VALUE);
    var ours = Publications.of("clarity_" + database.name());
    var reconciliation = new Reconciliation(TableChoice.ALL, ours, tables, emptyings);
    try (var spool = Spool.open(directory.resolve("spool"), 1, TestCapture.EVENT_BY_EVENT);
        var appender = new Appender(spool, "source", words -> {}).start()) {
      RestartTests.run(connection, "CREATE TABLE x (id int PRIMARY KEY, v int)");
      reconciliation.run(connection);
      step(spool, appender, () -> {}, () -> !tables.work());
      RestartTests.run(connection, "DROP TABLE x", "CREATE TABLE x (id int PRIMARY KEY, v int)");
      var between = oid("x");
      RestartTests.run(
          connection,
          "DROP TABLE x",
          "CREATE TABLE x (id int PRIMARY KEY, v int)",
          "INSERT INTO x VALUES (3, 3)");
      reconciliation.run(connection);
      step(spool, appender, () -> {}, () -> !tables.work());
      assertThat(TableCopyTests.fold(TestBlocks.events(spool), "x")).containsEntry("3", "3");
      tables.brought(
          between, CapturedTable.wanted(between, new TableName("public", "x")).nameAlone());
      reconciliation.run(connection);
      step(spool, appender, () -> {}, () -> !tables.work());
      assertThat(tables.get(between).stand()).isEqualTo(Stand.GONE);
      assertThat(tables.get(oid("x")).stand()).isEqualTo(Stand.HELD);
      assertThat(TableCopyTests.fold(TestBlocks.events(spool), "x")).containsEntry("3", "3");
    }
  }

  @Test
  void aTableIsReadAgainWhenWhatCameUnderItsNameIsFoundWhileItIsRead() throws Exception {
    RestartTests.run(connection, "CREATE TABLE x (id int, v int)", "INSERT INTO x VALUES (1, 1)");
    var x = oid("x");
    tables.put(CapturedTablesTests.table(x, "x", Stand.WANTED, null));
    var found = new AtomicBoolean();
    try (var spool = Spool.open(directory.resolve("spool"), 1, TestCapture.EVENT_BY_EVENT);
        var appender = new Appender(spool, "source", words -> {}).start()) {
      BlockAssembler.Waiting waiting =
          () -> {
            if (found.compareAndSet(false, true)) {
              tables.put(CapturedTablesTests.table(1, "x", Stand.LEAVING, null));
            }
          };
      step(spool, appender, waiting, () -> !tables.work());
      assertThat(found).isTrue();
      assertThat(tables.get(1).stand()).isEqualTo(Stand.GONE);
      assertThat(tables.get(x).stand()).isEqualTo(Stand.HELD);
      assertThat(TableCopyTests.fold(TestBlocks.events(spool), "x")).containsEntry("1", "1");
    }
  }

  @Test
  void aTableThatIsRefusedKeepsNoOtherFromBeingReadAndIsNamedUntilItLeaves() throws Exception {
    RestartTests.run(
        connection,
        "CREATE TABLE a (id int, v int)",
        "INSERT INTO a VALUES (1, 1)",
        "CREATE TABLE b (id int, v int)",
        "INSERT INTO b VALUES (1, 1)",
        "CREATE ROLE %s_blind LOGIN PASSWORD 'blind'".formatted(database.name()),
        "GRANT SELECT ON b TO %s_blind".formatted(database.name()));
    captures.as(database.name() + "_blind", "blind");
    var a = oid("a");
    var b = oid("b");
    tables.put(CapturedTablesTests.table(a, "a", Stand.WANTED, null));
    tables.put(CapturedTablesTests.table(b, "b", Stand.WANTED, null));
    try (var spool = Spool.open(directory.resolve("spool"), 1, TestCapture.EVENT_BY_EVENT);
        var appender = new Appender(spool, "source", words -> {}).start()) {
      step(
          spool,
          appender,
          () -> {},
          () -> {
            if (tables.get(b).stand() != Stand.HELD) {
              return false;
            }
            if (tables.get(a).stand() == Stand.WANTED) {
              assertThat(progress.now().detail())
                  .startsWith("public.a cannot be read beside the stream: ");
              leave(a);
            }
            return tables.get(a).stand() == Stand.GONE;
          });
      assertThat(TableCopyTests.fold(TestBlocks.events(spool), "b")).containsEntry("1", "1");
      assertThat(progress.now().detail()).isEmpty();
    } finally {
      RestartTests.run(
          connection,
          "DROP OWNED BY %s_blind".formatted(database.name()),
          "DROP ROLE %s_blind".formatted(database.name()));
    }
  }

  @Test
  void aTableThatIsRefusedKeepsNoneFromBeingReadThatComesLater() throws Exception {
    RestartTests.run(
        connection,
        "CREATE TABLE a (id int, v int)",
        "CREATE TABLE b (id int, v int)",
        "INSERT INTO b VALUES (1, 1)",
        "CREATE ROLE %s_blind LOGIN PASSWORD 'blind'".formatted(database.name()),
        "GRANT SELECT ON b TO %s_blind".formatted(database.name()));
    captures.as(database.name() + "_blind", "blind");
    var b = oid("b");
    tables.put(CapturedTablesTests.table(oid("a"), "a", Stand.WANTED, null));
    try (var spool = Spool.open(directory.resolve("spool"), 1, TestCapture.EVENT_BY_EVENT);
        var appender = new Appender(spool, "source", words -> {}).start()) {
      step(
          spool,
          appender,
          () -> {},
          () -> {
            if (tables.get(b) == null && progress.now().detail().startsWith("public.a cannot")) {
              put(CapturedTablesTests.table(b, "b", Stand.WANTED, null));
            }
            return tables.get(b) != null && tables.get(b).stand() == Stand.HELD;
          });
      assertThat(TableCopyTests.fold(TestBlocks.events(spool), "b")).containsEntry("1", "1");
    } finally {
      RestartTests.run(
          connection,
          "DROP OWNED BY %s_blind".formatted(database.name()),
          "DROP ROLE %s_blind".formatted(database.name()));
    }
  }

  /// What the second one writes the stream does not bring, because the table was published in part
  /// then, and the rows would not have it either.
  @Test
  void whoWroteWhileTheTableWasPublishedOtherwiseIsAwaitedToo() throws Exception {
    RestartTests.run(connection, "CREATE TABLE a (id int, v int)", "CREATE TABLE other (id int)");
    var a = oid("a");
    tables.put(CapturedTablesTests.table(a, "a", Stand.WANTED, null));
    try (var first = database.connect();
        var second = database.connect();
        var spool = Spool.open(directory.resolve("spool"), 1, TestCapture.EVENT_BY_EVENT);
        var appender = new Appender(spool, "source", words -> {}).start()) {
      first.setAutoCommit(false);
      second.setAutoCommit(false);
      RestartTests.run(first, "INSERT INTO other VALUES (1)");
      var awaited = "process " + pid(second) + " ";
      var written = new AtomicBoolean();
      var ended = new AtomicBoolean();
      step(
          spool,
          appender,
          () -> {},
          () -> {
            if (written.compareAndSet(false, true)) {
              RestartTests.run(second, "INSERT INTO a VALUES (1, 1)");
              put(tables.get(a).entry(6));
              first.commit();
            } else if (!ended.get()) {
              assertThat(tables.get(a).stand()).isEqualTo(Stand.WANTED);
              if (progress.now().detail().contains(awaited)) {
                second.commit();
                ended.set(true);
              }
            }
            return tables.get(a).stand() == Stand.HELD;
          });
      assertThat(TableCopyTests.fold(TestBlocks.events(spool), "a")).containsEntry("1", "1");
    }
  }

  private static int pid(Connection of) throws SQLException {
    try (var statement = of.createStatement();
        var rows = statement.executeQuery("SELECT pg_backend_pid()")) {
      rows.next();
      return rows.getInt(1);
    }
  }

  private void leave(long oid) {
    put(tables.get(oid).stands(Stand.LEAVING));
  }

  private void put(CapturedTable table) {
    try {
      tables.put(table);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private interface Until {
    boolean holds() throws SQLException;
  }

  private void step(Spool spool, Appender appender, BlockAssembler.Waiting waiting, Until until)
      throws Exception {
    var events = new BlockAssembler(spool, appender, Clock.systemUTC(), waiting, 0);
    try (var copies =
        new TableCopies(captures.source(), tables, spool, progress, Clock.systemUTC(), waiting)) {
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                copies.step(events);
                return until.holds();
              });
    }
  }

  private long oid(String table) throws SQLException {
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT '" + table + "'::regclass::oid")) {
      rows.next();
      return rows.getLong(1);
    }
  }
}
