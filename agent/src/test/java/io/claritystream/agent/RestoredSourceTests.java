package io.claritystream.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.agent.postgres.SourceFiles;
import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.link.GapCause;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/// A source whose server gave up, or came back with, another log than was captured: that is
/// noticed, told, and repaired.
class RestoredSourceTests extends MissedChanges {
  @Test
  void aSlotWhoseLogTheServerGaveUp() throws Exception {
    own(
        (rig, server) -> {
          rig.sql("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'", "SELECT pg_reload_conf()");
          captured(rig);
          rig.stop();
          changeUnseen(rig);
          await()
              .atMost(LONG)
              .until(
                  () -> {
                    rig.sql(
                        "CREATE TABLE junk AS SELECT repeat('x', 1000) FROM generate_series(1, 5000)",
                        "DROP TABLE junk",
                        "SELECT pg_switch_wal()",
                        "CHECKPOINT");
                    return rig.value("SELECT wal_status FROM pg_replication_slots").equals("lost");
                  });
          rig.start();
          repaired(rig, GapCause.SLOT_INVALIDATED);
        });
  }

  @Test
  void aDatabaseThatWasRestoredFromABackup() throws Exception {
    own(
        (rig, server) -> {
          captured(rig);
          await().atMost(LONG).until(() -> rig.source().events().size() == 4);
          rig.stop();
          server.stop();
          server.backup();
          server.start();
          rig.start();
          rig.sql("INSERT INTO reading SELECT g, 0 FROM generate_series(100, 3000) g");
          await().atMost(LONG).until(() -> rig.source().events().size() >= 2905);
          rig.stop();
          server.stop();
          server.restore(false);
          server.start();
          changeUnseen(rig);
          rig.start();
          repaired(rig, GapCause.LOG_DIVERGED);
        });
  }

  /// It has written more than was captured before the agent saw it again, on the same timeline:
  /// positions alone tell nothing.
  @Test
  void aCopyThatWasPutBackAndWroteMoreThanWasCaptured() throws Exception {
    own(
        (rig, server) -> {
          captured(rig);
          awaitTold(rig);
          rig.stop();
          server.stop();
          server.backup();
          server.start();
          rig.start();
          rig.sql("INSERT INTO reading SELECT g, 0 FROM generate_series(100, 200) g");
          await().atMost(LONG).until(() -> rig.source().events().size() >= 105);
          awaitTold(rig);
          rig.stop();
          server.stop();
          server.restore(false);
          server.start();
          changeUnseen(rig);
          rig.sql("INSERT INTO reading SELECT g, 1 FROM generate_series(1000, 5000) g");
          rig.start();
          var gap = repaired(rig, GapCause.LOG_DIVERGED);
          assertThat(gap.getWords()).contains("it was restored from a copy");
        });
  }

  /// A standby that lacked the end of the log takes over, and has written more than that since.
  @Test
  void aStandbyThatTookOverWithoutTheLogsEnd() throws Exception {
    own(
        (rig, server) -> {
          captured(rig);
          rig.stop();
          server.stop();
          server.backup();
          server.start();
          rig.start();
          rig.sql("INSERT INTO reading SELECT g, 0 FROM generate_series(100, 200) g");
          await().atMost(LONG).until(() -> rig.source().events().size() >= 105);
          rig.stop();
          server.stop();
          server.restore(true);
          server.start();
          rig.sql("SELECT pg_promote()");
          changeUnseen(rig);
          rig.sql("INSERT INTO reading SELECT g, 1 FROM generate_series(1000, 5000) g");
          rig.start();
          repaired(rig, GapCause.LOG_DIVERGED);
        });
  }

  private static void awaitTold(Rig rig) throws Exception {
    var written = Lsn.parse(rig.value("SELECT pg_current_wal_lsn()"));
    var state = rig.home.source("plant").resolve(SourceFiles.STATE);
    await()
        .atMost(LONG)
        .ignoreExceptions()
        .until(
            () ->
                Files.readAllLines(state).stream()
                    .filter(line -> line.startsWith("told_position="))
                    .anyMatch(line -> Lsn.parse(line.split("=")[1]) >= written));
  }

  private interface Act {
    void on(Rig rig, CopiedServer server) throws Exception;
  }

  private void own(Act act) throws Exception {
    try (var server = new CopiedServer(Files.createTempDirectory("gap-"))) {
      server.start();
      try (var rig = new Rig(directory.resolve("data"), Rig.SMALL, server.database())) {
        act.on(rig, server);
      }
    }
  }
}
