package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.embedded.TestKafka;
import io.claritystream.protocol.block.Op;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What is left after things went wrong: each test has an ingest and a topic of its own.
class IngestRecoveryTests {
  private final IngestRig rig = new IngestRig(1);

  @AfterEach
  void stop() {
    rig.close();
  }

  private SimulatedSource source() {
    return rig.source(rig.tenant("Northgate"), 0);
  }

  @Test
  void of_two_consumers_on_one_partition_one_commits_and_the_other_is_fenced() throws Exception {
    var source = source();
    rig.start("a");
    rig.start("zombie");
    rig.send(source, source.batch(1));
    rig.awaitDurable(source, 1);
    var fenced = rig.count("clarity_ingest_fenced");
    try (var blocker = rig.connect();
        var statement = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      statement.execute("SELECT next_offset FROM control.checkpoint_partition FOR UPDATE");
      rig.send(source, source.batch(5));
      // Both stand before the fence with the same batch.
      rig.awaitWaiting(2);
    }
    rig.awaitDurable(source, 6);
    await().atMost(IngestRig.SOON).until(() -> rig.count("clarity_ingest_fenced") > fenced);
    for (var i = 0; i < 50; i++) {
      rig.send(source, source.batch(10));
    }
    rig.awaitDurable(source, 506);
    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(506));
    rig.assertFolded(source, 506);
    assertThat(rig.letters(source)).isEmpty();
  }

  @Test
  void what_was_taken_before_a_restart_is_not_taken_again() {
    var source = source();
    var first = rig.start();
    rig.send(source, source.batch(3), source.batch(3));
    rig.awaitDurable(source, 6);
    rig.stop(first);
    rig.send(source, source.batch(3));
    rig.start();
    rig.awaitDurable(source, 9);
    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(9));
    rig.assertFolded(source, 9);
    assertThat(rig.count("clarity_ingest_dropped_records", "repeated")).isZero();
  }

  @Test
  void a_position_beyond_the_end_means_from_the_beginning() {
    var source = source();
    var first = rig.start();
    rig.send(source, source.batch(3));
    rig.awaitDurable(source, 3);
    rig.stop(first);
    rig.superuser().sql("UPDATE control.checkpoint_partition SET next_offset = 4711").update();
    rig.send(source, source.batch(2));
    rig.start();
    rig.awaitDurable(source, 5);
    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(5));
    assertThat(rig.count("clarity_ingest_dropped_records", "repeated")).isEqualTo(1);
  }

  @Test
  void a_topic_made_anew_is_read_from_its_beginning_and_nothing_is_lost() throws Exception {
    var source = source();
    rig.start();
    rig.send(source, source.batch(3), source.batch(3));
    rig.awaitDurable(source, 6);
    try (var admin = Admin.create(TestKafka.shared().access().properties())) {
      admin.deleteTopics(List.of(rig.settings.topic())).all().get(10, TimeUnit.SECONDS);
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> admin.listTopics().names().get().contains(rig.settings.topic()));
    }
    var next = source.batch(4);
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions()
        .until(
            () -> {
              rig.send(source, next);
              return true;
            });
    rig.awaitDurable(source, 10);
    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(10));
    assertThat(
            rig.superuser()
                .sql("SELECT count(*) FROM control.checkpoint_partition")
                .query(Integer.class)
                .single())
        .isEqualTo(2);
  }

  @Test
  void a_table_that_fits_nowhere_fills_neither_the_memory_nor_the_dead_letters() {
    var source = source();
    rig.start();
    var events = new Event[400];
    for (var batch = 1; batch <= 12; batch++) {
      for (var i = 0; i < events.length; i++) {
        // Each of another row: none takes the place of another.
        var at = source.capturedAt().plusSeconds(400L * batch + i);
        events[i] =
            new Event(
                Op.INSERT,
                java.util.Arrays.asList(null, SimulatedSource.text(at), "4.5", "1", null));
      }
      rig.send(source, source.batch(events));
      rig.awaitDurable(source, batch * 400L);
    }
    var letters = rig.letters(source);
    assertThat(letters.stream().filter(letter -> letter.cause().equals("mapping_failed")))
        .hasSize(FoundNow.LETTERS_OF_TABLE_MAX)
        .allSatisfy(letter -> assertThat(letter.rowKey()).startsWith("-;"));
    assertThat(letters.stream().filter(letter -> letter.cause().equals("too_many_in_batch")))
        .as("one a batch")
        .hasSize(12);
    assertThat(letters.getLast().seqEnd()).isEqualTo(4_800);
    assertThat(rig.bronze(source, 1)).hasSize(4_800);
  }

  @Test
  void of_two_consumers_that_take_turns_each_begins_with_what_the_other_has_folded() {
    var source = source();
    var one = rig.start("a");
    rig.send(source, source.batch(Event.reading(1, source.capturedAt(), "4.5").note("one")));
    rig.awaitDurable(source, 1);
    rig.stop(one);
    rig.start("b");
    rig.send(source, source.batch(Event.reading(1, source.capturedAt().plusSeconds(1), "4.25")));
    rig.awaitDurable(source, 2);
    assertThat(rig.values(source, "pressure_bar").sum()).isEqualByComparingTo("8.75");
  }

  @Test
  void a_partition_that_moves_away_and_back_is_folded_as_if_it_had_stayed() {
    var moved = source();
    var stayed = source();
    var one = rig.memory();
    var other = rig.memory();
    var random = new Random(7);
    var sent = new ArrayList<Event[]>();
    var last = 0L;
    for (var turn = 0; turn < 6; turn++) {
      var ingest = turn % 2 == 0 ? rig.start("one", one) : rig.start("other", other);
      // Few rows, so that each process has to do again with what the other has changed.
      var events = new Event[12];
      for (var i = 0; i < events.length; i++) {
        events[i] =
            Event.reading(
                    random.nextInt(4 + turn),
                    moved.capturedAt().plusSeconds(random.nextInt(180)),
                    "4." + random.nextInt(1_000))
                .note("note " + random.nextInt(2));
      }
      rig.send(moved, moved.batch(events));
      sent.add(events);
      last += events.length;
      rig.awaitDurable(moved, last);
      rig.stop(ingest);
    }
    rig.start("alone");
    for (var events : sent) {
      rig.send(stayed, stayed.batch(events));
    }
    rig.awaitDurable(stayed, last);
    assertThat(rig.models(moved)).hasSizeGreaterThan(20).isEqualTo(rig.models(stayed));
  }
}
