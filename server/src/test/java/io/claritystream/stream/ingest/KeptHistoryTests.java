package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.protocol.block.Op;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Rows that a source has deleted stay, where they are to, over a new copy of all its tables: such
/// a copy begins every other table anew, and them alone it adds to.
class KeptHistoryTests extends KeptHistory {
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

  private FailingService toFollowers() {
    return FailingService.toFollowers(rig.database.dataSource("service"));
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
    assertThat(building()).isEmpty();
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
    assertThat(building()).isEmpty();
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

  private List<String> spans() {
    return rig.superuser()
        .sql(
            """
            SELECT s.reason || ' ' || coalesce(to_char(s.ended_at AT TIME ZONE 'UTC', 'HH24:MI:SS'), 'lasts')
            FROM analytics.sessions s JOIN analytics.model m USING (model_id)
            WHERE m.state = 'live' ORDER BY 1
            """)
        .query(String.class)
        .list();
  }

  @Test
  void a_stop_that_was_open_when_its_row_was_deleted_ends_there_and_lasts_no_longer() {
    choose("public.pump_stop", "keep");
    rig.start();
    source.capturedAt(at);
    rig.send(
        source,
        source.barrier(),
        source.batch(SimulatedSource.STOP, stop(Op.INSERT, 1, "a"), stop(Op.INSERT, 2, "b")));
    settle();
    assertThat(spans()).containsExactly("a lasts", "b lasts");
    source.capturedAt(at.plusSeconds(90));
    // One that was stored before, and one of which the same batch tells all.
    rig.send(
        source,
        source.batch(
            SimulatedSource.STOP,
            stop(Op.DELETE, 1, "a"),
            stop(Op.INSERT, 3, "c"),
            stop(Op.DELETE, 3, "c")));
    settle();
    assertThat(spans()).containsExactly("a 12:01:30", "b lasts", "c 12:01:30");
    assertRebuiltTheSame();
    assertThat(spans()).containsExactly("a 12:01:30", "b lasts", "c 12:01:30");
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
}
