package io.claritystream.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.agent.spool.SourceMark;
import io.claritystream.embedded.TestPostgres;
import io.claritystream.protocol.link.SourceState;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A log that is looked through for what was captured last.
class SameLogTests {
  private static final long FAR = 1L << 60;

  private final TestPostgres.Database database = TestPostgres.shared().createDatabase();
  private final String slot = "clarity_" + database.name();
  private final TestCapture captures = new TestCapture(database, slot);

  @TempDir Path directory;
  private Connection connection;

  @BeforeEach
  void capture() throws Exception {
    connection = database.connect();
    RestartTests.run(connection, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)");
    captures.run(directory, captures.fresh(), 1);
  }

  @AfterEach
  void leaveNothing() throws SQLException {
    connection.close();
    Footprint.remove(captures.source(), slot);
  }

  /// What is looked for never comes.
  @Test
  void itIsSaidHowFarTheLookIsAndThatLetsItselfBeEnded() throws Exception {
    var progress = new Progress();
    var asked = new int[1];
    var looks =
        new SameLog(
            captures.source(),
            slot,
            Publications.of(slot),
            progress,
            () -> {
              if (++asked[0] == 3) {
                throw new CaptureStoppedException();
              }
            });
    var last = new SourceMark(7, FAR, 1, false, 1, FAR, 0);
    assertThatThrownBy(() -> looks.missing(Slot.read(connection, slot), FAR, last))
        .isInstanceOf(CaptureStoppedException.class);
    assertThat(progress.now().state()).isEqualTo(SourceState.WAITING);
    assertThat(progress.now().detail())
        .startsWith("looks whether the database's log is the one that was captured")
        .endsWith(" of 10000000/0");
  }
}
