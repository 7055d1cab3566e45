package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.protocol.block.ValueKind;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// An event that the database refuses is a dead letter, and its row waits in quarantine until an
/// event tells it whole; nothing else waits.
class QuarantineTests {
  private static final Instant AT = Instant.parse("2026-11-20T12:00:00Z");

  private static final Event EMPTIED = Event.reading(0, AT, "0").as(Op.TRUNCATE);

  private final IngestRig rig = new IngestRig(1);
  private final SimulatedSource source = rig.source(rig.tenant("Northgate"), 0);

  @BeforeEach
  void refuse() {
    rig.refuse666();
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  @Test
  void a_letter_of_a_long_event_says_where_its_sample_is_cut() {
    rig.start();
    var drops = "\ud83d\udca7".repeat(5_000);
    rig.send(source, source.batch(Event.reading(1, AT, "666").note(drops)));
    rig.awaitDurable(source, 1);
    assertThat(rig.letters(source))
        .singleElement()
        .satisfies(
            letter -> {
              assertThat(letter.sample()).endsWith("\ud83d\udca7… (cut at 4,000 characters)");
              assertThat(letter.sample().codePointCount(0, letter.sample().indexOf('…')))
                  .isEqualTo(4_000);
            });
  }

  @Test
  void a_poisoned_event_is_a_dead_letter_and_the_rest_is_folded() {
    rig.start();
    var events = new Event[40];
    for (var i = 0; i < events.length; i++) {
      events[i] = Event.reading(i, AT, i == 17 ? "666" : "4.5");
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
    assertThat(readings()).isEqualTo(39);

    rig.send(source, source.batch(Event.reading(17, AT, "4.5").withoutNote()));
    rig.awaitDurable(source, 41);
    assertThat(rig.letters(source))
        .extracting(IngestRig.Letter::cause)
        .containsExactly("refused_by_database", "row_in_quarantine");
    assertThat(readings()).isEqualTo(39);
  }

  @Test
  void a_flood_of_poison_leaves_the_model_behind_until_every_guilty_event_is_found() {
    rig.start();
    var events = new Event[260];
    for (var i = 0; i < events.length; i++) {
      events[i] = Event.reading(i, AT, i % 2 == 0 ? "666" : "4.5");
    }
    rig.send(source, source.batch(events));
    await().atMost(Duration.ofMinutes(1)).until(() -> rig.durable(source) == 260);
    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(260));
    await().atMost(Duration.ofMinutes(1)).until(() -> readings() == 130);
    assertThat(rig.letters(source))
        .hasSize(130)
        .allSatisfy(letter -> assertThat(letter.cause()).isEqualTo("refused_by_database"));

    rig.send(source, source.batch(Event.reading(9_999, AT, "4.5")));
    await().atMost(Duration.ofMinutes(1)).until(() -> readings() == 131);
  }

  @Test
  void records_that_are_refused_parted_and_all_do_not_hold_up_each_other_or_the_rest() {
    rig.refuse("control.dead_letter", "NEW.cause = 'refused_by_database'", "22001");
    var first = rig.start();
    rig.send(source, source.batch(Event.reading(0, AT, "4.5")));
    rig.awaitDurable(source, 1);
    rig.stop(first);
    // All are there before ingest begins again, so that they come into one draft.
    for (var i = 1; i < 12; i++) {
      rig.send(source, source.batch(Event.reading(i, AT, i == 5 || i == 9 ? "666" : "4.5")));
    }
    rig.start();
    rig.awaitDurable(source, 12);
    assertThat(rig.bronze(source, 1)).containsExactly(1L, 2L, 3L, 4L, 5L, 7L, 8L, 9L, 11L, 12L);
    assertThat(rig.letters(source)).extracting(IngestRig.Letter::seq).containsExactly(6L, 10L);
    assertThat(readings()).isEqualTo(10);
  }

  @Test
  void a_row_leaves_quarantine_with_an_event_that_tells_it_whole() {
    var first = rig.start();
    rig.send(source, source.batch(Event.reading(7, AT, "4.5").note("old")));
    rig.awaitDurable(source, 1);
    rig.send(source, source.batch(Event.reading(7, AT, "666").note("new").as(Op.UPDATE)));
    rig.awaitDurable(source, 2);
    rig.send(source, source.batch(Event.reading(7, AT, "5.5").withoutNote()));
    rig.awaitDurable(source, 3);
    assertThat(pressure()).isEqualTo("4.5");
    rig.send(
        source,
        source.batch(
            Event.reading(7, AT, "6.5").note("newest").as(Op.UPDATE),
            Event.reading(7, AT, "7.5").withoutNote()));
    rig.awaitDurable(source, 5);
    assertThat(pressure()).isEqualTo("7.5");
    assertThat(notes()).containsExactly("newest");
    assertThat(inQuarantine()).isZero();

    // And for good: another process knows of none either.
    rig.stop(first);
    rig.start();
    rig.send(source, source.batch(Event.reading(7, AT, "8.5").withoutNote()));
    rig.awaitDurable(source, 6);
    assertThat(pressure()).isEqualTo("8.5");
    assertThat(rig.letters(source))
        .extracting(IngestRig.Letter::cause)
        .containsExactly("refused_by_database", "row_in_quarantine");
  }

  @Test
  void a_table_is_not_exact_as_long_as_a_row_of_it_is_in_quarantine() {
    rig.start();
    rig.send(
        source,
        source.batch(
            Event.reading(7, AT, "4.5").note("old"), Event.reading(8, AT, "4.5").note("old")));
    rig.awaitDurable(source, 2);
    assertThat(exactness()).containsExactly("public.pump_reading true 0");

    rig.send(source, source.batch(Event.reading(7, AT, "666").note("new").as(Op.UPDATE)));
    rig.awaitDurable(source, 3);
    assertThat(exactness()).containsExactly("public.pump_reading false 1");

    rig.send(
        source,
        source.batch(
            Event.reading(7, AT, "5.5").withoutNote(),
            Event.reading(8, AT, "666").note("new").as(Op.UPDATE)));
    rig.awaitDurable(source, 5);
    assertThat(exactness())
        .as("each row counts once")
        .containsExactly("public.pump_reading false 2");

    rig.send(source, source.batch(Event.reading(7, AT, "7.5").note("newest").as(Op.UPDATE)));
    rig.awaitDurable(source, 6);
    assertThat(exactness()).containsExactly("public.pump_reading false 1");
    rig.send(source, source.batch(Event.reading(8, AT, "4.5").note("old").as(Op.DELETE)));
    rig.awaitDurable(source, 7);
    assertThat(exactness()).containsExactly("public.pump_reading true 0");

    rig.send(source, source.batch(Event.reading(9, AT, "666")));
    rig.awaitDurable(source, 8);
    assertThat(exactness()).containsExactly("public.pump_reading false 1");
    rig.send(source, source.batch(EMPTIED, Event.reading(9, AT, "666")));
    rig.awaitDurable(source, 10);
    assertThat(exactness())
        .as("what was refused anew")
        .containsExactly("public.pump_reading false 1");
    rig.send(source, source.batch(EMPTIED));
    rig.awaitDurable(source, 11);
    assertThat(exactness()).containsExactly("public.pump_reading true 0");
  }

  @Test
  void a_table_of_which_nothing_could_be_folded_is_not_exact() {
    rig.start();
    rig.send(source, source.batch(Event.reading(7, AT, "666")));
    rig.awaitDurable(source, 1);
    assertThat(exactness()).containsExactly("public.pump_reading false 1");
    rig.send(source, source.batch(Event.reading(7, AT, "4.5").note("new").as(Op.UPDATE)));
    rig.awaitDurable(source, 2);
    assertThat(exactness()).containsExactly("public.pump_reading true 0");
  }

  @Test
  void an_event_that_is_refused_and_tells_no_row_counts_until_its_table_is_emptied() {
    rig.start();
    rig.send(source, source.batch(KEYLESS, sample(Op.INSERT, "1", "7", "4.5")));
    rig.awaitDurable(source, 1);
    assertThat(exactness()).containsExactly("public.pump_sample true 0");
    rig.send(
        source,
        source.batch(
            KEYLESS, sample(Op.INSERT, "2", "7", "666"), sample(Op.INSERT, "3", "7", "4.5")));
    rig.awaitDurable(source, 3);
    assertThat(inQuarantine()).isZero();
    assertThat(exactness()).containsExactly("public.pump_sample false 1");
    rig.send(source, source.batch(KEYLESS, sample(Op.INSERT, "4", "7", "4.5")));
    rig.awaitDurable(source, 4);
    assertThat(exactness()).containsExactly("public.pump_sample false 1");
    rig.send(
        source,
        source.batch(
            KEYLESS,
            sample(Op.INSERT, "5", "7", "666"),
            Event.CLEARED,
            sample(Op.READ, "1", "7", "4.5")));
    rig.awaitDurable(source, 7);
    assertThat(exactness()).containsExactly("public.pump_sample true 0");
  }

  /// What is said of each table that people see: whether it is exact, and how much of it failed.
  private List<String> exactness() {
    return rig.superuser()
        .sql(
            """
            SELECT table_name || ' ' || exact || ' ' || failed
            FROM analytics.table_state JOIN analytics.model m USING (model_id)
            WHERE m.state = 'live' ORDER BY 1
            """)
        .query(String.class)
        .list();
  }

  @Test
  void what_follows_an_event_that_would_have_healed_its_row_waits_if_that_fails() {
    rig.start();
    rig.send(source, source.batch(Event.reading(7, AT, "4.5").note("old")));
    rig.awaitDurable(source, 1);
    rig.send(source, source.batch(Event.reading(7, AT, "666").note("new").as(Op.UPDATE)));
    rig.awaitDurable(source, 2);
    // Without the poison of row 8 nobody would have judged row 7 as it was in between.
    rig.send(
        source,
        source.batch(
            Event.reading(7, AT, "666").note("newer").as(Op.UPDATE),
            Event.reading(8, AT, "666"),
            Event.reading(7, AT, "5.5").withoutNote()));
    rig.awaitDurable(source, 5);
    assertThat(pressure()).isEqualTo("4.5");
    assertThat(inQuarantine()).isEqualTo(2);

    rig.send(source, source.batch(Event.reading(7, AT, "5.5").as(Op.DELETE)));
    rig.awaitDurable(source, 6);
    assertThat(readings()).isZero();
    assertThat(inQuarantine()).isEqualTo(1);
  }

  @Test
  void of_more_rows_in_quarantine_than_are_remembered_each_is_known() {
    var first = rig.start();
    rig.send(source, source.batch(Event.reading(1, AT, "4.5")));
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
        .param("at", SimulatedSource.text(AT))
        .param("rows", Quarantine.REMEMBERED_MAX)
        .update();
    rig.start();
    rig.send(
        source,
        source.batch(Event.reading(10_001, AT, "4.5").withoutNote(), Event.reading(2, AT, "4.5")));
    rig.awaitDurable(source, 3);
    assertThat(readings()).isEqualTo(2);

    rig.send(source, source.batch(Event.reading(3, AT, "666")));
    rig.awaitDurable(source, 4);
    assertThat(inQuarantine()).isEqualTo(Quarantine.REMEMBERED_MAX + 1);
    rig.send(
        source,
        source.batch(
            Event.reading(3, AT, "4.5").withoutNote(),
            Event.reading(20_000, AT, "4.5").withoutNote(),
            Event.reading(4, AT, "4.5")));
    rig.awaitDurable(source, 7);
    assertThat(readings()).isEqualTo(3);
    assertThat(rig.letters(source))
        .extracting(IngestRig.Letter::cause)
        .containsExactly(
            "row_in_quarantine", "refused_by_database", "row_in_quarantine", "row_in_quarantine");

    rig.send(source, source.batch(Event.reading(20_000, AT, "4.5")));
    rig.awaitDurable(source, 8);
    assertThat(readings()).isEqualTo(4);
    assertThat(inQuarantine()).isEqualTo(Quarantine.REMEMBERED_MAX);
  }

  @Test
  void a_repeated_snapshot_ends_the_quarantine_of_its_rows() {
    rig.start();
    rig.send(source, source.barrier(), source.batch(Event.reading(7, AT, "666")));
    rig.awaitDurable(source, 1);
    assertThat(readings()).isZero();
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.snapshot(Event.reading(7, AT, "4.5").as(Op.READ)));
    rig.send(source, source.snapshotEnd());
    await().atMost(IngestRig.SOON).until(() -> readings() == 1);
    rig.send(source, source.batch(Event.reading(7, AT.plusSeconds(1), "4.5")));
    rig.awaitDurable(source, 2);
    assertThat(readings()).isEqualTo(2);
  }

  @Test
  void a_table_that_is_emptied_has_no_row_in_quarantine_any_more() {
    rig.start();
    rig.send(source, source.batch(Event.reading(7, AT, "666")));
    rig.awaitDurable(source, 1);
    rig.send(source, source.batch(EMPTIED, Event.reading(7, AT, "4.5")));
    rig.awaitDurable(source, 3);
    assertThat(readings()).isEqualTo(1);

    // In one batch, with poison before and behind what empties it.
    rig.send(
        source,
        source.batch(
            Event.reading(8, AT, "666"),
            EMPTIED,
            Event.reading(8, AT, "4.5"),
            Event.reading(9, AT, "666")));
    rig.awaitDurable(source, 7);
    rig.send(source, source.batch(Event.reading(9, AT, "4.5").withoutNote()));
    rig.awaitDurable(source, 8);
    assertThat(readings()).isEqualTo(1);
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
    rig.choose(source, "public.pump_reading", "keep");
    rig.start();
    rig.send(source, source.batch(Event.reading(7, AT, "4.5").note("old")));
    rig.send(source, source.batch(Event.reading(7, AT, "666").note("new").as(Op.UPDATE)));
    rig.awaitDurable(source, 2);
    // Deleted meanwhile: it is not among what is read.
    rig.send(source, source.batch(Event.CLEARED, Event.reading(8, AT, "4.5").as(Op.READ)));
    rig.awaitDurable(source, 4);
    assertThat(readings()).isEqualTo(2);
    assertThat(inQuarantine()).isEqualTo(1);

    // In one batch with what a change leaves untold.
    rig.send(source, source.batch(Event.CLEARED, Event.reading(7, AT, "5.5").withoutNote()));
    rig.awaitDurable(source, 6);
    assertThat(inQuarantine()).isEqualTo(1);
    assertThat(rig.letters(source))
        .extracting(IngestRig.Letter::cause)
        .containsExactly("refused_by_database", "row_in_quarantine");

    rig.send(
        source,
        source.batch(
            Event.CLEARED,
            Event.reading(7, AT, "6.5").note("now").as(Op.READ),
            Event.reading(7, AT, "7.5").withoutNote()));
    rig.awaitDurable(source, 9);
    assertThat(inQuarantine()).isZero();
    assertThat(notes()).containsExactly("now");
    assertThat(rig.letters(source)).hasSize(2);
  }

  @Test
  void a_table_that_is_read_again_and_keeps_nothing_has_no_row_in_quarantine_any_more() {
    rig.start();
    rig.send(source, source.batch(Event.reading(7, AT, "666")));
    rig.awaitDurable(source, 1);
    rig.send(source, source.batch(Event.CLEARED, Event.reading(8, AT, "4.5").as(Op.READ)));
    rig.awaitDurable(source, 3);
    assertThat(readings()).isEqualTo(1);
    assertThat(inQuarantine()).isZero();
  }

  private static final TableSchema SAMPLES =
      new TableSchema(
          "public",
          "pump_sample",
          'd',
          "",
          List.of(
              new Column("id", "integer", 0, ValueKind.INT, true, true, ""),
              new Column("pump_id", "integer", 0, ValueKind.INT, false, false, ""),
              new Column("read_at", "timestamptz", 0, ValueKind.TIMESTAMPTZ, false, false, ""),
              new Column("pressure_bar", "numeric", 0, ValueKind.NUMERIC, false, false, "")),
          List.of());

  private static final TableSchema KEYLESS =
      new TableSchema(
          "public",
          "pump_sample",
          'f',
          "",
          SAMPLES.columns().stream()
              .map(
                  column ->
                      new Column(
                          column.name(), column.typeName(), 0, column.kind(), false, false, ""))
              .toList(),
          List.of());

  private static Event sample(Op op, String id, String pump, String pressure) {
    return new Event(op, Arrays.asList(id, pump, SimulatedSource.text(AT), pressure));
  }

  @Test
  void a_failed_event_is_settled_when_its_row_is_mended_and_only_what_is_older() {
    rig.start();
    rig.send(
        source,
        source.batch(
            SAMPLES,
            sample(Op.INSERT, "1", null, "4.5"),
            sample(Op.INSERT, "2", null, "4.5"),
            sample(Op.INSERT, "3", "7", "666")));
    rig.awaitDurable(source, 3);
    assertThat(rig.openLetters())
        .containsExactly("1 mapping_failed", "2 mapping_failed", "3 refused_by_database");

    rig.send(
        source,
        source.batch(
            SAMPLES,
            sample(Op.UPDATE, "1", "7", "4.5"),
            sample(Op.UPDATE, "3", "7", "4.5"),
            sample(Op.INSERT, "4", null, "4.5"),
            sample(Op.UPDATE, "4", "7", "4.5")));
    rig.awaitDurable(source, 7);
    assertThat(rig.openLetters()).containsExactly("2 mapping_failed");

    rig.send(
        source,
        source.batch(
            SAMPLES, sample(Op.DELETE, "2", null, "4.5"), sample(Op.UPDATE, "1", null, "4.5")));
    rig.awaitDurable(source, 9);
    assertThat(rig.openLetters())
        .as("taken away, and failed anew")
        .containsExactly("9 mapping_failed");
    assertThat(rig.letters(source)).as("settled ones stay listed").hasSize(5);

    rig.send(
        source,
        source.batch(
            SAMPLES,
            Event.CLEARED,
            sample(Op.READ, "1", "7", "4.5"),
            sample(Op.READ, "5", null, "1")));
    rig.awaitDurable(source, 12);
    assertThat(rig.openLetters()).as("read again").containsExactly("12 mapping_failed");

    rig.send(source, source.nextEpoch(), source.wholeSnapshot(Event.reading(7, AT, "4.5")));
    await().atMost(IngestRig.SOON).until(() -> rig.durable(source) == 1);
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(rig.openLetters()).isEmpty());
  }

  @Test
  void a_row_that_is_gone_and_comes_again_as_bad_is_settled_and_failed_anew() {
    rig.start();
    var bad = sample(Op.INSERT, "1", null, "4.5");
    rig.send(source, source.batch(SAMPLES, bad, bad.as(Op.DELETE), bad));
    rig.awaitDurable(source, 3);
    assertThat(rig.openLetters()).as("within a batch").containsExactly("3 mapping_failed");

    rig.send(source, source.batch(SAMPLES, bad.as(Op.DELETE), bad));
    rig.awaitDurable(source, 5);
    assertThat(rig.openLetters()).as("over two").containsExactly("5 mapping_failed");

    rig.send(source, source.batch(SAMPLES, sample(Op.UPDATE, "1", "7", "4.5"), bad.as(Op.UPDATE)));
    rig.awaitDurable(source, 7);
    assertThat(rig.openLetters()).as("mended and broken").containsExactly("7 mapping_failed");
  }

  @Test
  void a_refused_change_of_a_key_is_open_until_both_of_its_rows_are_mended() {
    rig.start();
    rig.send(
        source,
        source.batch(
            SAMPLES, sample(Op.INSERT, "1", "7", "4.5"), sample(Op.INSERT, "3", "7", "4.5")));
    rig.send(
        source,
        source.batch(
            SAMPLES,
            sample(Op.UPDATE, "2", "7", "666").movedFrom("1"),
            sample(Op.UPDATE, "4", "7", "666").movedFrom("3")));
    rig.awaitDurable(source, 4);
    assertThat(rig.openLetters()).containsExactly("3 refused_by_database", "4 refused_by_database");
    assertThat(inQuarantine()).isEqualTo(4);

    rig.send(
        source,
        source.batch(
            SAMPLES, sample(Op.UPDATE, "2", "7", "5.5"), sample(Op.DELETE, "3", "7", "4.5")));
    rig.awaitDurable(source, 6);
    assertThat(inQuarantine()).as("one of each pair").isEqualTo(2);
    assertThat(rig.openLetters()).containsExactly("3 refused_by_database", "4 refused_by_database");
    assertThat(exactness()).containsExactly("public.pump_sample false 2");

    rig.send(source, source.batch(SAMPLES, sample(Op.DELETE, "1", "7", "4.5")));
    rig.awaitDurable(source, 7);
    assertThat(rig.openLetters())
        .as("the new one before the old one")
        .containsExactly("4 refused_by_database");
    rig.send(source, source.batch(SAMPLES, sample(Op.UPDATE, "4", "7", "5.5")));
    rig.awaitDurable(source, 8);
    assertThat(rig.openLetters()).as("the old one before the new one").isEmpty();
    assertThat(exactness()).containsExactly("public.pump_sample true 0");
  }

  @Test
  void a_row_over_which_folding_stumbled_waits_until_an_event_tells_it_whole() {
    rig.start();
    rig.send(source, source.batch(Event.reading(7, AT, "4.5").note("old")));
    rig.awaitDurable(source, 1);
    var image =
        rig.superuser().sql("SELECT image FROM analytics.row_state").query(byte[].class).single();
    image(new byte[] {1});
    rig.send(source, source.batch(Event.reading(7, AT, "5.5").note("new").as(Op.UPDATE)));
    rig.awaitDurable(source, 2);
    assertThat(rig.openLetters()).containsExactly("2 fold_failed");
    assertThat(inQuarantine()).isEqualTo(1);
    assertThat(exactness()).containsExactly("public.pump_reading false 1");

    image(image);
    rig.send(source, source.batch(Event.reading(7, AT, "6.5").withoutNote()));
    rig.awaitDurable(source, 3);
    assertThat(pressure()).as("what it stands on was not folded").isEqualTo("4.5");
    rig.send(source, source.batch(Event.reading(7, AT, "7.5").note("newest").as(Op.UPDATE)));
    rig.awaitDurable(source, 4);
    assertThat(pressure()).isEqualTo("7.5");
    assertThat(rig.openLetters()).isEmpty();
    assertThat(exactness()).containsExactly("public.pump_reading true 0");
  }

  private void image(byte[] image) {
    rig.superuser().sql("UPDATE analytics.row_state SET image = :it").param("it", image).update();
  }

  private long readings() {
    return rig.values(source, "pressure_bar").count();
  }

  private long inQuarantine() {
    return rig.superuser()
        .sql("SELECT count(*) FROM control.quarantine")
        .query(Long.class)
        .single();
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

  private List<String> notes() {
    return rig.superuser()
        .sql("SELECT value FROM analytics.extras_text WHERE key LIKE '%:note'")
        .query(String.class)
        .list();
  }
}
