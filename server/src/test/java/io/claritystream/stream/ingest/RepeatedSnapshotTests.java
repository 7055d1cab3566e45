package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.protocol.block.Op;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import io.claritystream.stream.materializer.TestMaterializer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A snapshot that is taken again is folded aside: people see the model before until it is whole.
class RepeatedSnapshotTests {
  private IngestRig rig;
  private SimulatedSource source;

  @BeforeEach
  void begin() {
    rig = new IngestRig(1);
    source = rig.source(rig.tenant("one"), 0);
    rig.start();
  }

  @AfterEach
  void end() {
    rig.close();
  }

  private Event read(int pump, String pressure) {
    return Event.reading(pump, source.capturedAt(), pressure).as(Op.READ);
  }

  private void firstSnapshot() {
    rig.send(source, source.barrier(), source.snapshot(read(1, "1"), read(2, "2"), read(3, "3")));
    rig.send(source, source.snapshotEnd());
    rig.awaitDurable(source, 3);
  }

  private void awaitInEpoch(int epoch, int events) {
    await().atMost(IngestRig.SOON).until(() -> rig.bronze(source, epoch).size() == events);
  }

  private List<String> states() {
    return rig.superuser()
        .sql("SELECT purpose || ' ' || state FROM analytics.model ORDER BY model_id")
        .query(String.class)
        .list();
  }

  @Test
  void people_see_the_model_before_whole_until_the_snapshot_is() {
    firstSnapshot();
    rig.send(source, source.batch(Event.reading(4, source.capturedAt(), "4")));
    rig.awaitDurable(source, 4);
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.snapshot(read(1, "10"), read(2, "20")));
    awaitInEpoch(2, 2);

    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 3", "4 4");
    assertThat(states()).containsExactly("first live", "snapshot building");

    rig.send(source, source.batch(read(5, "50")));
    awaitInEpoch(2, 3);
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 3", "4 4");

    rig.send(source, source.snapshotEnd(read(6, "60")));
    awaitInEpoch(2, 4);
    assertThat(rig.pressuresSeen(source)).containsExactly("1 10", "2 20", "5 50", "6 60");
    assertThat(states()).containsExactly("first retired", "snapshot live");

    rig.send(source, source.batch(Event.reading(6, source.capturedAt(), "6")));
    awaitInEpoch(2, 5);
    assertThat(rig.pressuresSeen(source)).containsExactly("1 10", "2 20", "5 50", "6 6");
  }

  @Test
  void one_that_is_cut_short_twice_leaves_the_model_before_until_the_third_is_whole()
      throws Exception {
    firstSnapshot();
    for (var epoch = 2; epoch <= 3; epoch++) {
      var barrier = source.nextEpoch();
      var stop = Arrays.asList("1", "1", "2026-11-20 10:00:00+00", null, "jam");
      rig.send(
          source,
          barrier,
          source.snapshot(read(1, "100"), read(9, "900")),
          source.batch(SimulatedSource.STOP, new Event(Op.READ, stop)));
      awaitInEpoch(epoch, 3);
      assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 3");
    }
    assertThat(states()).containsExactly("first live", "snapshot retired", "snapshot building");
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.snapshot(read(1, "7")), source.snapshotEnd(read(2, "8")));
    awaitInEpoch(4, 2);
    assertThat(rig.pressuresSeen(source)).containsExactly("1 7", "2 8");

    var cleaner = TestMaterializer.cleaner(rig.database);
    var portions = 0;
    while (TestMaterializer.portion(cleaner)) {
      portions++;
    }
    assertThat(portions).isGreaterThan(3);
    assertThat(states()).containsExactly("snapshot live");
    assertThat(rig.pressuresSeen(source)).containsExactly("1 7", "2 8");
    for (var table :
        List.of(
            "entities", "devices", "sites", "sessions", "series", "extras_text", "table_state")) {
      assertThat(
              rig.superuser()
                  .sql(
                      "SELECT count(*) FROM analytics."
                          + table
                          + " WHERE model_id NOT IN (SELECT model_id FROM analytics.model)")
                  .query(Long.class)
                  .single())
          .as(table)
          .isZero();
    }
    assertThat(
            rig.superuser()
                .sql(
                    """
                    SELECT count(*) FROM analytics.metrics_min
                    WHERE series_id NOT IN (SELECT series_id FROM analytics.series)
                    """)
                .query(Long.class)
                .single())
        .isZero();
  }

  @Test
  void a_process_that_takes_over_in_the_middle_goes_on_with_the_same_model() {
    firstSnapshot();
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.snapshot(read(1, "10"), read(2, "20")));
    awaitInEpoch(2, 2);
    rig.stopAll();
    rig.start("b");
    rig.send(source, source.batch(read(3, "30")), source.snapshotEnd());
    await().atMost(IngestRig.SOON).until(() -> states().contains("snapshot live"));
    assertThat(rig.pressuresSeen(source)).containsExactly("1 10", "2 20", "3 30");
    assertThat(states()).containsExactly("first retired", "snapshot live");
  }

  @Test
  void a_snapshot_that_begins_and_ends_within_a_batch_is_shown_at_once() {
    firstSnapshot();
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.wholeSnapshot(read(8, "80")));
    awaitInEpoch(2, 1);
    assertThat(rig.pressuresSeen(source)).containsExactly("8 80");
  }

  /// What an agent sends of a database that was emptied: there is no row to say it.
  @Test
  void one_that_only_clears_a_table_takes_all_that_was_shown() {
    firstSnapshot();
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.wholeSnapshot(Event.CLEARED));
    awaitInEpoch(2, 1);
    assertThat(rig.pressuresSeen(source)).isEmpty();
    assertThat(states()).containsExactly("first retired", "snapshot live");
  }

  @Test
  void what_follows_its_end_may_be_of_devices_that_nobody_knew() {
    firstSnapshot();
    rig.stopAll();
    var barrier = source.nextEpoch();
    rig.send(
        source,
        barrier,
        source.snapshot(read(1, "10")),
        source.batch(read(2, "20")),
        source.snapshotEnd(read(3, "30")),
        source.batch(Event.reading(4, source.capturedAt(), "40")));
    rig.start("b");
    awaitInEpoch(2, 4);
    assertThat(rig.pressuresSeen(source)).containsExactly("1 10", "2 20", "3 30", "4 40");

    rig.stopAll();
    barrier = source.nextEpoch();
    rig.send(source, barrier, source.snapshot(read(1, "11")));
    rig.start("c");
    awaitInEpoch(3, 1);
    rig.stopAll();
    rig.send(
        source,
        source.snapshotEnd(read(2, "21")),
        source.batch(Event.reading(5, source.capturedAt(), "51")));
    rig.start("d");
    awaitInEpoch(3, 3);
    assertThat(rig.pressuresSeen(source)).containsExactly("1 11", "2 21", "5 51");
  }

  @Test
  void a_batch_that_cannot_be_read_begins_and_ends_a_snapshot_all_the_same() {
    firstSnapshot();
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.nonsense(2, true, false), source.batch(read(1, "10")));
    awaitInEpoch(2, 1);
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 3");
    assertThat(states()).containsExactly("first live", "snapshot building");

    rig.send(source, source.nonsense(1, false, true), source.batch(read(2, "20")));
    awaitInEpoch(2, 2);
    assertThat(rig.pressuresSeen(source)).containsExactly("1 10", "2 20");
    assertThat(states()).containsExactly("first retired", "snapshot live");
    assertThat(rig.letters(source))
        .extracting(IngestRig.Letter::cause)
        .containsOnly("batch_corrupt");
  }

  @Test
  void a_header_and_a_block_that_differ_on_a_snapshot_are_a_corrupt_batch() {
    firstSnapshot();
    rig.send(source, source.snapshotEnd(read(4, "4")).with(h -> h.setSnapshotEnds(false)));
    await().atMost(IngestRig.SOON).until(() -> rig.letters(source).size() == 1);
    assertThat(rig.letters(source))
        .extracting(IngestRig.Letter::cause)
        .containsExactly("batch_corrupt");
  }

  @Test
  void who_watches_is_shown_no_reading_of_it_and_is_told_to_read_again_when_it_is_shown()
      throws Exception {
    firstSnapshot();
    var barrier = source.nextEpoch();
    try (var pages = rig.live.open(source.tenant())) {
      rig.send(source, barrier, source.snapshot(read(1, "777")));
      awaitInEpoch(2, 1);
      rig.send(source, source.batch(read(2, "778")), source.snapshotEnd());
      var told = new StringBuilder();
      await()
          .atMost(IngestRig.SOON)
          .until(
              () -> {
                var delivery = pages.next(Duration.ofMillis(100));
                told.append(delivery.readings());
                return delivery.readAgain();
              });
      assertThat(told.toString()).doesNotContain("777");

      rig.send(source, source.batch(Event.reading(3, source.capturedAt(), "779")));
      await()
          .atMost(IngestRig.SOON)
          .until(() -> pages.next(Duration.ofMillis(100)).toString().contains("779"));
    }
  }
}
