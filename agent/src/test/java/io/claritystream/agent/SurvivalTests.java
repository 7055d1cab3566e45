package io.claritystream.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.agent.spool.Spool;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.link.Refused;
import io.claritystream.protocol.link.SourceState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SurvivalTests {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path directory;

  @Test
  void aKilledAgentLosesNothingAndSendsNothingTwice() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      rig.sql(
          "CREATE TABLE reading (id int PRIMARY KEY, v int)",
          "INSERT INTO reading SELECT g, 0 FROM generate_series(1, 50) g");
      rig.settings("").save(rig.home, "");
      var random = new Random(11);
      rig.platform.mood =
          (stream, lastSeq) -> {
            if (random.nextInt(4) > 0) {
              stream.durable(lastSeq);
            }
          };
      var next = 1_000;
      for (var kill = 0; kill < 4; kill++) {
        var agent = child(rig);
        try {
          var seen = rig.source().sessions;
          await().atMost(LONG).until(() -> rig.source().sessions > seen);
          if (kill == 0) {
            // A snapshot that is cut short begins again: here it is to survive.
            await().atMost(LONG).until(() -> rig.source().events().size() >= 50);
          }
          for (var i = 0; i < 20 + random.nextInt(60); i++) {
            rig.sql(
                "INSERT INTO reading SELECT g, 0 FROM generate_series("
                    + next
                    + ", "
                    + (next + 6)
                    + ") g",
                "UPDATE reading SET v = v + 1 WHERE id % 7 = " + i % 7 + " AND id < 60");
            next += 10;
          }
        } finally {
          agent.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }
      }
      rig.platform.mood = (stream, lastSeq) -> stream.durable(lastSeq);
      rig.sql("INSERT INTO reading VALUES (-1, -1)");
      var agent = child(rig);
      try {
        await()
            .atMost(LONG)
            .until(() -> Rig.fold(rig.source().events(), "reading").containsKey("-1"));
      } finally {
        agent.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
      }
      assertThat(rig.source().epochs).hasSize(1);
      assertThat(rig.platform.violations).isEmpty();
      var events = rig.source().events();
      for (var i = 0; i < events.size(); i++) {
        assertThat(events.get(i).seq()).isEqualTo(i + 1);
      }
      assertThat(Rig.fold(events, "reading").values())
          .extracting(row -> row.get("id") + " " + row.get("v"))
          .containsExactlyInAnyOrderElementsOf(
              List.of(rig.value("SELECT string_agg(id || ' ' || v, ',') FROM reading").split(",")));
    }
  }

  private Process child(Rig rig) throws IOException {
    return rig.child(directory.resolve("agent.log"), "-Xmx128m");
  }

  @Test
  void aDamagedSpoolIsGivenUpAndCaptureGoesOnFromWhatIsDurable() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      var withheld = new AtomicBoolean();
      rig.platform.mood =
          (stream, lastSeq) -> {
            if (!withheld.get()) {
              stream.durable(lastSeq);
            }
          };
      rig.sql(
          "CREATE TABLE reading (id int PRIMARY KEY)",
          "INSERT INTO reading SELECT g FROM generate_series(1, 10) g");
      rig.start();
      await()
          .atMost(LONG)
          .until(
              () ->
                  rig.source().events().size() == 10
                      && rig.report().state() == SourceState.STREAMING);
      withheld.set(true);
      for (var i = 11; i <= 20; i++) {
        var id = i;
        rig.sql("INSERT INTO reading VALUES (" + id + ")");
        await().atMost(LONG).until(() -> rig.report().sentSeq() == id);
      }
      rig.stop();
      damageSpool(rig);
      withheld.set(false);
      rig.start();
      await()
          .atMost(LONG)
          .until(() -> rig.source().epochs.size() == 2 && rig.source().events().size() == 10);
      assertThat(rig.source().events()).extracting(event -> event.op()).containsOnly(Op.INSERT);
      assertThat(rig.source().events())
          .extracting(event -> event.after().text(0))
          .containsExactly("11", "12", "13", "14", "15", "16", "17", "18", "19", "20");
      assertThat(rig.platform.violations).isEmpty();
    }
  }

  private static void damageSpool(Rig rig) throws IOException {
    try (var segments = Files.list(rig.home.source("plant").resolve("spool"))) {
      var file = segments.sorted().findFirst().orElseThrow();
      var bytes = Files.readAllBytes(file);
      bytes[60] = (byte) (bytes[60] ^ 4);
      Files.write(file, bytes);
    }
  }

  /// A table that was taken in, and its rows were lost with the spool before the platform had them.
  @Test
  void rowsThatWereReadBesideTheStreamAndLostWithTheSpoolAreReadAgain() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      var withheld = new AtomicBoolean();
      rig.platform.mood =
          (stream, lastSeq) -> {
            if (!withheld.get()) {
              stream.durable(lastSeq);
            }
          };
      rig.sql("CREATE TABLE reading (id int PRIMARY KEY)", "INSERT INTO reading VALUES (1)");
      rig.start();
      await().atMost(LONG).until(() -> rig.source().events().size() == 1);
      rig.sql("INSERT INTO reading VALUES (2)");
      await().atMost(LONG).until(() -> rig.source().events().size() == 2);
      withheld.set(true);
      rig.sql("CREATE TABLE more (id int PRIMARY KEY)", "INSERT INTO more VALUES (1), (2)");
      await().atMost(LONG).until(() -> rig.report().sentSeq() == 5);
      rig.sql("DELETE FROM more WHERE id = 1");
      await().atMost(LONG).until(() -> rig.report().sentSeq() == 6);
      rig.stop();
      damageSpool(rig);
      withheld.set(false);
      rig.start();
      await()
          .atMost(LONG)
          .untilAsserted(
              () ->
                  assertThat(Rig.fold(rig.source().events(), "more").keySet())
                      .containsExactly("2"));
      assertThat(rig.source().epochs).hasSize(2);
      assertThat(rig.source().events())
          .noneMatch(event -> event.schema().name().equals("reading") && event.op() == Op.READ);
      assertThat(rig.platform.violations).isEmpty();
    }
  }

  @Test
  void aSourceThatWasRemovedOnThePlatformIsSaidSo() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      rig.sql("CREATE TABLE reading (id int PRIMARY KEY)");
      rig.platform.refusal =
          Refused.newBuilder().setCode("unknown_source").setMessage("none").build();
      rig.start();
      await()
          .atMost(LONG)
          .until(() -> rig.report().trouble().contains("was removed on the platform"));
      assertThat(rig.report().trouble()).contains("`source remove NAME` at the agent");
    }
  }

  @Test
  void aLostSlotBringsANewSnapshotInANewEpoch() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      rig.sql("CREATE TABLE reading (id int PRIMARY KEY)", "INSERT INTO reading VALUES (1)");
      rig.start();
      await().atMost(LONG).until(() -> rig.source().events().size() == 1);
      await().atMost(LONG).until(() -> rig.report().state() == SourceState.STREAMING);
      rig.stop();
      await()
          .atMost(LONG)
          .ignoreExceptions()
          .untilAsserted(
              () ->
                  rig.sql(
                      "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                          + " WHERE database = current_database()"));
      rig.sql("INSERT INTO reading VALUES (2)");
      rig.start();
      await()
          .atMost(LONG)
          .until(() -> rig.source().epochs.size() == 2 && rig.source().events().size() == 2);
      assertThat(rig.source().events()).extracting(event -> event.op()).containsOnly(Op.READ);
      assertThat(rig.source().snapshotsEnded).isEqualTo(1);
    }
  }

  /// The database writes much that is not ours: the slot follows, and a restart has to as well.
  @Test
  void aRestartAfterOnlyOthersWroteGoesOnInTheSameEpoch() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      rig.sql("CREATE TABLE reading (id int PRIMARY KEY)", "INSERT INTO reading VALUES (1)");
      rig.settings("public.reading").save(rig.home, "");
      var agent = child(rig);
      try {
        await().atMost(LONG).until(() -> rig.source().events().size() == 1);
        othersWrite(rig);
      } finally {
        agent.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
      }
      rig.sql("INSERT INTO reading VALUES (2)");
      rig.start("public.reading");
      await().atMost(LONG).until(() -> rig.source().history().size() >= 2);
      rig.sql("INSERT INTO reading VALUES (3)");
      await().atMost(LONG).until(() -> rig.source().history().size() >= 3);
      assertThat(rig.source().history())
          .extracting(event -> event.op() + " " + event.after().text(0))
          .containsExactly("READ 1", "INSERT 2", "INSERT 3");
      assertThat(rig.source().epochs).hasSize(1);
      assertThat(rig.platform.violations).isEmpty();
    }
  }

  @Test
  void aLostSpoolAfterOnlyOthersWroteNeedsNoSnapshot() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      rig.sql("CREATE TABLE reading (id int PRIMARY KEY)", "INSERT INTO reading VALUES (1)");
      rig.start("public.reading");
      await().atMost(LONG).until(() -> rig.source().events().size() == 1);
      othersWrite(rig);
      rig.stop();
      Spool.drop(rig.home.source("plant").resolve("spool"));
      rig.sql("INSERT INTO reading VALUES (2)");
      rig.start("public.reading");
      await().atMost(LONG).until(() -> rig.source().history().size() >= 2);
      assertThat(rig.source().history())
          .extracting(event -> event.op() + " " + event.after().text(0))
          .containsExactly("READ 1", "INSERT 2");
      assertThat(rig.source().epochs).hasSize(2);
    }
  }

  /// Returns once the slot has gone beyond what others wrote.
  private static void othersWrite(Rig rig) throws Exception {
    await().atMost(LONG).until(() -> slotHasCome(rig, rig.value("SELECT pg_current_wal_lsn()")));
    rig.sql("CREATE TABLE other AS SELECT g FROM generate_series(1, 1000) g");
    var written = rig.value("SELECT pg_current_wal_lsn()");
    await().atMost(LONG).until(() -> slotHasCome(rig, written));
  }

  private static boolean slotHasCome(Rig rig, String position) throws SQLException {
    return rig.value(
            "SELECT confirmed_flush_lsn >= '"
                + position
                + "' FROM pg_replication_slots WHERE database = current_database()")
        .equals("t");
  }

  /// What is durable of an open transaction cannot be told from what is not, once the spool is
  /// lost.
  @Test
  void aSpoolLostInsideATransactionDoublesNothing() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      rig.sql(
          "CREATE TABLE reading (id int PRIMARY KEY, v text)",
          "INSERT INTO reading VALUES (1, 'first')");
      rig.start();
      await().atMost(LONG).until(() -> rig.source().events().size() == 1);
      await().atMost(LONG).until(() -> rig.report().state() == SourceState.STREAMING);
      var enough = new AtomicBoolean();
      rig.platform.mood =
          (stream, lastSeq) -> {
            if (!enough.getAndSet(true)) {
              stream.durable(lastSeq);
            }
          };
      rig.sql("INSERT INTO reading SELECT g, repeat('x', 100) FROM generate_series(2, 2000) g");
      await().atMost(LONG).until(() -> rig.report().sentSeq() == 2000);
      var durable = rig.source().events().size();
      assertThat(durable).isGreaterThan(1).isLessThan(2000);
      rig.stop();
      Spool.drop(rig.home.source("plant").resolve("spool"));
      rig.platform.mood = (stream, lastSeq) -> stream.durable(lastSeq);
      rig.start();
      await()
          .atMost(LONG)
          .until(() -> rig.source().epochs.size() == 2 && rig.source().events().size() >= 2000);
      assertThat(rig.source().history().stream().filter(event -> event.op() == Op.INSERT))
          .as("inserted once")
          .extracting(event -> event.after().text(0))
          .doesNotHaveDuplicates()
          .hasSize(durable - 1);
      assertThat(Rig.fold(rig.source().events(), "reading")).hasSize(2000);
      assertThat(rig.source().snapshotsEnded).isEqualTo(1);
    }
  }

  @Test
  void aSourceThatCannotBeReadIsShownAndHoldsNoOtherUp() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      rig.sql("CREATE TABLE reading (id int PRIMARY KEY)", "INSERT INTO reading VALUES (1)");
      rig.settings("").save(rig.home, "");
      var broken = Files.createDirectory(rig.home.source("broken"));
      Files.writeString(broken.resolve(SourceSettings.FILE), "port=none\n");
      var agent = child(rig);
      try {
        await().atMost(LONG).until(() -> rig.source().events().size() == 1);
        await()
            .atMost(LONG)
            .until(
                () -> Files.readString(rig.home.statusFile()).contains("as\\ the\\ agent\\ wrote"));
      } finally {
        agent.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void anAgentThatIsPairedAnewKeepsWhatItCaptured() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      rig.sql("CREATE TABLE reading (id int PRIMARY KEY)", "INSERT INTO reading VALUES (1)");
      rig.start();
      await().atMost(LONG).until(() -> rig.source().events().size() == 1);
      await().atMost(LONG).until(() -> rig.report().state() == SourceState.STREAMING);
      rig.platform.mood = (stream, lastSeq) -> {};
      rig.sql("INSERT INTO reading VALUES (2)");
      await().atMost(LONG).until(() -> rig.report().sentSeq() == 2);
      rig.stop();
      rig.platform.mood = (stream, lastSeq) -> stream.durable(lastSeq);
      rig.pair();
      rig.start();
      await().atMost(LONG).until(() -> rig.source().history().size() >= 2);
      assertThat(rig.source().history())
          .extracting(event -> event.op() + " " + event.after().text(0))
          .containsExactly("READ 1", "INSERT 2");
      assertThat(rig.source().epochs).hasSize(1);
    }
  }

  @Test
  void aRefusalIsSaidInTheStatusAndCaptureGoesOn() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      rig.platform.refusal =
          Refused.newBuilder()
              .setCode("revoked")
              .setMessage("The agent was revoked.")
              .setRetryable(false)
              .build();
      rig.sql("CREATE TABLE reading (id int PRIMARY KEY)");
      rig.start();
      await()
          .atMost(LONG)
          .until(() -> rig.report().trouble().contains("The agent was revoked. (revoked)"));
      assertThat(rig.report().connected()).isFalse();
    }
  }
}
