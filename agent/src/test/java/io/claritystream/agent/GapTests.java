package io.claritystream.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.agent.SourceSettings.OnGap;
import io.claritystream.agent.spool.Spool;
import io.claritystream.embedded.Postgres;
import io.claritystream.embedded.PostgresSettings;
import io.claritystream.embedded.TestPostgres;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.link.AcknowledgeMode;
import io.claritystream.protocol.link.GapCause;
import io.claritystream.protocol.link.SourceGap;
import io.claritystream.protocol.link.SourceState;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every way in which a source can forget what was not captured: it is noticed, told with its
/// range, and repaired so that what is held equals the source, rows that went meanwhile included.
class GapTests {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path directory;

  @Test
  void aSlotThatWasDroppedWhileNobodyLooked() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      captured(rig);
      rig.stop();
      withFreeSlot(rig, "SELECT pg_drop_replication_slot('%s')");
      changeUnseen(rig);
      rig.start();
      repaired(rig, GapCause.SLOT_DROPPED);
    }
  }

  /// The stream is cut and the slot dropped under a running agent, which is idle.
  @Test
  void aSlotThatIsDroppedUnderARunningAgentIsToldWithinTenSeconds() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      captured(rig);
      withFreeSlot(rig, "SELECT pg_drop_replication_slot('%s')");
      await().atMost(Duration.ofSeconds(10)).until(() -> !rig.source().gaps.isEmpty());
      changeUnseen(rig);
      repaired(rig, GapCause.SLOT_DROPPED);
    }
  }

  @Test
  void aSlotThatSomebodyMovedOnTellsExactlyWhatIsMissing() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      captured(rig);
      rig.stop();
      var before = rig.value("SELECT pg_current_wal_lsn()");
      changeUnseen(rig);
      withFreeSlot(rig, "SELECT pg_replication_slot_advance('%s', pg_current_wal_lsn())");
      rig.start();
      var gap = repaired(rig, GapCause.SLOT_MOVED);
      assertThat(Lsn.parse(gap.getFromPosition())).isLessThanOrEqualTo(Lsn.parse(before));
      assertThat(Lsn.parse(gap.getToPosition())).isGreaterThan(Lsn.parse(before));
    }
  }

  @Test
  void aSlotThatWasDroppedAndMadeAgainUnderItsName() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      captured(rig);
      rig.stop();
      changeUnseen(rig);
      withFreeSlot(rig, "SELECT pg_drop_replication_slot('%s')");
      rig.sql("SELECT pg_create_logical_replication_slot('%s', 'pgoutput')".formatted(slot(rig)));
      rig.start();
      repaired(rig, GapCause.SLOT_MOVED);
    }
  }

  /// The log from there on cannot be decoded, however soon the publications are set right: that was
  /// tried for ever, while the database kept its log. One that was dropped does the same before
  /// PostgreSQL 18.
  @ParameterizedTest
  @EnumSource
  void aPublicationThatWasChangedSoThatTheLogCannotBeDecoded(OnGap onGap) throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      rig.onGap = onGap;
      captured(rig);
      if (onGap == OnGap.REPAIR) {
        rig.stop();
      }
      var before = rig.value("SELECT pg_current_wal_lsn()");
      rig.sql("ALTER PUBLICATION " + slot(rig) + "_inserts ADD TABLE reading (id)");
      changeUnseen(rig);
      if (onGap == OnGap.REPAIR) {
        rig.start();
      } else {
        await().atMost(LONG).until(() -> rig.report().state() == SourceState.STOPPED);
        assertThat(rig.report().detail()).contains("`source repair plant`");
        rig.stop();
        var said = new ByteArrayOutputStream();
        assertThat(command(rig, said, "source", "repair", "plant"))
            .as(said.toString(StandardCharsets.UTF_8))
            .isZero();
        rig.startAgain();
      }
      var gap = repaired(rig, GapCause.PUBLICATION_CHANGED);
      assertThat(gap.getWords()).startsWith("somebody dropped or changed a publication");
      assertThat(Lsn.parse(gap.getFromPosition())).isLessThanOrEqualTo(Lsn.parse(before));
      assertThat(Lsn.parse(gap.getToPosition())).isGreaterThan(Lsn.parse(before));
    }
  }

  /// What was written while it was not there is a gap before PostgreSQL 18, which passes it by.
  @ParameterizedTest
  @ValueSource(strings = {"", "_inserts"})
  void aPublicationThatWasDropped(String which) throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      captured(rig);
      rig.stop();
      rig.sql("DROP PUBLICATION " + slot(rig) + which);
      changeUnseen(rig);
      rig.start();
      if (Integer.parseInt(rig.value("SHOW server_version_num")) < 180_000) {
        repaired(rig, GapCause.PUBLICATION_CHANGED);
      } else {
        held(rig);
        assertThat(rig.source().gaps).isEmpty();
      }
    }
  }

  /// What is still to be decoded was written while it was there: nothing of that is missing.
  @Test
  void aPublicationThatIsMissingOnlyNowIsNoGap() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      captured(rig);
      rig.stop();
      changeUnseen(rig);
      rig.sql("DROP PUBLICATION " + slot(rig));
      rig.start();
      await()
          .atMost(LONG)
          .untilAsserted(
              () ->
                  assertThat(rig.source().events())
                      .extracting(ChangeEvent::op)
                      .contains(Op.UPDATE, Op.DELETE));
      rig.sql("INSERT INTO reading VALUES (6, 6)");
      await().atMost(LONG).until(() -> Rig.fold(rig.source().events(), "reading").containsKey("6"));
      assertThat(rig.source().gaps).isEmpty();
      assertThat(rig.source().epochs).hasSize(1);
    }
  }

  /// Nothing was written meanwhile but the making of the slot itself.
  @Test
  void aSlotMadeAgainInAnIdleDatabaseIsNoticedAsWell() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      captured(rig);
      rig.stop();
      withFreeSlot(rig, "SELECT pg_drop_replication_slot('%s')");
      rig.sql("SELECT pg_create_logical_replication_slot('%s', 'pgoutput')".formatted(slot(rig)));
      rig.start();
      await().atMost(LONG).until(() -> rig.source().gaps.size() == 1);
    }
  }

  @Test
  void whereCaptureIsToStopItStandsAndTellsUntilAPersonOrdersTheRepair() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      rig.onGap = OnGap.STOP;
      captured(rig);
      rig.stop();
      withFreeSlot(rig, "SELECT pg_drop_replication_slot('%s')");
      changeUnseen(rig);
      rig.start();
      await().atMost(LONG).until(() -> rig.report().state() == SourceState.STOPPED);
      assertThat(rig.report().detail()).contains("by `source repair plant` at the agent");
      await().atMost(LONG).until(() -> rig.source().gaps.size() == 1);
      await()
          .atMost(LONG)
          .until(
              () ->
                  rig.source().status != null
                      && rig.source().status.getState() == SourceState.STOPPED);
      rig.stop();
      // A restart changes nothing about it.
      rig.start();
      await().atMost(LONG).until(() -> rig.report().state() == SourceState.STOPPED);
      assertThat(rig.source().epochs).hasSize(1);
      rig.stop();

      var said = new ByteArrayOutputStream();
      var code = command(rig, said, "source", "repair", "plant");
      assertThat(code).as(said.toString(StandardCharsets.UTF_8)).isZero();
      rig.startAgain();
      repaired(rig, GapCause.SLOT_DROPPED);
      rig.stop();
      assertThat(command(rig, said, "source", "repair", "plant")).isEqualTo(Agent.FAILED);
      assertThat(said.toString(StandardCharsets.UTF_8)).contains("does not wait for a repair");
    }
  }

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

  /// A server that crashed has forgotten as well how far it was told, and its log is the same.
  @Test
  void aSlotThatForgotWhatItWasToldIsNoGapIfTheLogHoldsWhatWasCaptured() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      captured(rig);
      rig.stop();
      var state = rig.home.source("plant").resolve(SourceWorker.STATE_FILE);
      var text = Files.readString(state).replaceAll("(told_position=).*", "$1FFFF/0");
      Files.writeString(state, text);
      assertThat(text).contains("told_position=FFFF/0");
      rig.start();
      rig.sql("INSERT INTO reading VALUES (6, 6)");
      await().atMost(LONG).until(() -> rig.source().events().size() == 5);
      assertThat(rig.source().gaps).isEmpty();
      assertThat(rig.source().epochs).hasSize(1);
    }
  }

  @Test
  void aSpoolThatIsLostWithWhatTheSourceWasToldToForget() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      rig.platform.acknowledge = AcknowledgeMode.ACKNOWLEDGE_SPOOL;
      captured(rig);
      rig.platform.mood = (stream, lastSeq) -> {};
      var before = rig.value("SELECT pg_current_wal_lsn()");
      changeUnseen(rig);
      var written = rig.value("SELECT pg_current_wal_lsn()");
      await()
          .atMost(LONG)
          .until(
              () ->
                  Lsn.parse(
                          rig.value(
                              "SELECT confirmed_flush_lsn FROM pg_replication_slots"
                                  + " WHERE database = current_database()"))
                      >= Lsn.parse(written));
      rig.stop();
      Spool.drop(rig.home.source("plant").resolve("spool"));
      rig.platform.mood = (stream, lastSeq) -> stream.durable(lastSeq);
      rig.start();
      await()
          .atMost(LONG)
          .until(
              () ->
                  rig.source().gaps.values().stream().anyMatch(each -> each.getRepairedAtUs() > 0));
      assertThat(rig.source().gaps).hasSize(1);
      var gap = rig.source().gaps.values().iterator().next();
      assertThat(gap.getCause()).isEqualTo(GapCause.SPOOL_LOST);
      assertThat(gap.getWords())
          .startsWith(
              "what the agent held and had not sent yet was lost (the spool is damaged: it");
      assertThat(Lsn.parse(gap.getFromPosition())).isLessThanOrEqualTo(Lsn.parse(before));
    }
  }

  /// The spool is lost, and a person moved the slot on: nobody told the source to forget that.
  @ParameterizedTest
  @EnumSource(names = {"ACKNOWLEDGE_BRONZE", "ACKNOWLEDGE_SPOOL"})
  void aSlotThatSomebodyMovedOnIsNotTakenForALostSpool(AcknowledgeMode mode) throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      rig.platform.acknowledge = mode;
      captured(rig);
      rig.stop();
      changeUnseen(rig);
      withFreeSlot(rig, "SELECT pg_replication_slot_advance('%s', pg_current_wal_lsn())");
      Spool.drop(rig.home.source("plant").resolve("spool"));
      rig.start();
      await()
          .atMost(LONG)
          .until(
              () ->
                  rig.source().gaps.values().stream().anyMatch(each -> each.getRepairedAtUs() > 0));
      assertThat(rig.source().gaps.values())
          .extracting(SourceGap::getCause)
          .containsExactly(GapCause.SLOT_MOVED);
    }
  }

  /// Why an epoch was begun is not why the one after the next is.
  @Test
  void anEpochThatThePlatformBeginsIsNotExplainedByASpoolThatWasLostBefore() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      captured(rig);
      for (var epochs = 2; epochs <= 3; epochs++) {
        rig.stop();
        if (epochs == 2) {
          Spool.drop(rig.home.source("plant").resolve("spool"));
        } else {
          rig.source().epoch++;
        }
        rig.start();
        var expected = epochs;
        await().atMost(LONG).until(() -> rig.source().epochs.size() == expected);
        rig.sql("INSERT INTO reading VALUES (" + 10 * epochs + ", 1)");
        await().atMost(LONG).until(() -> rig.source().events().size() == 1);
        var state = rig.home.source("plant").resolve(SourceWorker.STATE_FILE);
        assertThat(Files.readString(state))
            .containsPattern("reason=" + (epochs == 2 ? "the.* spool" : "a.* test"));
      }
      assertThat(rig.source().gaps).isEmpty();
    }
  }

  private static void awaitTold(Rig rig) throws Exception {
    var written = Lsn.parse(rig.value("SELECT pg_current_wal_lsn()"));
    var state = rig.home.source("plant").resolve(SourceWorker.STATE_FILE);
    await()
        .atMost(LONG)
        .ignoreExceptions()
        .until(
            () ->
                Files.readAllLines(state).stream()
                    .filter(line -> line.startsWith("told_position="))
                    .anyMatch(line -> Lsn.parse(line.split("=")[1]) >= written));
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

  /// Three rows, and one that came by the stream.
  private static void captured(Rig rig) throws Exception {
    rig.sql(
        "CREATE TABLE reading (id int PRIMARY KEY, v int)",
        "INSERT INTO reading VALUES (1, 1), (2, 2), (3, 3)");
    rig.start();
    await().atMost(LONG).until(() -> rig.source().snapshotsEnded == 1);
    rig.sql("INSERT INTO reading VALUES (4, 4)");
    await().atMost(LONG).until(() -> rig.source().events().size() == 4);
  }

  private static void changeUnseen(Rig rig) throws SQLException {
    rig.sql(
        "UPDATE reading SET v = 20 WHERE id = 2",
        "DELETE FROM reading WHERE id = 3",
        "INSERT INTO reading VALUES (5, 5)");
  }

  private static SourceGap repaired(Rig rig, GapCause cause) throws Exception {
    await()
        .atMost(LONG)
        .until(
            () -> rig.source().gaps.values().stream().anyMatch(gap -> gap.getRepairedAtUs() > 0));
    assertThat(rig.source().gaps).hasSize(1);
    var gap = rig.source().gaps.values().iterator().next();
    assertThat(gap.getCause()).isEqualTo(cause);
    assertThat(gap.getWords()).isNotBlank();
    assertThat(gap.getFromPosition()).isNotEmpty();
    assertThat(gap.getToPosition()).isNotEmpty();
    assertThat(gap.getNoticedAtUs()).isPositive();
    held(rig);
    assertThat(rig.source().epochs).hasSize(2);
    assertThat(rig.source().snapshotsEnded).isEqualTo(1);
    assertThat(rig.platform.violations).isEmpty();
    return gap;
  }

  /// What is captured comes to what the source holds.
  private static void held(Rig rig) throws Exception {
    var expected =
        List.of(rig.value("SELECT string_agg(id || ' ' || v, ',') FROM reading").split(","));
    await()
        .atMost(LONG)
        .untilAsserted(
            () ->
                assertThat(Rig.fold(rig.source().events(), "reading").values())
                    .extracting(row -> row.get("id") + " " + row.get("v"))
                    .containsExactlyInAnyOrderElementsOf(expected));
  }

  private static String slot(Rig rig) {
    return "clarity_" + rig.database.name();
  }

  private static void withFreeSlot(Rig rig, String sql) {
    await()
        .atMost(LONG)
        .ignoreExceptions()
        .untilAsserted(
            () ->
                rig.sql(
                    "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots"
                        + " WHERE slot_name = '"
                        + slot(rig)
                        + "' AND active_pid IS NOT NULL",
                    sql.formatted(slot(rig))));
  }

  private static int command(Rig rig, ByteArrayOutputStream said, String... line) {
    var out = new PrintStream(said, true, StandardCharsets.UTF_8);
    var words = new java.util.ArrayList<>(List.of("--data", rig.home.directory().toString()));
    words.addAll(List.of(line));
    return new Agent(out, out, Map.of(), Clock.systemUTC(), Terminal.ofProcess(), "./clarity agent")
        .command(words);
  }

  private interface Act {
    void on(Rig rig, Server server) throws Exception;
  }

  private void own(Act act) throws Exception {
    try (var server = new Server(Files.createTempDirectory("gap-"))) {
      server.start();
      try (var rig = new Rig(directory.resolve("data"), Rig.SMALL, server.database())) {
        act.on(rig, server);
      }
    }
  }

  /// A server of a test's own, which can be copied and put back.
  private static final class Server implements AutoCloseable {
    private final Path directory;
    private Postgres postgres;
    private int port;

    Server(Path directory) throws IOException {
      this.directory = directory;
      run("chmod", "755", directory.toString());
    }

    void start() {
      postgres =
          Postgres.start(
              PostgresSettings.of(directory.resolve("home"), PostgresSettings.Purpose.TEST)
                  .withPort(port));
      port = postgres.port();
    }

    void stop() {
      postgres.close();
    }

    TestPostgres.Database database() {
      return new TestPostgres.Database(
          "postgres", postgres.jdbcUrl("postgres"), Postgres.SUPERUSER, postgres.password());
    }

    void backup() throws IOException {
      run("cp", "-a", data().toString(), directory.resolve("backup").toString());
    }

    void restore(boolean asStandby) throws IOException {
      run("rm", "-rf", data().toString());
      run("cp", "-a", directory.resolve("backup").toString(), data().toString());
      if (asStandby) {
        run("cp", "-a", data().resolve("PG_VERSION").toString(), data() + "/standby.signal");
      }
    }

    private Path data() {
      return directory.resolve("home").resolve("data");
    }

    private static void run(String... command) throws IOException {
      try {
        var process = new ProcessBuilder(command).inheritIO().start();
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
          throw new IOException(String.join(" ", command));
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      }
    }

    @Override
    public void close() throws IOException {
      postgres.close();
      run("rm", "-rf", directory.toString());
    }
  }
}
