package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.protocol.block.Op;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import io.claritystream.stream.materializer.ModelContents;
import io.claritystream.stream.source.TestSources;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A model that is built anew from bronze is the one that was there, byte for byte.
class RebuildTests {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

  private IngestRig rig;
  private SimulatedSource source;
  private final Random random = new Random(7);
  private int rows;

  @BeforeEach
  void begin() {
    rig = new IngestRig(1);
    source = rig.source(rig.tenant("one"), 0);
  }

  @AfterEach
  void end() {
    rig.close();
  }

  /// Readings of a few pumps, some of them late or without a pressure, with notes that change.
  private SimulatedSource.Batch readings(int count) {
    var events = new Event[count];
    for (var i = 0; i < count; i++) {
      // No two rows have one key.
      var at = source.capturedAt().minusSeconds(random.nextInt(900)).plusNanos(1_000L * rows++);
      var pressure =
          switch (random.nextInt(8)) {
            case 0 -> null;
            case 1 -> "NaN";
            case 2 -> "1.10";
            default -> random.nextInt(10) + "." + random.nextInt(1_000);
          };
      events[i] = Event.reading(random.nextInt(5), at, pressure).note("note " + random.nextInt(3));
    }
    return source.batch(events);
  }

  private void awaitState(UUID rebuild, String state) {
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(() -> assertThat(rig.rebuildState(rebuild)).isEqualTo(state));
  }

  private int live() {
    return rig.live(source);
  }

  private List<String> contents(int model) {
    return ModelContents.of(rig.superuser(), model);
  }

  @Test
  void the_rebuilt_model_is_the_live_one_byte_for_byte() {
    rig.start();
    rig.send(source, source.barrier(), readings(200), readings(300));
    rig.awaitDurable(source, 500);
    var before = live();
    var rebuild = rig.requestRebuild(source);
    awaitState(rebuild, "done");

    assertThat(live()).isNotEqualTo(before);
    assertThat(contents(live())).isEqualTo(contents(before)).hasSizeGreaterThan(50);
    assertThat(
            rig.superuser()
                .sql("SELECT events_done || '/' || events_total FROM control.rebuild")
                .query(String.class)
                .single())
        .isEqualTo("500/500");
  }

  private Event[] stops(Instant at) {
    var events = new Event[1 + random.nextInt(5)];
    for (var i = 0; i < events.length; i++) {
      events[i] =
          new Event(
              anyOp(),
              Arrays.asList(
                  String.valueOf(random.nextInt(9)),
                  String.valueOf(random.nextInt(6)),
                  random.nextInt(5) == 0 ? null : moment(at),
                  random.nextBoolean() ? null : moment(at),
                  "reason " + random.nextInt(3)));
    }
    return events;
  }

  private Event[] states(Instant at) {
    var events = new Event[1 + random.nextInt(5)];
    for (var i = 0; i < events.length; i++) {
      events[i] =
          new Event(
              anyOp(),
              Arrays.asList(
                  String.valueOf(random.nextInt(9)),
                  String.valueOf(random.nextInt(6)),
                  moment(at),
                  "state " + random.nextInt(3)));
    }
    return events;
  }

  private Op anyOp() {
    return List.of(Op.INSERT, Op.INSERT, Op.UPDATE, Op.DELETE).get(random.nextInt(4));
  }

  private String moment(Instant at) {
    return SimulatedSource.text(at.minusSeconds(20L * random.nextInt(12)));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void a_history_of_inserts_updates_and_deletes_gives_the_same_model_again(long seed) {
    random.setSeed(seed);
    rig.start();
    rig.send(source, source.barrier());
    var at = source.capturedAt();
    for (var batch = 0; batch < 20; batch++) {
      var events = new Event[1 + random.nextInt(40)];
      for (var i = 0; i < events.length; i++) {
        var row =
            Event.reading(
                    random.nextInt(4),
                    at.minusSeconds(20L * random.nextInt(12)),
                    random.nextInt(6) == 0 ? "NaN" : random.nextInt(9) + ".50")
                .note(random.nextInt(4) == 0 ? null : "note " + random.nextInt(3));
        events[i] =
            switch (random.nextInt(5)) {
              case 0, 1 -> row.as(Op.DELETE);
              case 2 -> row.as(Op.UPDATE);
              default -> row;
            };
      }
      rig.send(source, source.batch(events));
      rig.send(source, source.batch(SimulatedSource.STOP, stops(at)));
      rig.send(source, source.batch(SimulatedSource.STATE, states(at)));
    }
    var sent = source.lastSeq();
    await().atMost(SOON).until(() -> rig.durable(source) == sent);
    var before = live();
    assertThat(contents(before)).anyMatch(row -> row.startsWith("sessions "));
    awaitState(rig.requestRebuild(source), "done");
    assertThat(live()).isNotEqualTo(before);
    assertThat(contents(live())).isEqualTo(contents(before)).hasSizeGreaterThan(20);
  }

  /// What flows meanwhile flows no faster than ingest takes it: otherwise building never ends.
  private void awaitTaken(int seq) {
    await().atMost(SOON).until(() -> rig.durable(source) >= seq);
  }

  @Test
  void events_that_flow_meanwhile_are_in_it_once() {
    rig.start();
    rig.send(source, source.barrier(), readings(2_000), readings(2_000), readings(2_000));
    rig.awaitDurable(source, 6_000);
    var before = live();
    var rebuild = rig.requestRebuild(source);
    var sent = 6_000;
    while (!rig.rebuildState(rebuild).equals("done")) {
      rig.send(source, readings(50));
      sent += 50;
      awaitTaken(sent - 200);
    }
    rig.send(source, readings(50));
    sent += 50;
    rig.awaitDurable(source, sent);
    var flowed = contents(live());
    assertThat(live()).isNotEqualTo(before);
    assertThat(rig.values(source, "flow_m3_h").count()).isEqualTo(sent);

    awaitState(rig.requestRebuild(source), "done");
    assertThat(contents(live())).isEqualTo(flowed);
  }

  @Test
  void what_was_built_on_the_model_before_is_folded_into_the_new_one_new_series_and_all() {
    rig.start();
    rig.send(source, source.barrier(), readings(500));
    rig.awaitDurable(source, 500);
    var rebuild = rig.requestRebuild(source);
    var sent = 500;
    while (!rig.rebuildState(rebuild).equals("done") || sent < 700) {
      // Each has a pump of its own: its series are numbered outside the transaction.
      rig.send(source, source.batch(Event.reading(100 + sent, source.capturedAt(), "1")));
      sent++;
      awaitTaken(sent - 20);
    }
    rig.awaitDurable(source, sent);
    assertThat(rig.values(source, "flow_m3_h").count()).isEqualTo(sent);
  }

  @Test
  void what_a_process_leaves_in_the_middle_another_goes_on_with_once_the_lease_is_over()
      throws Exception {
    var ingest = rig.start();
    rig.send(source, source.barrier(), readings(4_000), readings(4_000), readings(4_000));
    rig.awaitDurable(source, 12_000);
    var before = live();
    rig.stop(ingest);
    var rebuild = rig.requestRebuild(source);
    var gone = new Followers(rig.parts(), new Checkpoints());
    assertThat(gone.round()).as("begins").isTrue();
    assertThat(gone.round()).as("folds a part").isTrue();
    assertThat(rig.rebuildState(rebuild)).isEqualTo("running");

    var next = new Followers(rig.parts(), new Checkpoints());
    assertThat(next.round()).as("while another has the lease").isFalse();
    rig.superuser()
        .sql("UPDATE analytics.model SET worker_until = now() - interval '1 s'")
        .update();
    assertThat(next.round()).isTrue();
    assertThat(gone.round()).as("it has lost the lease").isFalse();
    while (!rig.rebuildState(rebuild).equals("done")) {
      assertThat(next.round()).isTrue();
    }
    assertThat(contents(live())).isEqualTo(contents(before));
    assertThat(live()).isNotEqualTo(before);
  }

  @Test
  void one_that_is_cancelled_changes_nothing() {
    var ingest = rig.start();
    rig.send(source, source.barrier(), readings(300));
    rig.awaitDurable(source, 300);
    rig.stop(ingest);
    var before = live();
    var rebuild = rig.requestRebuild(source);
    var followers = new Followers(rig.parts(), new Checkpoints());
    followers.round();
    rig.superuser().sql("UPDATE control.rebuild SET cancel_requested_at = now()").update();
    followers.round();
    assertThat(rig.rebuildState(rebuild)).isEqualTo("cancelled");
    assertThat(live()).isEqualTo(before);
    assertThat(
            rig.superuser()
                .sql("SELECT state FROM analytics.model ORDER BY model_id")
                .query(String.class)
                .list())
        .containsExactly("live", "retired");
  }

  @Test
  void one_that_waits_for_a_snapshot_keeps_nobody_from_his_partition() {
    var ingest = rig.start();
    rig.send(source, source.barrier(), readings(10));
    var barrier = source.nextEpoch();
    rig.send(
        source, barrier, source.snapshot(Event.reading(1, source.capturedAt(), "2").as(Op.READ)));
    await().atMost(SOON).until(() -> rig.taken() == rig.end());
    rig.stop(ingest);
    var rebuild = rig.requestRebuild(source);
    var service =
        FailingService.atCommitOf(
            rig.database.dataSource("service"),
            "checkpoint_partition WHERE partition = ? FOR UPDATE");
    var followers = new Followers(rig.parts(rig.memory(), service), new Checkpoints());
    followers.round();
    var written = written(rebuild);
    assertThat(followers.round()).isFalse();
    assertThat(service.failed()).as("the partition was asked for").isFalse();
    assertThat(rig.rebuildState(rebuild)).isEqualTo("waiting");
    assertThat(written(rebuild)).as("nothing new was to be said of it").isEqualTo(written);
  }

  private String written(UUID rebuild) {
    return rig.superuser()
        .sql("SELECT xmin || ' ' || problem FROM control.rebuild WHERE rebuild_id = :id")
        .param("id", rebuild)
        .query(String.class)
        .single();
  }

  @Test
  void a_snapshot_that_begins_takes_its_place() {
    var ingest = rig.start();
    rig.send(source, source.barrier(), readings(4_000), readings(4_000));
    rig.awaitDurable(source, 8_000);
    rig.stop(ingest);
    var rebuild = rig.requestRebuild(source);
    var followers = new Followers(rig.parts(), new Checkpoints());
    followers.round();
    // With the lease that it now has, no other process finishes it before the snapshot begins.
    followers.round();
    assertThat(rig.rebuildState(rebuild)).isEqualTo("running");
    var barrier = source.nextEpoch();
    rig.send(
        source,
        barrier,
        source.snapshot(Event.reading(1, source.capturedAt(), "2").as(Op.READ)),
        source.snapshotEnd());
    rig.start("b");
    awaitState(rebuild, "replaced");
    assertThat(rig.values(source, "pressure_bar").count()).isEqualTo(1);
  }

  @Test
  void a_table_whose_deleted_rows_are_to_be_kept_has_them_again() {
    rig.start();
    var at = source.capturedAt();
    var gone = Event.reading(1, at, "1.5");
    rig.send(source, source.barrier(), source.batch(gone, Event.reading(2, at, "2")));
    rig.send(source, source.batch(gone.as(Op.DELETE)));
    rig.awaitDurable(source, 3);
    assertThat(rig.values(source, "pressure_bar").count()).isEqualTo(1);
    rig.choose(source, "public.pump_reading", "keep");
    awaitState(rig.requestRebuild(source), "done");
    assertThat(rig.values(source, "pressure_bar").count()).isEqualTo(2);
  }

  @Test
  void what_was_refused_is_refused_again_and_mended_once_it_can_be_folded() {
    rig.refuse666();
    rig.start();
    var at = source.capturedAt();
    rig.send(
        source,
        source.barrier(),
        source.batch(
            Event.reading(1, at, "1"),
            Event.reading(2, at, "666"),
            Event.reading(2, at, "666").note("again"),
            Event.reading(3, at, "3")));
    rig.awaitDurable(source, 4);
    var before = live();
    assertThat(rig.values(source, "pressure_bar").count()).isEqualTo(2);

    awaitState(rig.requestRebuild(source), "done");
    assertThat(contents(live())).isEqualTo(contents(before));
    assertThat(rig.letters(source)).hasSize(2);

    rig.refuseNone(IngestRig.MINUTES);
    awaitState(rig.requestRebuild(source), "done");
    assertThat(rig.values(source, "pressure_bar").count()).as("two of one key").isEqualTo(3);
    rig.send(source, source.batch(Event.reading(2, at.plusSeconds(1), "2")));
    rig.awaitDurable(source, 5);
    assertThat(rig.values(source, "pressure_bar").count()).isEqualTo(4);
  }

  /// The numbers of the events whose letters are open.
  private List<Long> open() {
    return rig.superuser()
        .sql("SELECT seq FROM control.dead_letter WHERE settled_at IS NULL ORDER BY seq")
        .query(Long.class)
        .list();
  }

  private void refuses(boolean refuses) {
    rig.superuser()
        .sql(
            "ALTER TABLE analytics.metrics_min "
                + (refuses ? "ENABLE" : "DISABLE")
                + " TRIGGER refuse")
        .update();
  }

  @Test
  void a_letter_is_settled_by_a_model_that_folds_its_event_and_open_by_one_that_does_not() {
    rig.refuse666();
    rig.start();
    var at = source.capturedAt();
    var mended = Event.reading(1, at, "666");
    rig.send(source, source.barrier(), source.batch(mended, Event.reading(2, at, "666")));
    rig.send(source, source.batch(Event.reading(1, at, "4.5").as(Op.UPDATE)));
    rig.awaitDurable(source, 3);
    assertThat(open()).containsExactly(2L);

    awaitState(rig.requestRebuild(source), "done");
    assertThat(open()).as("refused again, and mended again").containsExactly(2L);

    refuses(false);
    var rebuild = rig.requestRebuild(source);
    awaitState(rebuild, "done");
    assertThat(open()).as("it can be folded").isEmpty();
    assertThat(rig.letters(source)).hasSize(2);

    refuses(true);
    awaitState(rig.requestRebuild(source), "done");
    assertThat(open()).as("it cannot").containsExactly(2L);
  }

  @Test
  void a_change_of_a_key_that_is_refused_again_is_open_until_both_rows_are_mended() {
    rig.refuse666();
    rig.start();
    var at = source.capturedAt();
    rig.send(source, source.barrier(), source.batch(Event.reading(1, at, "1")));
    rig.send(
        source, source.batch(Event.reading(2, at, "666").movedFrom("1", SimulatedSource.text(at))));
    // Without another one that is refused, the two would be folded together, and refused by nobody.
    rig.send(
        source, source.batch(Event.reading(2, at, "2").as(Op.UPDATE), Event.reading(9, at, "666")));
    rig.awaitDurable(source, 4);
    awaitState(rig.requestRebuild(source), "done");
    assertThat(open()).as("the old one stands where it was").containsExactly(2L, 4L);

    rig.send(source, source.batch(Event.reading(1, at, "1").as(Op.DELETE)));
    rig.awaitDurable(source, 5);
    assertThat(open()).containsExactly(4L);
    awaitState(rig.requestRebuild(source), "done");
    assertThat(open()).as("refused and mended again").containsExactly(4L);
  }

  private long tablesNotExact() {
    return TestSources.tablesNotExact(rig.database, source.tenant(), source.id());
  }

  @Test
  void a_batch_that_nobody_could_read_keeps_tables_from_being_exact_until_a_snapshot_holds_all() {
    rig.start();
    rig.send(source, source.barrier(), readings(20));
    rig.awaitDurable(source, 20);
    assertThat(tablesNotExact()).isZero();
    rig.send(source, source.nonsense(3), readings(20));
    rig.awaitDurable(source, 43);
    assertThat(tablesNotExact()).isEqualTo(1);
    awaitState(rig.requestRebuild(source), "done");
    assertThat(tablesNotExact()).as("built anew from what is here").isEqualTo(1);

    rig.send(source, source.nextEpoch(), source.wholeSnapshot(Event.reading(7, NOON, "4.5")));
    await().atMost(SOON).untilAsserted(() -> assertThat(tablesNotExact()).isZero());
  }

  @Test
  void an_event_that_bronze_refused_keeps_its_table_from_being_exact_until_it_is_read_again() {
    rig.refuse("bronze.cdc_events", "NEW.seq = 2", "22003");
    rig.start();
    rig.send(
        source,
        source.barrier(),
        source.batch(
            Event.reading(1, NOON, "1"), Event.reading(2, NOON, "2"), Event.reading(3, NOON, "3")));
    rig.awaitDurable(source, 3);
    assertThat(rig.letters(source))
        .extracting(IngestRig.Letter::cause)
        .containsExactly("not_in_bronze");
    awaitState(rig.requestRebuild(source), "done");
    assertThat(rig.values(source, "pressure_bar").count()).as("it is gone").isEqualTo(2);
    assertThat(tablesNotExact()).isEqualTo(1);

    rig.send(source, source.batch(Event.CLEARED, Event.reading(2, NOON, "2").as(Op.READ)));
    rig.awaitDurable(source, 5);
    assertThat(tablesNotExact()).isZero();
    awaitState(rig.requestRebuild(source), "done");
    assertThat(tablesNotExact()).as("read again in the new one too").isZero();
  }

  @Test
  void a_table_of_which_bronze_refused_all_that_came_is_not_exact_when_it_is_built_anew_either() {
    rig.refuse("bronze.cdc_events", "NEW.seq = 1", "22003");
    rig.start();
    rig.send(source, source.barrier(), source.batch(Event.reading(1, NOON, "1")));
    rig.awaitDurable(source, 1);
    assertThat(tablesNotExact()).isEqualTo(1);
    awaitState(rig.requestRebuild(source), "done");
    assertThat(rig.values(source, "pressure_bar").count()).as("it is gone").isZero();
    assertThat(tablesNotExact()).isEqualTo(1);
  }

  @Test
  void one_that_is_cancelled_settles_no_letter() {
    rig.refuse666();
    var ingest = rig.start();
    rig.send(source, source.barrier(), source.batch(Event.reading(2, source.capturedAt(), "666")));
    rig.send(source, readings(4_000), readings(4_000));
    rig.awaitDurable(source, 8_001);
    rig.stop(ingest);
    refuses(false);
    var rebuild = rig.requestRebuild(source);
    var followers = new Followers(rig.parts(), new Checkpoints());
    followers.round();
    followers.round();
    assertThat(rig.rebuildState(rebuild)).isEqualTo("running");
    rig.superuser().sql("UPDATE control.rebuild SET cancel_requested_at = now()").update();
    followers.round();
    assertThat(rig.rebuildState(rebuild)).isEqualTo("cancelled");
    assertThat(open()).containsExactly(1L);
  }

  @Test
  void events_that_a_range_stands_for_get_no_letters_of_their_own_when_all_is_built_anew() {
    var events = new Event[150];
    for (var i = 0; i < events.length; i++) {
      events[i] =
          new Event(
              Op.INSERT,
              Arrays.asList(null, SimulatedSource.text(source.capturedAt()), i + ".5", "1", null));
    }
    rig.start();
    rig.send(source, source.barrier(), source.batch(events));
    rig.awaitDurable(source, 150);
    var letters = rig.letters(source);
    assertThat(letters).hasSize(101);
    var open = open();
    assertThat(open).as("the range").contains(101L);

    awaitState(rig.requestRebuild(source), "done");

    assertThat(rig.letters(source)).isEqualTo(letters);
    assertThat(open()).isEqualTo(open);
  }

  @Test
  void what_only_a_model_that_is_never_shown_refused_is_not_open() {
    rig.refuse666();
    refuses(false);
    var ingest = rig.start();
    rig.send(source, source.barrier(), readingsOf666(1));
    rig.send(source, readings(4_000), readings(4_000));
    rig.awaitDurable(source, 8_001);
    rig.stop(ingest);
    refuses(true);
    var rebuild = rig.requestRebuild(source);
    var followers = new Followers(rig.parts(), new Checkpoints());
    followers.round();
    followers.round();
    assertThat(rig.rebuildState(rebuild)).isEqualTo("running");
    assertThat(rig.letters(source)).hasSize(1);
    assertThat(open()).isEmpty();
    rig.superuser().sql("UPDATE control.rebuild SET cancel_requested_at = now()").update();
    followers.round();
    assertThat(rig.rebuildState(rebuild)).isEqualTo("cancelled");
    assertThat(open()).isEmpty();
  }

  @Test
  void what_is_refused_first_when_all_is_built_anew_has_letters_and_a_range_beyond_a_thousand() {
    rig.refuse666();
    refuses(false);
    rig.start();
    rig.send(source, source.barrier(), readingsOf666(600));
    rig.awaitDurable(source, 600);
    refuses(true);
    awaitState(rig.requestRebuild(source), "done");
    assertThat(rig.letters(source)).hasSize(600);

    refuses(false);
    rig.send(source, readingsOf666(500));
    rig.awaitDurable(source, 1_100);
    refuses(true);
    awaitState(rig.requestRebuild(source), "done");
    assertThat(rig.letters(source)).as("a thousand and the range").hasSize(1_001);
    assertThat(ranges()).containsExactly("1001 to 1100");

    awaitState(rig.requestRebuild(source), "done");
    assertThat(rig.letters(source)).hasSize(1_001);
  }

  @Test
  void an_event_within_a_range_that_was_made_to_reach_further_gets_a_letter_of_its_own() {
    rig.refuse666();
    refuses(false);
    rig.start();
    rig.send(source, source.barrier(), source.batch(50), readingsOf666(1), source.batch(50));
    rig.awaitDurable(source, 101);
    rig.superuser()
        .sql(
            """
            INSERT INTO control.dead_letter (dead_letter_id, tenant_id, source_id, epoch, seq, seq_end, cause, detail,
              sample, at, stretched)
            SELECT gen_random_uuid(), tenant_id, source_id, 1, 10, 100, 'too_many_in_batch', '', '', now(), true
            FROM control.source WHERE source_id = :source
            """)
        .param("source", source.id())
        .update();
    refuses(true);
    awaitState(rig.requestRebuild(source), "done");
    assertThat(open()).containsExactly(10L, 51L);
  }

  private SimulatedSource.Batch readingsOf666(int count) {
    var events = new Event[count];
    for (var i = 0; i < count; i++) {
      events[i] = Event.reading(1_000 + i, source.capturedAt(), "666");
    }
    return source.batch(events);
  }

  private List<String> ranges() {
    return rig.superuser()
        .sql(
            """
            SELECT seq || ' to ' || seq_end FROM control.dead_letter
            WHERE source_id = :source AND seq_end > seq ORDER BY seq
            """)
        .param("source", source.id())
        .query(String.class)
        .list();
  }

  @Test
  void a_source_of_which_too_much_is_refused_falls_behind_alone_and_catches_up() {
    rig.refuse666();
    var healthy = rig.source(rig.tenant("healthy"), 0);
    var ingest = rig.start();
    rig.send(healthy, healthy.barrier());
    rig.send(source, source.barrier(), source.batch(50));
    rig.awaitDurable(source, 50);

    rig.stop(ingest);
    var good = 50;
    for (var batch = 0; batch < 4; batch++) {
      var events = new ArrayList<Event>();
      for (var i = 0; i < 300; i++) {
        var refused = i % 5 == 0;
        good += refused ? 0 : 1;
        events.add(
            Event.reading(1_000 + batch * 1_000 + i, source.capturedAt(), refused ? "666" : "4.5"));
      }
      rig.send(source, source.batch(events.toArray(Event[]::new)));
      rig.send(healthy, healthy.batch(20));
    }
    var all = good;
    rig.start("b");
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> rig.bronze(source, 1).size() == 1_250);
    rig.awaitDurable(healthy, 80);
    assertThat(rig.values(healthy, "pressure_bar").count()).isEqualTo(80);
    assertThat(rig.followed(source)).isTrue();

    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> rig.values(source, "pressure_bar").count() == all && rig.attached(source));
    assertThat(rig.letters(source)).hasSize(240);
    rig.send(source, source.batch(Event.reading(9_000, source.capturedAt(), "1")));
    rig.awaitDurable(source, 1_251);
    await().atMost(SOON).until(() -> rig.values(source, "pressure_bar").count() == all + 1);

    var flowed = contents(live());
    awaitState(rig.requestRebuild(source), "done");
    assertThat(contents(live())).isEqualTo(flowed);
  }
}
