package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.agent.postgres.CapturedTable.Stand;
import io.claritystream.agent.spool.Spool;
import io.claritystream.embedded.TestPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A user who has what `source add` prints for it and nothing else: no table is its own, and of a
/// partitioned table it may read the root.
class LeastRightsTests {
  @TempDir Path directory;
  private final TestPostgres.Database database = TestPostgres.shared().createDatabase();
  private final String user = database.name() + "_reader";
  private final String slot = "clarity_" + database.name();
  private final TestCapture captures = new TestCapture(database, slot);
  private Connection owner;
  private Path home;

  @BeforeEach
  void begin() throws Exception {
    owner = database.connect();
    home = Files.createDirectories(directory.resolve("home"));
    run("CREATE ROLE " + user + " LOGIN PASSWORD 'reader'");
    run("CREATE TABLE parted (id int PRIMARY KEY, v int) PARTITION BY RANGE (id)");
    run("CREATE TABLE p1 PARTITION OF parted FOR VALUES FROM (0) TO (10)");
    run("INSERT INTO parted VALUES (1, 1)");
  }

  @AfterEach
  void end() throws SQLException {
    Footprint.remove(new TestCapture(database, slot).source(), slot);
    run("DROP OWNED BY " + user + " CASCADE", "DROP ROLE " + user);
    owner.close();
  }

  @Test
  void aPartitionThatComesLaterIsCapturedThoughTheUserMayReadTheRootAlone() throws Exception {
    captures.as(user, "reader");
    run(
        Preflight.check(captures.source(), TableChoice.ALL, slot)
            .remedies()
            .toArray(String[]::new));
    var state = captures.run(home, captures.fresh(), 1);
    // Created as one: what comes to it is told. The agent begins behind it.
    run("CREATE TABLE p2 PARTITION OF parted FOR VALUES FROM (10) TO (20)");
    run("INSERT INTO parted VALUES (11, 11)");
    captures.run(home, state, (spool, tables) -> spool.tailSeq() >= 2);
    assertThat(reads()).as("nothing was read again").isEqualTo(1);
    // Filled before it became one, with policies of its own; the agent runs.
    var done = new AtomicBoolean();
    captures.run(
        home,
        state,
        (spool, tables) -> {
          if (done.compareAndSet(false, true)) {
            run("BEGIN");
            run("CREATE TABLE p3 (LIKE parted INCLUDING ALL)", "INSERT INTO p3 VALUES (21, 21)");
            run("ALTER TABLE p3 ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY");
            run("COMMIT");
            run("ALTER TABLE parted ATTACH PARTITION p3 FOR VALUES FROM (20) TO (30)");
            run("INSERT INTO parted VALUES (2, 2)");
          }
          // Read again with all three, before or behind what was inserted last.
          return spool.tailSeq() >= 7
              && tables.standing(Stand.HELD).stream()
                  .anyMatch(table -> table.leaves().split(",").length == 3);
        });
    try (var spool = Spool.open(home.resolve("spool"), 1, TestCapture.EVENT_BY_EVENT)) {
      assertThat(TableCopyTests.fold(TestBlocks.events(spool), "parted").keySet())
          .containsExactly("1", "11", "2", "21");
    }
  }

  private long reads() throws Exception {
    return RestartTests.words(home).stream().filter(word -> word.contains(" READ ")).count();
  }

  private void run(String... statements) throws SQLException {
    RestartTests.run(owner, statements);
  }
}
