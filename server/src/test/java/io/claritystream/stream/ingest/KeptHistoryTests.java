package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.protocol.block.ValueKind;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import io.claritystream.stream.materializer.ModelContents;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Rows that a source has deleted stay, where they are to, over a new copy of all its tables: such
/// a copy begins every other table anew, and them alone it adds to.
class KeptHistoryTests {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String READINGS = "public.pump_reading";

  private IngestRig rig;
  private SimulatedSource source;
  private Instant at;

  @BeforeEach
  void begin() {
    rig = new IngestRig(1);
    source = rig.source(rig.tenant("one"), 0);
    at = Instant.parse("2026-11-20T12:00:00Z");
  }

  @AfterEach
  void end() {
    rig.close();
  }

  private void choose(String table, String onDelete) {
    rig.superuser()
        .sql(
            """
            INSERT INTO control.source_table_option (source_id, table_name, tenant_id, on_delete)
            VALUES (:source, :table, :tenant, :on_delete)
            ON CONFLICT (source_id, table_name) DO UPDATE SET on_delete = excluded.on_delete
            """)
        .param("source", source.id())
        .param("table", table)
        .param("tenant", source.tenant().value())
        .param("on_delete", onDelete)
        .update();
  }

  private Event reading(int pump, String pressure) {
    return Event.reading(pump, at, pressure);
  }

  private Event read(int pump, String pressure) {
    return reading(pump, pressure).as(Op.READ);
  }

  private Event stop(Op op, int id, String reason) {
    return new Event(
        op,
        Arrays.asList(
            String.valueOf(id), "1", SimulatedSource.text(at.plusSeconds(id)), null, reason));
  }

  private List<String> rebuilds() {
    return rig.superuser()
        .sql("SELECT state FROM control.rebuild ORDER BY requested_at, ended_at NULLS LAST")
        .query(String.class)
        .list();
  }

  private int live() {
    return rig.superuser()
        .sql("SELECT model_id FROM analytics.model WHERE source_id = :source AND state = 'live'")
        .param("source", source.id())
        .query(Integer.class)
        .single();
  }

  private List<String> contents(int model) {
    return ModelContents.of(rig.superuser(), model);
  }

  private void awaitTaken() {
    await().atMost(SOON).pollInterval(Duration.ofMillis(10)).until(() -> rig.taken() == rig.end());
  }

  /// All that was sent is stored, nothing is being built, and ingest folds into what is shown.
  private void settle() {
    awaitTaken();
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(20))
        .until(
            () ->
                rig.superuser()
                    .sql(
                        """
                        SELECT NOT EXISTS (SELECT FROM control.rebuild WHERE ended_at IS NULL)
                          AND c.model_id = m.model_id
                        FROM control.checkpoint_source c JOIN analytics.model m USING (source_id)
                        WHERE source_id = :source AND m.state = 'live'
                        """)
                    .param("source", source.id())
                    .query(Boolean.class)
                    .single());
  }

  private void awaitFollowed(int epoch, long seq) {
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(10))
        .until(
            () ->
                rig.superuser()
                        .sql(
                            """
                        SELECT count(*) FROM analytics.model
                        WHERE purpose = 'rebuild' AND (applied_epoch, applied_seq) = (:epoch, :seq)
                        """)
                        .param("epoch", epoch)
                        .param("seq", seq)
                        .query(Long.class)
                        .single()
                    == 1);
  }

  private void assertRebuiltTheSame() {
    settle();
    var before = live();
    rig.requestRebuild(source);
    settle();
    assertThat(live()).isNotEqualTo(before);
    assertThat(contents(live())).isEqualTo(contents(before)).isNotEmpty();
  }

  private List<String> stops() {
    return rig.database
        .tenantTransactions()
        .read(
            source.tenant(),
            sql ->
                sql.sql("SELECT key FROM analytics.entities WHERE kind = 'row' ORDER BY key")
                    .query(String.class)
                    .list());
  }

  private void firstCopy() {
    rig.send(source, source.barrier(), source.snapshot(read(1, "1"), read(2, "2"), read(3, "3")));
    rig.send(
        source,
        source.batch(SimulatedSource.STOP, stop(Op.READ, 1, "jam"), stop(Op.READ, 2, "jam")),
        source.snapshotEnd());
    rig.send(source, source.batch(reading(4, "4"), reading(1, "1").as(Op.DELETE)));
    rig.send(source, source.batch(SimulatedSource.STOP, stop(Op.DELETE, 1, "jam")));
  }

  @Test
  void what_was_deleted_before_a_copy_and_what_vanished_meanwhile_stays_and_the_rest_is_the_copy() {
    choose(READINGS, "keep");
    rig.start();
    firstCopy();
    awaitTaken();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 3", "4 4");
    var barrier = source.nextEpoch();
    // Missed: 2 was deleted, 3 changed, 5 is new; stop 2 was deleted.
    rig.send(source, barrier, source.snapshot(read(3, "30")));
    rig.send(source, source.batch(SimulatedSource.STOP, stop(Op.READ, 3, "jam")));
    awaitTaken();
    awaitFollowed(2, 2);
    assertThat(rig.pressuresSeen(source)).as("frozen").containsExactly("1 1", "2 2", "3 3", "4 4");
    assertThat(stops()).containsExactly("2");
    assertThat(rig.durable(source)).as("acknowledged all the same").isEqualTo(2);

    rig.send(source, source.batch(read(4, "4")), source.snapshotEnd(read(5, "5")));
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 30", "4 4", "5 5");
    assertThat(stops()).as("not chosen to be kept").containsExactly("3");
    assertThat(rebuilds()).containsExactly("done");

    rig.send(
        source, source.batch(reading(3, "30").as(Op.DELETE), reading(1, "100"), reading(2, "200")));
    settle();
    assertThat(rig.pressuresSeen(source))
        .as("whose key comes again is another row")
        .containsExactly("1 101", "2 202", "3 30", "4 4", "5 5");
    assertRebuiltTheSame();
  }

  @Test
  void a_source_that_keeps_nothing_is_copied_as_it_comes() {
    choose(READINGS, "retract");
    rig.start();
    firstCopy();
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.snapshot(read(3, "30")), source.snapshotEnd());
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("3 30");
    assertThat(rebuilds()).isEmpty();
  }

  @Test
  void a_copy_that_is_cut_short_twice_is_followed_by_a_whole_one() {
    choose(READINGS, "keep");
    rig.start();
    firstCopy();
    for (var epoch = 2; epoch <= 3; epoch++) {
      var barrier = source.nextEpoch();
      rig.send(source, barrier, source.snapshot(read(3, "300"), read(6, "6" + epoch)));
      rig.send(source, source.batch(SimulatedSource.STOP, stop(Op.READ, 9, "jam")));
      awaitTaken();
      assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 3", "4 4");
    }
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.snapshot(read(3, "30")), source.snapshotEnd(read(4, "4")));
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 30", "4 4", "6 63");
    assertThat(stops()).isEmpty();
    assertThat(rebuilds()).endsWith("done").containsOnlyOnce("done").doesNotContain("running");
    assertThat(
            rig.superuser()
                .sql("SELECT count(*) FROM analytics.model WHERE state = 'building'")
                .query(Long.class)
                .single())
        .isZero();
    assertRebuiltTheSame();
  }

  @Test
  void what_is_chosen_holds_for_all_that_was_ever_captured() {
    rig.start();
    firstCopy();
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.wholeSnapshot(read(3, "30")));
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("3 30");

    choose(READINGS, "keep");
    rig.requestRebuild(source);
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 30", "4 4");
    assertThat(stops()).isEmpty();

    choose(READINGS, "retract");
    rig.requestRebuild(source);
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("3 30");

    barrier = source.nextEpoch();
    rig.send(source, barrier, source.wholeSnapshot(read(7, "7")));
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("7 7");
    choose(READINGS, "keep");
    rig.requestRebuild(source);
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 30", "4 4", "7 7");
    assertRebuiltTheSame();
  }

  @Test
  void a_rebuild_that_was_asked_for_gives_way_to_a_copy_and_holds_what_it_would_have() {
    var taking = rig.start("a", rig.parts(rig.memory(), toFollowers()));
    firstCopy();
    awaitTaken();
    choose(READINGS, "keep");
    rig.requestRebuild(source);
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.wholeSnapshot(read(3, "30")));
    awaitTaken();
    rig.stop(taking);
    assertThat(rebuilds()).containsExactly("replaced", "waiting");
    rig.start("b");
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 30", "4 4");
    assertRebuiltTheSame();
  }

  @Test
  void a_copy_that_begins_while_what_is_carried_over_is_folded_begins_none_of_it_again() {
    choose(READINGS, "keep");
    var taking = rig.start("a", rig.parts(rig.memory(), toFollowers()));
    firstCopy();
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.snapshot(read(3, "300"), read(6, "6")));
    awaitTaken();
    var followers = new Followers(rig.parts(), new Checkpoints());
    assertThat(followers.round()).as("a model is made").isTrue();
    assertThat(followers.round()).as("what is carried over is folded").isTrue();
    var building = building();
    assertThat(building).hasSize(1);
    for (var gaps = 0; gaps < 3; gaps++) {
      barrier = source.nextEpoch();
      rig.send(source, barrier, source.wholeSnapshot(read(3, "30"), read(4, "4" + gaps)));
      awaitTaken();
      assertThat(building()).isEqualTo(building);
      assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 3", "4 4");
    }
    roundsOf(followers);
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 30", "4 42", "6 6");
    assertThat(stops()).isEmpty();
    assertThat(rebuilds()).containsExactly("done");
    rig.stop(taking);
    expireLeases();
    rig.start("b");
    assertRebuiltTheSame();
  }

  private String progress() {
    return rig.superuser()
        .sql("SELECT events_done || '/' || events_total FROM control.rebuild")
        .query(String.class)
        .single();
  }

  /// What the agent says of the copy that it reads.
  private void announce(int rows) {
    rig.superuser()
        .sql(
            """
            INSERT INTO control.source_status (source_id, tenant_id, session, state, detail,
              captured_seq, spool_bytes, spool_limit_bytes, lag_bytes, snapshot_tables_done,
              snapshot_tables_total, snapshot_rows, position, events_per_s, reported_at)
            VALUES (:source, :tenant, 1, 'snapshotting', '', 0, 0, 0, 0, 2, 2, :rows, '', 0, now())
            """)
        .param("source", source.id())
        .param("tenant", source.tenant().value())
        .param("rows", rows)
        .update();
  }

  @Test
  void the_rows_that_a_copy_has_yet_to_bring_are_among_those_that_are_to_be_folded() {
    choose(READINGS, "keep");
    var taking = rig.start("a", rig.parts(rig.memory(), toFollowers()));
    firstCopy();
    var before = source.lastSeq();
    rig.send(source, source.nextEpoch(), source.snapshot(read(3, "30"), read(4, "4")));
    awaitTaken();
    announce(10);
    var followers = new Followers(rig.parts(), new Checkpoints());
    followers.round();
    assertThat(progress()).as("as it begins").isEqualTo("0/" + (before + 10));
    roundsOf(followers);
    assertThat(progress()).as("eight rows are missing").isEqualTo(before + 2 + "/" + (before + 10));

    var last = new Event[8];
    for (var i = 0; i < last.length; i++) {
      last[i] = read(5 + i, "5");
    }
    rig.send(source, source.snapshotEnd(last));
    awaitTaken();
    roundsOf(followers);
    assertThat(progress()).isEqualTo(before + 10 + "/" + (before + 10));
    assertThat(rebuilds()).containsExactly("done");
    rig.stop(taking);
  }

  @Test
  void half_a_copy_is_not_shown_by_who_believes_that_it_is_whole() throws SQLException {
    choose(READINGS, "keep");
    var taking = rig.start("a", rig.parts(rig.memory(), toFollowers()));
    firstCopy();
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.snapshot(read(3, "30")));
    awaitTaken();
    new Followers(rig.parts(), new Checkpoints()).round();
    var follower =
        new ModelFollower(
            rig.parts(),
            new Checkpoints(),
            UUID.randomUUID(),
            rig.parts().sources().find(source.id()).orElseThrow(),
            building().getFirst(),
            rig.superuser()
                .sql("SELECT rebuild_id FROM control.rebuild")
                .query(UUID.class)
                .single());
    for (var step = 0; step < 5; step++) {
      assertThat(follower.step(true)).isEqualTo(ModelFollower.Step.MOVED);
    }
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 3", "4 4");
    rig.send(source, source.snapshotEnd(read(4, "4")));
    awaitTaken();
    assertThat(follower.step(true)).isEqualTo(ModelFollower.Step.DONE);
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 30", "4 4");
    rig.stop(taking);
  }

  @Test
  void a_copy_that_begins_when_another_table_is_to_be_kept_carries_over_that_too() {
    choose(READINGS, "keep");
    var taking = rig.start("a", rig.parts(rig.memory(), toFollowers()));
    firstCopy();
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.snapshot(read(3, "300")));
    awaitTaken();
    var followers = new Followers(rig.parts(), new Checkpoints());
    followers.round();
    followers.round();
    choose("public.pump_stop", "keep");
    barrier = source.nextEpoch();
    rig.send(source, barrier, source.wholeSnapshot(read(3, "30")));
    awaitTaken();
    assertThat(building()).isEmpty();
    roundsOf(followers);
    assertThat(stops()).containsExactly("1", "2");
    assertThat(rebuilds()).containsExactly("replaced", "done");
    rig.stop(taking);
  }

  private List<Integer> building() {
    return rig.superuser()
        .sql("SELECT model_id FROM analytics.model WHERE state = 'building'")
        .query(Integer.class)
        .list();
  }

  private FailingService toFollowers() {
    return FailingService.toFollowers(rig.database.dataSource("service"));
  }

  @Test
  void a_model_that_had_fallen_behind_when_the_copy_began_is_frozen_there() {
    choose(READINGS, "keep");
    var taking = rig.start("a", rig.parts(rig.memory(), toFollowers()));
    firstCopy();
    awaitTaken();
    rig.stop(taking);
    rig.superuser()
        .sql(
            """
            UPDATE analytics.model SET detached_at = now(), applied_epoch = 1, applied_seq = 7
            WHERE state = 'live'
            """)
        .update();
    rig.superuser().sql("UPDATE control.checkpoint_source SET model_id = 0").update();
    taking = rig.start("b", rig.parts(rig.memory(), toFollowers()));
    rig.send(source, source.batch(reading(8, "8")));
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.snapshot(read(3, "30")));
    awaitTaken();
    var followers = new Followers(rig.parts(), new Checkpoints());
    while (followers.round()) {
      assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 3", "4 4");
    }
    rig.stop(taking);
    expireLeases();
    rig.start("c");
    rig.send(source, source.snapshotEnd());
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 30", "4 4", "8 8");
    assertRebuiltTheSame();
  }

  private void expireLeases() {
    rig.superuser()
        .sql("UPDATE analytics.model SET worker_until = now() - interval '1 s'")
        .update();
  }

  // Keys

  private static TableSchema keyedBy(String... columns) {
    var keys = List.of(columns);
    return new TableSchema(
        "public",
        "pump_reading",
        'd',
        "",
        SimulatedSource.READING.columns().stream()
            .map(
                column ->
                    new Column(
                        column.name(),
                        column.typeName(),
                        0,
                        column.kind(),
                        keys.contains(column.name()),
                        keys.contains(column.name()),
                        ""))
            .toList(),
        List.of());
  }

  private SimulatedSource.Batch copyOf(TableSchema table, Event... rows) {
    return source.batch(table, rows);
  }

  @Test
  void of_a_table_without_a_key_only_what_is_read_again_stays() {
    choose(READINGS, "keep");
    rig.start();
    var table = keyedBy();
    rig.send(source, source.barrier(), source.batch(table, reading(1, "1"), reading(2, "2")));
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.snapshot());
    rig.send(source, copyOf(table, read(2, "2"), read(3, "3")), source.snapshotEnd());
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("2 2", "3 3");
    assertRebuiltTheSame();
  }

  @Test
  void a_table_that_has_lost_its_key_keeps_what_was_deleted_while_it_had_one() {
    choose(READINGS, "keep");
    rig.start();
    rig.send(source, source.barrier(), source.batch(reading(1, "1"), reading(2, "2")));
    rig.send(source, source.batch(reading(1, "1").as(Op.DELETE)));
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.snapshot());
    rig.send(source, copyOf(keyedBy(), read(2, "2"), read(3, "3")), source.snapshotEnd());
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 3");
    assertRebuiltTheSame();
  }

  @Test
  void a_table_with_another_key_has_what_is_read_again_in_the_place_of_what_that_key_tells() {
    choose(READINGS, "keep");
    rig.start();
    rig.send(source, source.barrier(), source.batch(reading(1, "1"), reading(2, "2")));
    rig.send(source, source.batch(reading(3, "3")));
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.snapshot());
    rig.send(source, copyOf(keyedBy("pump_id"), read(2, "20"), read(4, "4")), source.snapshotEnd());
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 20", "3 3", "4 4");
    assertThat(
            rig.superuser()
                .sql("SELECT key_layout FROM analytics.model_table WHERE model_id = :model")
                .param("model", live())
                .query(String.class)
                .single())
        .as("its rows are not keyed anew by each process that comes after this one")
        .isEqualTo("key pump_id");
    assertRebuiltTheSame();
  }

  /// The readings, with one more column, and a key that may be made of it.
  private static TableSchema withLine(String... keys) {
    var columns = new ArrayList<>(keyedBy(keys).columns());
    var key = List.of(keys).contains("line");
    columns.add(new Column("line", "integer", 0, ValueKind.INT, key, key, ""));
    return new TableSchema("public", "pump_reading", 'd', "", columns, List.of());
  }

  private static Event line(Event event, int line) {
    var cells = new ArrayList<>(event.cells());
    cells.add(String.valueOf(line));
    return new Event(event.op(), cells);
  }

  /// Reads a table again, by itself or with all others.
  private void readAgain(boolean all, TableSchema table, Event... rows) {
    if (all) {
      var barrier = source.nextEpoch();
      rig.send(source, barrier, source.snapshot());
      rig.send(source, copyOf(table, rows), source.snapshotEnd());
    } else {
      rig.send(source, copyOf(table, Event.CLEARED));
      rig.send(source, copyOf(table, rows));
    }
  }

  @ParameterizedTest
  @CsvSource({"false,false", "false,true", "true,false", "true,true"})
  void a_key_that_rows_of_before_have_no_part_of_doubles_none_of_them(boolean all, boolean first) {
    choose(READINGS, "keep");
    rig.start();
    rig.send(source, source.barrier(), source.batch(reading(1, "1"), reading(2, "2")));
    rig.send(source, source.batch(reading(1, "1").as(Op.DELETE)));
    var table = withLine("pump_id", "read_at", "line");
    if (first) {
      rig.send(source, copyOf(table, line(reading(9, "9"), 7)));
      rig.send(source, copyOf(table, line(reading(9, "9").as(Op.DELETE), 7)));
    }
    readAgain(all, table, line(read(2, "2"), 7));
    settle();
    assertThat(rig.pressuresSeen(source))
        .containsExactlyElementsOf(first ? List.of("1 1", "2 2", "9 9") : List.of("1 1", "2 2"));
    assertRebuiltTheSame();
  }

  @ParameterizedTest
  @CsvSource({"keep,false", "keep,true", "retract,false", "retract,true"})
  void a_key_that_no_row_of_before_has_any_part_of_refuses_nothing(String onDelete, boolean all) {
    choose(READINGS, onDelete);
    rig.start();
    rig.send(source, source.barrier(), source.batch(reading(1, "1"), reading(2, "2")));
    var table = withLine("line");
    rig.send(source, copyOf(table, line(reading(9, "9"), 3)));
    awaitTaken();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "9 9");
    rig.send(source, copyOf(table, line(reading(9, "90").as(Op.UPDATE), 3)));
    readAgain(all, table, line(read(1, "1"), 1), line(read(2, "2"), 2), line(read(9, "90"), 3));
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "9 90");
    assertThat(letters()).isZero();
    assertRebuiltTheSame();
  }

  @ParameterizedTest
  @ValueSource(strings = {"keep", "retract"})
  void of_rows_that_a_new_key_takes_for_one_the_youngest_is_the_one_that_it_means(String onDelete) {
    choose(READINGS, onDelete);
    rig.start();
    rig.send(source, source.barrier(), source.batch(reading(1, "1"), reading(2, "2")));
    // That reading of 1 vanished, and another one came: nobody told that one had gone.
    var later = Event.reading(1, at.plusSeconds(60), "10");
    rig.send(source, source.batch(later));
    rig.send(source, copyOf(keyedBy("pump_id"), reading(3, "3")));
    awaitTaken();
    var keeps = onDelete.equals("keep");
    assertThat(rig.pressuresSeen(source)).containsExactly(keeps ? "1 11" : "1 10", "2 2", "3 3");
    rig.send(source, copyOf(keyedBy("pump_id"), Event.reading(1, at, "20").as(Op.UPDATE)));
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly(keeps ? "1 21" : "1 20", "2 2", "3 3");
    assertThat(letters()).isZero();
    assertRebuiltTheSame();
  }

  @Test
  void a_table_that_has_lost_its_key_keeps_what_was_deleted_over_a_reading_of_it_alone_too() {
    choose(READINGS, "keep");
    rig.start();
    rig.send(source, source.barrier(), source.batch(reading(1, "1"), reading(2, "2")));
    rig.send(source, source.batch(reading(1, "1").as(Op.DELETE)));
    rig.send(source, copyOf(keyedBy(), reading(3, "3")));
    readAgain(false, keyedBy(), read(2, "2"), read(3, "3"));
    readAgain(false, keyedBy(), read(2, "2"), read(3, "3"), read(4, "4"));
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 3", "4 4");
    assertRebuiltTheSame();
  }

  @Test
  void a_table_that_is_captured_no_more_leaves_what_was_deleted_of_it_and_comes_back_once() {
    choose(READINGS, "keep");
    rig.start();
    rig.send(source, source.barrier(), source.batch(reading(1, "1"), reading(2, "2")));
    rig.send(source, source.batch(reading(1, "1").as(Op.DELETE)));
    var nameAlone = new TableSchema("public", "pump_reading", 'd', "", List.of(), List.of());
    rig.send(source, copyOf(nameAlone, Event.CLEARED));
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1");

    readAgain(false, withLine("pump_id", "read_at"), line(read(2, "2"), 1), line(read(3, "3"), 1));
    rig.send(
        source, copyOf(withLine("pump_id", "read_at"), line(reading(3, "30").as(Op.UPDATE), 1)));
    settle();
    assertThat(rig.pressuresSeen(source))
        .as("read as what it was before")
        .containsExactly("1 1", "2 2", "3 30");
    assertThat(letters()).isZero();
    assertThat(
            rig.superuser()
                .sql("SELECT exact FROM analytics.table_state WHERE model_id = :model")
                .param("model", live())
                .query(Boolean.class)
                .single())
        .isTrue();
    assertRebuiltTheSame();
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.snapshot());
    rig.send(source, copyOf(nameAlone, Event.CLEARED), source.snapshotEnd());
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1");
    assertRebuiltTheSame();
  }

  @Test
  void a_renamed_table_leaves_what_was_deleted_under_its_old_name_and_doubles_nothing() {
    choose(READINGS, "keep");
    choose("public.pump_measured", "keep");
    rig.start();
    rig.send(source, source.barrier(), source.batch(reading(1, "1"), reading(2, "2")));
    rig.send(source, source.batch(reading(1, "1").as(Op.DELETE)));
    var nameAlone = new TableSchema("public", "pump_reading", 'd', "", List.of(), List.of());
    rig.send(source, copyOf(nameAlone, Event.CLEARED));
    rig.send(source, source.batchOf("pump_measured", Event.CLEARED, read(2, "2")));
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2");
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.snapshot());
    rig.send(source, source.batchOf("pump_measured", read(2, "2")), source.snapshotEnd());
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2");
    assertRebuiltTheSame();
  }

  private long letters() {
    return rig.superuser()
        .sql("SELECT count(*) FROM control.dead_letter WHERE cause <> 'row_unknown'")
        .query(Long.class)
        .single();
  }

  // Rows that are refused

  private long inQuarantine() {
    return rig.superuser()
        .sql("SELECT count(*) FROM control.quarantine WHERE model_id = :model")
        .param("model", live())
        .query(Long.class)
        .single();
  }

  @Test
  void a_row_in_quarantine_that_vanished_is_as_it_was_folded_last_and_stays_there() {
    choose(READINGS, "keep");
    rig.refuse666();
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
    choose(READINGS, "keep");
    rig.refuse666();
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
    choose(READINGS, "keep");
    rig.refuse666();
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
    choose(READINGS, "keep");
    rig.refuse666();
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
    choose(READINGS, "keep");
    rig.refuse666();
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
    choose(READINGS, "keep");
    rig.refuse666();
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
                .query(java.time.OffsetDateTime.class)
                .single()
                .toInstant())
        .isEqualTo(old.truncatedTo(ChronoUnit.MILLIS));
  }

  @ParameterizedTest
  @CsvSource({"retract,keep", "keep,retract"})
  void what_is_chosen_while_a_copy_is_about_to_begin_holds_for_it(String before, String then) {
    choose(READINGS, before);
    var armed = new AtomicBoolean();
    var service =
        new FailingService(
            rig.database.dataSource("service"),
            () -> {
              // The draft is built by now.
              if (Thread.currentThread().getName().startsWith("ingest-commit")
                  && armed.compareAndSet(true, false)) {
                choose(READINGS, then);
              }
              return false;
            });
    rig.start("a", rig.parts(rig.memory(), service));
    firstCopy();
    settle();
    var barrier = source.nextEpoch();
    rig.send(source, barrier);
    awaitTaken();
    armed.set(true);
    rig.send(source, source.wholeSnapshot(read(3, "30")));
    settle();
    assertThat(armed).isFalse();
    assertThat(rig.pressuresSeen(source))
        .containsExactlyElementsOf(
            then.equals("keep") ? List.of("1 1", "2 2", "3 30", "4 4") : List.of("3 30"));
    assertThat(
            rig.superuser()
                .sql("SELECT count(*) FROM analytics.model WHERE state = 'building'")
                .query(Long.class)
                .single())
        .isZero();
  }

  // Any history

  /// What a source holds, and what is to be seen of its readings.
  private final class Plant {
    private final Random random;
    private final Map<Integer, Integer> there = new HashMap<>();
    private final Map<Integer, Integer> shown = new HashMap<>();
    private final List<Integer> history = new ArrayList<>();

    private Plant(long seed) {
      random = new Random(seed);
    }

    /// @param told whether the agent sees it
    private Event change(boolean told) {
      var key = random.nextInt(12);
      var value = 1 + random.nextInt(50);
      var event = reading(key, String.valueOf(value)).note("note " + value);
      if (!there.containsKey(key)) {
        there.put(key, value);
        if (told) {
          var vanished = shown.put(key, value);
          if (vanished != null) {
            history.add(vanished);
          }
        }
        return event;
      }
      if (random.nextBoolean()) {
        there.put(key, value);
        if (told) {
          shown.put(key, value);
        }
        return event.as(Op.UPDATE);
      }
      there.remove(key);
      if (told) {
        history.add(shown.remove(key));
      }
      return event.deletedBy(2);
    }

    private Event[] changes(int count) {
      var events = new Event[count];
      for (var i = 0; i < count; i++) {
        events[i] = change(true);
      }
      return events;
    }

    private Event[] copy(int rows) {
      var events = new ArrayList<Event>();
      for (var row : there.entrySet()) {
        if (events.size() < rows) {
          shown.put(row.getKey(), row.getValue());
          events.add(read(row.getKey(), row.getValue().toString()).note("note " + row.getValue()));
        }
      }
      return events.toArray(Event[]::new);
    }

    private void gap() {
      for (var i = 0; i < 6; i++) {
        change(false);
      }
      if (random.nextInt(3) == 0) {
        var barrier = source.nextEpoch();
        rig.send(source, barrier, source.snapshot(copy(3)));
        change(false);
      }
      var barrier = source.nextEpoch();
      rig.send(source, barrier, source.snapshot(copy(4)));
      rig.send(source, source.batch(SimulatedSource.STOP, stop(Op.READ, random.nextInt(9), "jam")));
      rig.send(source, source.snapshotEnd(copy(100)));
    }

    private void assertShown() {
      var sum = BigDecimal.ZERO;
      for (var value : history) {
        sum = sum.add(BigDecimal.valueOf(value));
      }
      for (var value : shown.values()) {
        sum = sum.add(BigDecimal.valueOf(value));
      }
      var values = rig.values(source, "pressure_bar");
      assertThat(values.count()).isEqualTo(history.size() + shown.size());
      assertThat(values.sum()).isEqualByComparingTo(sum);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void every_row_that_ever_was_is_held_once_whatever_happened(long seed) {
    choose(READINGS, "keep");
    rig.start();
    var plant = new Plant(seed);
    rig.send(source, source.barrier());
    for (var round = 0; round < 6; round++) {
      rig.send(source, source.batch(plant.changes(5)), source.batch(plant.changes(9)));
      rig.send(
          source,
          source.batch(
              SimulatedSource.STATE,
              new Event(
                  Op.INSERT,
                  Arrays.asList(
                      String.valueOf(round),
                      "1",
                      SimulatedSource.text(at.plusSeconds(round)),
                      "state"))));
      if (round % 2 == 0) {
        settle();
        plant.assertShown();
      }
      plant.gap();
    }
    rig.send(source, source.batch(plant.changes(9)));
    settle();
    plant.assertShown();
    assertThat(plant.history).hasSizeGreaterThan(5);
    assertRebuiltTheSame();
  }

  /// What ingest leaves behind a whole copy, once more.
  private void carryOverAgain() {
    rig.superuser()
        .sql(
            """
            INSERT INTO control.rebuild (rebuild_id, tenant_id, source_id, state, requested_at,
              snapshot_epoch, snapshot_seq, snapshot_ended_seq)
            SELECT gen_random_uuid(), tenant_id, source_id, 'waiting', now(), snapshot_epoch,
              snapshot_seq, snapshot_ended_seq
            FROM control.rebuild WHERE state = 'done' ORDER BY requested_at DESC LIMIT 1
            """)
        .update();
    rig.superuser().sql("UPDATE control.checkpoint_source SET model_id = 0").update();
  }

  @Test
  void a_process_that_is_killed_at_any_step_of_the_carrying_over_leaves_it_to_the_next() {
    choose(READINGS, "keep");
    var ingest = rig.start();
    var plant = new Plant(11);
    rig.send(source, source.barrier(), source.batch(plant.changes(9)));
    plant.gap();
    rig.send(source, source.batch(plant.changes(9)));
    plant.gap();
    settle();
    rig.stop(ingest);
    var expected = contents(live());
    var call = 0;
    var died = true;
    while (died) {
      carryOverAgain();
      var service = FailingService.from(rig.database.dataSource("service"), ++call);
      roundsOf(new Followers(rig.parts(rig.memory(), service), new Checkpoints()));
      died = service.failed();
      expireLeases();
      roundsOf(new Followers(rig.parts(), new Checkpoints()));
      assertThat(rebuilds()).containsOnly("done", "replaced");
      assertThat(contents(live())).isEqualTo(expected);
    }
    assertThat(call).isGreaterThan(12);
    plant.assertShown();
  }

  private static void roundsOf(Followers followers) {
    for (var round = 0; followers.round(); round++) {
      assertThat(round).isLessThan(100);
    }
  }

  @Test
  void a_process_that_is_killed_while_it_takes_a_copy_in_leaves_it_to_the_next() {
    choose(READINGS, "keep");
    var plant = new Plant(12);
    var next = rig.start();
    rig.send(source, source.barrier(), source.batch(plant.changes(6)));
    settle();
    var begins = "INSERT INTO control.rebuild";
    var ends = "SET snapshot_ended_seq";
    for (var step : List.of(begins, ends, "1", "2", "3", "4")) {
      rig.stop(next);
      plant.gap();
      var database = rig.database.dataSource("service");
      var service =
          step.length() > 1
              ? FailingService.atCommitOf(database, step)
              : FailingService.toIngest(database, Integer.parseInt(step));
      var dying =
          rig.start("dying" + step.length() + step.charAt(0), rig.parts(rig.memory(), service));
      await().atMost(SOON).until(service::failed);
      rig.stop(dying);
      expireLeases();
      next = rig.start("next" + step.length() + step.charAt(0));
      settle();
      plant.assertShown();
    }
    assertRebuiltTheSame();
  }
}
