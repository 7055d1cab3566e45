package io.claritystream.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.agent.SourceSettings.OnGap;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.link.GapCause;
import io.claritystream.protocol.link.SourceState;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What somebody does to the publications that an agent reads by: a gap where the log cannot be
/// read any more, and none where it can.
class PublicationGapTests extends MissedChanges {
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
      rig.sql("ALTER PUBLICATION " + slot(rig) + "_inserts ADD TABLE reading (id)");
      // An agent that runs may have come as far as here: there is no row in what changes a
      // publication.
      var before = rig.value("SELECT pg_current_wal_lsn()");
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

  /// Two publications that say otherwise whether computed columns are published are enough.
  @Test
  void publicationsThatDifferAboutComputedColumns() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      assumeThat(version(rig)).isGreaterThanOrEqualTo(180_000);
      captured(
          rig,
          "CREATE TABLE reading (id int PRIMARY KEY, v int, w int GENERATED ALWAYS AS (v) STORED)");
      rig.stop();
      rig.sql(
          "ALTER PUBLICATION " + slot(rig) + "_inserts ADD TABLE reading",
          "ALTER PUBLICATION " + slot(rig) + "_inserts SET (publish_generated_columns = none)");
      changeUnseen(rig);
      rig.start();
      repaired(rig, GapCause.PUBLICATION_CHANGED);
    }
  }

  /// Of all that can keep a server from decoding its log a few are known by name.
  @Test
  void aLogThatCannotBeDecodedForAReasonThatNobodyForesaw() throws Exception {
    try (var rig = new Rig(directory.resolve("data"), Rig.SMALL)) {
      captured(rig);
      assumeThat(version(rig)).isGreaterThanOrEqualTo(150_000);
      rig.stop();
      var before = rig.value("SELECT pg_current_wal_lsn()");
      rig.sql(
          "ALTER PUBLICATION " + slot(rig) + " SET TABLE reading WHERE (10 / id > 1)",
          "INSERT INTO reading VALUES (6, 6), (0, 0)");
      changeUnseen(rig);
      rig.start();
      var gap = repaired(rig, GapCause.LOG_UNDECODABLE);
      assertThat(gap.getWords()).contains("cannot decode").contains("division by zero");
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
      if (version(rig) < 180_000) {
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

  private static int version(Rig rig) throws Exception {
    return Integer.parseInt(rig.value("SHOW server_version_num"));
  }
}
