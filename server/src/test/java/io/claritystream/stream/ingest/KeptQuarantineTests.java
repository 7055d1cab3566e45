package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.protocol.block.Op;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Kept rows that the database refuses: what is kept of them, and whether it is said to be exact.
class KeptQuarantineTests extends KeptHistory {
  @BeforeEach
  void refuse() {
    rig.refuse666();
    choose(READINGS, "keep");
  }

  private long inQuarantine() {
    return rig.superuser()
        .sql("SELECT count(*) FROM control.quarantine WHERE model_id = :model")
        .param("model", live())
        .query(Long.class)
        .single();
  }

  @Test
  void a_row_in_quarantine_that_vanished_is_as_it_was_folded_last_and_stays_there() {
    rig.start();
    rig.send(source, source.barrier(), source.batch(reading(1, "1"), reading(2, "2")));
    rig.send(
        source, source.batch(reading(1, "666").as(Op.UPDATE), reading(2, "666").as(Op.UPDATE)));
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.wholeSnapshot(read(2, "20")));
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 20");
    assertThat(inQuarantine()).as("1, but not 2, which was told whole").isEqualTo(1);
    assertRebuiltTheSame();
    assertThat(inQuarantine()).isEqualTo(1);
  }

  @Test
  void a_refused_row_is_kept_as_its_deletion_tells_it() {
    rig.start();
    rig.send(source, source.barrier(), source.batch(reading(1, "1")));
    rig.send(source, source.batch(reading(1, "666").as(Op.UPDATE)));
    awaitTaken();
    // What changed it once more was not told whole.
    rig.send(source, source.batch(reading(1, "3").withoutNote()));
    awaitTaken();
    assertThat(inQuarantine()).isEqualTo(1);
    rig.send(source, source.batch(reading(1, "3").as(Op.DELETE)));
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 3");
    assertThat(inQuarantine()).isZero();
    rig.requestRebuild(source);
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 3");
  }

  @Test
  void a_refused_row_whose_end_nobody_tells_is_kept_as_it_was_folded_last_and_said_to_be_inexact() {
    rig.start();
    rig.send(source, source.barrier(), source.batch(reading(1, "1"), reading(2, "2")));
    rig.send(
        source, source.batch(reading(1, "666").as(Op.UPDATE), reading(2, "666").as(Op.UPDATE)));
    rig.send(source, source.batch(reading(1, "666").deletedBy(2)));
    awaitTaken();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2");
    assertThat(inQuarantine()).isEqualTo(2);

    rig.send(source, source.batch(new Event(Op.TRUNCATE, List.of())));
    awaitTaken();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2");
    assertThat(inQuarantine()).isEqualTo(2);
    assertRebuiltTheSame();

    rig.send(source, source.batch(reading(1, "5"), reading(1, "6").withoutNote()));
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 7", "2 2");
    assertThat(inQuarantine()).as("another row has the key of 1 by now").isEqualTo(1);
    assertRebuiltTheSame();
  }

  @Test
  void a_row_whose_insert_was_refused_is_kept_as_its_deletion_tells_it() {
    rig.start();
    rig.send(source, source.barrier(), source.batch(reading(1, "666"), reading(2, "666")));
    awaitTaken();
    assertThat(inQuarantine()).isEqualTo(2);
    rig.send(source, source.batch(reading(1, "3").as(Op.DELETE), reading(2, "2").deletedBy(2)));
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 3");
    assertThat(inQuarantine()).as("nobody told what 2 was in the end").isEqualTo(1);
    rig.send(source, source.batch(reading(1, "4")));
    settle();
    assertThat(rig.pressuresSeen(source))
        .as("whose key comes again is another row")
        .containsExactly("1 7");
    rig.requestRebuild(source);
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 7");
  }

  @ParameterizedTest
  @CsvSource({"DELETE,false", "DELETE,true", "TRUNCATE,false", "TRUNCATE,true"})
  void what_takes_a_kept_row_away_untold_heals_nothing_wherever_batches_end(Op op, boolean apart) {
    rig.start();
    rig.send(source, source.barrier(), source.batch(reading(1, "1")));
    rig.send(source, source.batch(reading(1, "666").as(Op.UPDATE)));
    awaitTaken();
    var gone = op == Op.DELETE ? reading(1, "666").deletedBy(2) : new Event(op, List.of());
    var untold = reading(1, "5").withoutNote();
    if (apart) {
      rig.send(source, source.batch(gone));
      awaitTaken();
      rig.send(source, source.batch(untold));
    } else {
      rig.send(source, source.batch(gone, untold));
    }
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1");
    assertThat(rig.letters(source))
        .extracting(IngestRig.Letter::cause)
        .containsExactly("refused_by_database", "row_in_quarantine");
    assertRebuiltTheSame();
  }

  @Test
  void a_letter_that_was_dropped_comes_back_as_old_as_its_event() {
    rig.start();
    var old = source.capturedAt().minus(Duration.ofDays(20));
    source.capturedAt(old);
    rig.send(source, source.barrier(), source.batch(reading(1, "666")));
    settle();
    rig.superuser().sql("DELETE FROM control.dead_letter").update();
    source.capturedAt(old.plus(Duration.ofDays(20)));
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.wholeSnapshot(read(2, "2")));
    settle();
    assertThat(
            rig.superuser()
                .sql("SELECT at FROM control.dead_letter")
                .query(OffsetDateTime.class)
                .single()
                .toInstant())
        .isEqualTo(old.truncatedTo(ChronoUnit.MILLIS));
  }
}
