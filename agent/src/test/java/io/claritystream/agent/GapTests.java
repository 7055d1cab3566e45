package io.claritystream.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.agent.SourceSettings.OnGap;
import io.claritystream.agent.postgres.SourceFiles;
import io.claritystream.agent.spool.Spool;
import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.link.AcknowledgeMode;
import io.claritystream.protocol.link.GapCause;
import io.claritystream.protocol.link.SourceGap;
import io.claritystream.protocol.link.SourceState;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The ways in which a slot or a spool can lose what was not captured: it is noticed, told with its
/// range, and repaired so that what is held equals the source, rows that went meanwhile included.
class GapTests extends MissedChanges {
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

  /// A server that crashed has forgotten as well how far it was told, and its log is the same.
  @Test
  void aSlotThatForgotWhatItWasToldIsNoGapIfTheLogHoldsWhatWasCaptured() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      captured(rig);
      rig.stop();
      var state = rig.home.source("plant").resolve(SourceFiles.STATE);
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
        var state = rig.home.source("plant").resolve(SourceFiles.STATE);
        assertThat(Files.readString(state))
            .containsPattern("reason=" + (epochs == 2 ? "the.* spool" : "a.* test"));
      }
      assertThat(rig.source().gaps).isEmpty();
    }
  }
}
