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

  private void leave(long oid) {
    try {
      tables.put(tables.get(oid).stands(Stand.LEAVING));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private interface Until {
    boolean holds();
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
