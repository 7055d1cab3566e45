package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.stream.ingest.SimulatedSource.Event;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Letters of their own have limits: what is open takes a place of its table, and what is settled
/// or dismissed gives it back; but of all letters of a source there are not too many either.
class LetterLimitTests {
  private static final Instant AT = Instant.parse("2026-11-20T12:00:00Z");
  private static final String OWN = "refused_by_database null";
  private static final String RANGE = "too_many_in_batch public.pump_reading";

  private volatile Duration ahead = Duration.ZERO;
  private final IngestRig rig =
      new IngestRig(1)
          .clock(((InstantSource) () -> Instant.now().plus(ahead)).withZone(ZoneOffset.UTC));
  private final SimulatedSource source = rig.source(rig.tenant("Northgate"), 0);
  private Ingest ingest;

  @BeforeEach
  void begin() {
    rig.refuse666();
    ingest = rig.start();
    rig.send(source, source.batch(Event.reading(0, AT, "4.5")));
    rig.awaitDurable(source, 1);
  }

  @AfterEach
  void end() {
    rig.close();
  }

  /// Letters that were written long before.
  private void letters(int count) {
    rig.superuser()
        .sql(
            """
            INSERT INTO control.dead_letter (dead_letter_id, tenant_id, source_id, epoch, seq,
              seq_end, table_name, cause, detail, sample, at)
            SELECT gen_random_uuid(), :tenant, :source, 0, i, i, 'public.pump_reading',
              'mapping_failed', 'no time', '{}', now()
            FROM generate_series(1, :count) i
            """)
        .param("tenant", source.tenant().value())
        .param("source", source.id())
        .param("count", count)
        .update();
  }

  private void close(String column) {
    rig.superuser().sql("UPDATE control.dead_letter SET " + column + " = now()").update();
  }

  /// Another process takes the partition over.
  private void anew() {
    rig.stop(ingest);
    ingest = rig.start();
  }

  private void refuse(int pump) {
    var batch = source.batch(Event.reading(pump, AT, "666"));
    rig.send(source, batch);
    rig.awaitDurable(source, batch.lastSeq());
  }

  /// Of each letter of this epoch the cause, and the table if it stands for a range.
  private List<String> found() {
    return rig.superuser()
        .sql(
            """
            SELECT cause || ' ' || CASE WHEN cause = 'too_many_in_batch'
              THEN coalesce(table_name, 'several') ELSE 'null' END
            FROM control.dead_letter WHERE epoch > 0 ORDER BY seq
            """)
        .query(String.class)
        .list();
  }

  @Test
  void a_thousand_letters_that_are_settled_or_dismissed_leave_room_for_others() {
    letters(FoundNow.LETTERS_OF_TABLE_MAX);
    anew();
    refuse(1);
    assertThat(found()).as("all are open").containsExactly(RANGE);

    close("settled_at");
    ahead = ahead.plus(LetterCounts.READ_AGAIN_AFTER);
    refuse(2);
    assertThat(found()).as("within the session").containsExactly(RANGE, OWN);

    rig.superuser().sql("UPDATE control.dead_letter SET settled_at = NULL").update();
    anew();
    refuse(3);
    assertThat(found()).containsExactly(RANGE, OWN, RANGE);
    close("dismissed_at");
    ahead = ahead.plus(LetterCounts.READ_AGAIN_AFTER);
    refuse(4);
    assertThat(found()).containsExactly(RANGE, OWN, RANGE, OWN);
  }

  @Test
  void a_source_whose_failures_are_mended_over_and_over_gets_only_so_many_between_two_nights() {
    letters(LetterCounts.ALL_MAX);
    close("settled_at");
    anew();
    refuse(1);
    assertThat(found()).containsExactly(RANGE);
  }

  @Test
  void a_range_of_several_tables_is_of_none() {
    letters(LetterCounts.ALL_MAX);
    rig.stop(ingest);
    // Both are there before ingest begins again, so that they come into one draft.
    rig.send(source, source.batch(Event.reading(1, AT, "666")));
    var last = source.batchOf("other_reading", Event.reading(1, AT, "666"));
    rig.send(source, last);
    ingest = rig.start();
    rig.awaitDurable(source, last.lastSeq());
    assertThat(found()).containsExactly("too_many_in_batch several");
  }

  @Test
  void of_a_table_of_which_more_and_more_is_missing_one_letter_tells() {
    letters(FoundNow.LETTERS_OF_TABLE_MAX);
    anew();
    rig.refuse("bronze.cdc_events", "NEW.seq > 1", "22003");
    for (var count = 2; count < 5; count++) {
      rig.send(source, source.batch(Event.reading(count, AT, "4.5")));
      rig.awaitDurable(source, count);
    }
    assertThat(
            rig.superuser()
                .sql(
                    "SELECT seq || '-' || seq_end || ' ' || cause || ' ' || table_name"
                        + " FROM control.dead_letter WHERE epoch > 0")
                .query(String.class)
                .list())
        .containsExactly("2-4 not_in_bronze public.pump_reading");
  }

  @Test
  void a_range_of_one_table_is_settled_when_that_is_emptied() {
    letters(FoundNow.LETTERS_OF_TABLE_MAX);
    anew();
    refuse(1);
    rig.send(source, source.batch(Event.CLEARED));
    rig.awaitDurable(source, source.lastSeq());
    assertThat(
            rig.superuser()
                .sql("SELECT settled_at IS NOT NULL FROM control.dead_letter WHERE epoch > 0")
                .query(Boolean.class)
                .list())
        .containsExactly(true);
  }

  @Test
  void what_is_built_anew_finds_room_beside_letters_that_are_settled() {
    rig.refuseNone(IngestRig.MINUTES);
    refuse(1);
    assertThat(found()).as("taken").isEmpty();
    letters(FoundNow.LETTERS_OF_TABLE_MAX);
    close("settled_at");
    rig.refuse666();
    rig.rebuild(source);
    assertThat(found()).containsExactly(OWN);
  }
}
