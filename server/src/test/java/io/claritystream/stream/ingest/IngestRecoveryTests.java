package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.embedded.TestKafka;
import io.claritystream.protocol.block.Op;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import java.time.Duration;
import java.time.Instant;
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
      await()
          .atMost(IngestRig.SOON)
          .until(
              () ->
                  rig.superuser()
                          .sql(
                              """
                              SELECT count(*) FROM pg_stat_activity
                              WHERE datname = current_database() AND wait_event_type = 'Lock'
                              """)
                          .query(Integer.class)
                          .single()
                      == 2);
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
  void a_flood_of_poison_leaves_the_model_behind_until_every_guilty_event_is_found() {
    refuse666();
    var source = source();
    rig.start();
    var at = Instant.parse("2026-11-20T12:00:00Z");
    var events = new Event[260];
    for (var i = 0; i < events.length; i++) {
      events[i] = Event.reading(i, at, i % 2 == 0 ? "666" : "4.5");
    }
    rig.send(source, source.batch(events));
    await().atMost(Duration.ofMinutes(1)).until(() -> rig.durable(source) == 260);
    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(260));
    await().atMost(Duration.ofMinutes(1)).until(() -> readings("pressure_bar") == 130);
    assertThat(rig.letters(source))
        .hasSize(130)
        .allSatisfy(letter -> assertThat(letter.cause()).isEqualTo("refused_by_database"));

    rig.send(source, source.batch(Event.reading(9_999, at, "4.5")));
    await().atMost(Duration.ofMinutes(1)).until(() -> readings("pressure_bar") == 131);
  }

  @Test
  void a_table_that_fits_nowhere_fills_neither_the_memory_nor_the_dead_letters() {
    var source = source();
    rig.start();
    var nowhere =
        new Event(Op.INSERT, java.util.Arrays.asList(null, "2026-11-20", "4.5", "1", null));
    var events = new Event[400];
    java.util.Arrays.fill(events, nowhere);
    for (var batch = 1; batch <= 12; batch++) {
      rig.send(source, source.batch(events));
      rig.awaitDurable(source, batch * 400L);
    }
    var letters = rig.letters(source);
    assertThat(letters.stream().filter(letter -> letter.cause().equals("mapping_failed")))
        .hasSize(IngestTransaction.LETTERS_OF_TABLE_MAX)
        .allSatisfy(letter -> assertThat(letter.rowKey()).isNull());
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

  @Test
  void a_repeated_snapshot_ends_the_quarantine_of_its_rows() {
    refuse666();
    var source = source();
    rig.start();
    var at = Instant.parse("2026-11-20T12:00:00Z");
    rig.send(source, source.barrier(), source.batch(Event.reading(7, at, "666")));
    rig.awaitDurable(source, 1);
    assertThat(readings("pressure_bar")).isZero();
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.snapshot(Event.reading(7, at, "4.5").as(Op.READ)));
    rig.send(source, source.snapshotEnd());
    await().atMost(IngestRig.SOON).until(() -> readings("pressure_bar") == 1);
    rig.send(source, source.batch(Event.reading(7, at.plusSeconds(1), "4.5")));
    rig.awaitDurable(source, 2);
    assertThat(readings("pressure_bar")).isEqualTo(2);
  }

  private static final Event EMPTIED =
      Event.reading(0, Instant.parse("2026-11-20T12:00:00Z"), "0").as(Op.TRUNCATE);

  @Test
  void a_table_that_is_emptied_has_no_row_in_quarantine_any_more() {
    refuse666();
    var source = source();
    rig.start();
    var at = Instant.parse("2026-11-20T12:00:00Z");
    rig.send(source, source.batch(Event.reading(7, at, "666")));
    rig.awaitDurable(source, 1);
    rig.send(source, source.batch(EMPTIED, Event.reading(7, at, "4.5")));
    rig.awaitDurable(source, 3);
    assertThat(readings("pressure_bar")).isEqualTo(1);

    // In one batch, with poison before and behind what empties it.
    rig.send(
        source,
        source.batch(
            Event.reading(8, at, "666"),
            EMPTIED,
            Event.reading(8, at, "4.5"),
            Event.reading(9, at, "666")));
    rig.awaitDurable(source, 7);
    rig.send(source, source.batch(Event.reading(9, at, "4.5").withoutNote()));
    rig.awaitDurable(source, 8);
    assertThat(readings("pressure_bar")).isEqualTo(1);
    assertThat(rig.letters(source))
        .extracting(IngestRig.Letter::cause)
        .containsExactly(
            "refused_by_database",
            "refused_by_database",
            "refused_by_database",
            "row_in_quarantine");
    assertThat(inQuarantine()).isEqualTo(1);
  }

  @Test
  void a_row_that_stays_when_its_table_is_read_again_stays_in_quarantine_until_it_is_told_whole() {
    refuse666();
    var source = source();
    rig.superuser()
        .sql(
            """
            INSERT INTO control.source_table_option (source_id, table_name, tenant_id, on_delete)
            VALUES (:source, 'public.pump_reading', :tenant, 'keep')
            """)
        .param("source", source.id())
        .param("tenant", source.tenant().value())
        .update();
    rig.start();
    var at = Instant.parse("2026-11-20T12:00:00Z");
    rig.send(source, source.batch(Event.reading(7, at, "4.5").note("old")));
    rig.send(source, source.batch(Event.reading(7, at, "666").note("new").as(Op.UPDATE)));
    rig.awaitDurable(source, 2);
    // Deleted meanwhile: it is not among what is read.
    rig.send(source, source.batch(Event.CLEARED, Event.reading(8, at, "4.5").as(Op.READ)));
    rig.awaitDurable(source, 4);
    assertThat(readings("pressure_bar")).isEqualTo(2);
    assertThat(inQuarantine()).isEqualTo(1);

    // In one batch with what a change leaves untold.
    rig.send(source, source.batch(Event.CLEARED, Event.reading(7, at, "5.5").withoutNote()));
    rig.awaitDurable(source, 6);
    assertThat(inQuarantine()).isEqualTo(1);
    assertThat(rig.letters(source))
        .extracting(IngestRig.Letter::cause)
        .containsExactly("refused_by_database", "row_in_quarantine");

    rig.send(
        source,
        source.batch(
            Event.CLEARED,
            Event.reading(7, at, "6.5").note("now").as(Op.READ),
            Event.reading(7, at, "7.5").withoutNote()));
    rig.awaitDurable(source, 9);
    assertThat(inQuarantine()).isZero();
    assertThat(notes()).containsExactly("now");
    assertThat(rig.letters(source)).hasSize(2);
  }

  @Test
  void a_table_that_is_read_again_and_keeps_nothing_has_no_row_in_quarantine_any_more() {
    refuse666();
    var source = source();
    rig.start();
    var at = Instant.parse("2026-11-20T12:00:00Z");
    rig.send(source, source.batch(Event.reading(7, at, "666")));
    rig.awaitDurable(source, 1);
    rig.send(source, source.batch(Event.CLEARED, Event.reading(8, at, "4.5").as(Op.READ)));
    rig.awaitDurable(source, 3);
    assertThat(readings("pressure_bar")).isEqualTo(1);
    assertThat(inQuarantine()).isZero();
  }

  private long inQuarantine() {
    return rig.superuser()
        .sql("SELECT count(*) FROM control.quarantine")
        .query(Long.class)
        .single();
  }

  @Test
  void of_more_rows_in_quarantine_than_are_remembered_each_is_known() {
    refuse666();
    var source = source();
    var at = Instant.parse("2026-11-20T12:00:00Z");
    var first = rig.start();
    rig.send(source, source.batch(Event.reading(1, at, "4.5")));
    rig.awaitDurable(source, 1);
    rig.stop(first);
    rig.superuser()
        .sql(
            """
            INSERT INTO control.quarantine (model_id, table_name, row_key, tenant_id)
            SELECT m.model_id, 'public.pump_reading',
              length(i::text) || ':' || i || ';' || length(:at) || ':' || :at || ';', m.tenant_id
            FROM analytics.model m, generate_series(10001, 10000 + :rows) i
            """)
        .param("at", SimulatedSource.text(at))
        .param("rows", Quarantine.REMEMBERED_MAX)
        .update();
    rig.start();
    rig.send(
        source,
        source.batch(Event.reading(10_001, at, "4.5").withoutNote(), Event.reading(2, at, "4.5")));
    rig.awaitDurable(source, 3);
    assertThat(readings("pressure_bar")).isEqualTo(2);

    rig.send(source, source.batch(Event.reading(3, at, "666")));
    rig.awaitDurable(source, 4);
    assertThat(inQuarantine()).isEqualTo(Quarantine.REMEMBERED_MAX + 1);
    rig.send(
        source,
        source.batch(
            Event.reading(3, at, "4.5").withoutNote(),
            Event.reading(20_000, at, "4.5").withoutNote(),
            Event.reading(4, at, "4.5")));
    rig.awaitDurable(source, 7);
    assertThat(readings("pressure_bar")).isEqualTo(3);
    assertThat(rig.letters(source))
        .extracting(IngestRig.Letter::cause)
        .containsExactly(
            "row_in_quarantine", "refused_by_database", "row_in_quarantine", "row_in_quarantine");

    rig.send(source, source.batch(Event.reading(20_000, at, "4.5")));
    rig.awaitDurable(source, 8);
    assertThat(readings("pressure_bar")).isEqualTo(4);
    assertThat(inQuarantine()).isEqualTo(Quarantine.REMEMBERED_MAX);
  }

  @Test
  void a_row_leaves_quarantine_with_an_event_that_tells_it_whole() {
    refuse666();
    var source = source();
    var first = rig.start();
    var at = Instant.parse("2026-11-20T12:00:00Z");
    rig.send(source, source.batch(Event.reading(7, at, "4.5").note("old")));
    rig.awaitDurable(source, 1);
    rig.send(source, source.batch(Event.reading(7, at, "666").note("new").as(Op.UPDATE)));
    rig.awaitDurable(source, 2);
    rig.send(source, source.batch(Event.reading(7, at, "5.5").withoutNote()));
    rig.awaitDurable(source, 3);
    assertThat(pressure()).isEqualTo("4.5");
    rig.send(
        source,
        source.batch(
            Event.reading(7, at, "6.5").note("newest").as(Op.UPDATE),
            Event.reading(7, at, "7.5").withoutNote()));
    rig.awaitDurable(source, 5);
    assertThat(pressure()).isEqualTo("7.5");
    assertThat(notes()).containsExactly("newest");
    assertThat(inQuarantine()).isZero();

    // And for good: another process knows of none either.
    rig.stop(first);
    rig.start();
    rig.send(source, source.batch(Event.reading(7, at, "8.5").withoutNote()));
    rig.awaitDurable(source, 6);
    assertThat(pressure()).isEqualTo("8.5");
    assertThat(rig.letters(source))
        .extracting(IngestRig.Letter::cause)
        .containsExactly("refused_by_database", "row_in_quarantine");
  }

  @Test
  void what_follows_an_event_that_would_have_healed_its_row_waits_if_that_fails() {
    refuse666();
    var source = source();
    rig.start();
    var at = Instant.parse("2026-11-20T12:00:00Z");
    rig.send(source, source.batch(Event.reading(7, at, "4.5").note("old")));
    rig.awaitDurable(source, 1);
    rig.send(source, source.batch(Event.reading(7, at, "666").note("new").as(Op.UPDATE)));
    rig.awaitDurable(source, 2);
    // Without the poison of row 8 nobody would have judged row 7 as it was in between.
    rig.send(
        source,
        source.batch(
            Event.reading(7, at, "666").note("newer").as(Op.UPDATE),
            Event.reading(8, at, "666"),
            Event.reading(7, at, "5.5").withoutNote()));
    rig.awaitDurable(source, 5);
    assertThat(pressure()).isEqualTo("4.5");
    assertThat(inQuarantine()).isEqualTo(2);

    rig.send(source, source.batch(Event.reading(7, at, "5.5").as(Op.DELETE)));
    rig.awaitDurable(source, 6);
    assertThat(readings("pressure_bar")).isZero();
    assertThat(inQuarantine()).isEqualTo(1);
  }

  private String pressure() {
    return rig.superuser()
        .sql(
            """
            SELECT trim_scale(value_last)::text FROM analytics.metrics_min JOIN analytics.series USING (series_id)
            JOIN analytics.metric_key USING (metric_id) WHERE key = 'pressure_bar'
            """)
        .query(String.class)
        .single();
  }

  private java.util.List<String> notes() {
    return rig.superuser()
        .sql("SELECT value FROM analytics.extras_text WHERE key LIKE '%:note'")
        .query(String.class)
        .list();
  }

  @Test
  void a_poisoned_event_is_a_dead_letter_and_the_rest_is_folded() {
    refuse666();
    var source = source();
    rig.start();
    var at = Instant.parse("2026-11-20T12:00:00Z");
    var events = new Event[40];
    for (var i = 0; i < events.length; i++) {
      events[i] = Event.reading(i, at, i == 17 ? "666" : "4.5");
    }
    rig.send(source, source.batch(events));
    rig.awaitDurable(source, 40);

    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(40));
    assertThat(rig.letters(source))
        .singleElement()
        .satisfies(
            letter -> {
              assertThat(letter.seq()).isEqualTo(18);
              assertThat(letter.cause()).isEqualTo("refused_by_database");
              assertThat(letter.sqlstate()).isEqualTo("22003");
              assertThat(letter.rowKey()).contains("17");
              assertThat(letter.sample()).contains("666");
              assertThat(letter.tenant()).isEqualTo(source.tenant().value());
            });
    assertThat(readings("pressure_bar")).isEqualTo(39);

    rig.send(source, source.batch(Event.reading(17, at, "4.5").withoutNote()));
    rig.awaitDurable(source, 41);
    assertThat(rig.letters(source))
        .extracting(IngestRig.Letter::cause)
        .containsExactly("refused_by_database", "row_in_quarantine");
    assertThat(readings("pressure_bar")).isEqualTo(39);
  }

  @Test
  void records_that_are_refused_parted_and_all_do_not_hold_up_each_other_or_the_rest() {
    refuse666();
    rig.superuser()
        .sql(
            """
            CREATE FUNCTION public.refuse_letter() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF NEW.cause = 'refused_by_database' THEN
                RAISE EXCEPTION 'no such letters' USING ERRCODE = '22001';
              END IF;
              RETURN NEW;
            END $$;
            CREATE TRIGGER refuse_letter BEFORE INSERT ON control.dead_letter
            FOR EACH ROW EXECUTE FUNCTION public.refuse_letter();
            """)
        .update();
    var source = source();
    var at = Instant.parse("2026-11-20T12:00:00Z");
    var first = rig.start();
    rig.send(source, source.batch(Event.reading(0, at, "4.5")));
    rig.awaitDurable(source, 1);
    rig.stop(first);
    // All are there before ingest begins again, so that they come into one draft.
    for (var i = 1; i < 12; i++) {
      rig.send(source, source.batch(Event.reading(i, at, i == 5 || i == 9 ? "666" : "4.5")));
    }
    rig.start();
    rig.awaitDurable(source, 12);
    assertThat(rig.bronze(source, 1)).containsExactly(1L, 2L, 3L, 4L, 5L, 7L, 8L, 9L, 11L, 12L);
    assertThat(rig.letters(source)).extracting(IngestRig.Letter::seq).containsExactly(6L, 10L);
    assertThat(readings("pressure_bar")).isEqualTo(10);
  }

  /// The database takes any reading but one of 666.
  private void refuse666() {
    rig.superuser()
        .sql(
            """
            CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF NEW.value_max = 666 THEN
                RAISE EXCEPTION 'a pressure of 666' USING ERRCODE = '22003';
              END IF;
              RETURN NEW;
            END $$;
            CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON analytics.metrics_min
            FOR EACH ROW EXECUTE FUNCTION public.refuse();
            GRANT EXECUTE ON FUNCTION public.refuse() TO clarity_service;
            GRANT USAGE ON SCHEMA public TO clarity_service;
            """)
        .update();
  }

  private long readings(String column) {
    return rig.superuser()
        .sql(
            """
            SELECT coalesce(sum(m.value_count), 0)
            FROM analytics.metrics_min m
            JOIN analytics.series s USING (series_id)
            JOIN analytics.metric_key k USING (metric_id)
            JOIN analytics.model USING (model_id)
            WHERE model.state = 'live' AND k.key LIKE '%' || :column || '%'
            """)
        .param("column", column)
        .query(Long.class)
        .single();
  }
}
