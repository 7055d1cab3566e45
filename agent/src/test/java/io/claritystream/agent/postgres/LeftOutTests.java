package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.agent.postgres.CapturedTable.Stand;
import io.claritystream.agent.spool.Spool;
import io.claritystream.embedded.TestPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A capture that begins while one of its tables cannot be published.
class LeftOutTests {
  @TempDir Path directory;
  private final TestPostgres.Database database = TestPostgres.shared().createDatabase();
  private final String slot = "clarity_" + database.name();
  private final TestCapture captures = new TestCapture(database, slot);

  @AfterEach
  void end() throws SQLException {
    Footprint.remove(captures.source(), slot);
  }

  /// Read at the beginning and not published, what changes in it would never be brought.
  @Test
  void aTableThatIsLockedWhenCaptureBeginsIsReadOnceItIsPublished() throws Exception {
    var home = Files.createDirectories(directory.resolve("home"));
    try (var other = database.connect()) {
      RestartTests.run(
          other,
          "CREATE TABLE open (id int PRIMARY KEY, v int)",
          "CREATE TABLE held (id int PRIMARY KEY, v int)",
          "INSERT INTO open VALUES (1, 1)",
          "INSERT INTO held VALUES (1, 1)");
      other.setAutoCommit(false);
      RestartTests.run(other, "LOCK TABLE held IN SHARE UPDATE EXCLUSIVE MODE");
      var state = captures.run(home, captures.fresh(), 1);
      assertThat(tables(home)).containsExactly("open");
      RestartTests.run(other, "INSERT INTO held VALUES (2, 2)");
      other.commit();
      captures.run(home, state, (spool, tables) -> tables.standing(Stand.HELD).size() == 2);
    }
    assertThat(tables(home)).containsExactly("held", "open");
    try (var spool = Spool.open(home.resolve("spool"), 1, TestCapture.EVENT_BY_EVENT)) {
      assertThat(TableCopyTests.fold(TestBlocks.events(spool), "held").keySet())
          .containsExactly("1", "2");
    }
  }

  private static Iterable<String> tables(Path home) throws Exception {
    return CapturedTables.load(home.resolve("tables.journal")).standing(Stand.HELD).stream()
        .map(table -> table.name().name())
        .toList();
  }
}
