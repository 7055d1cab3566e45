package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.protocol.block.Op;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Bronze and the read models may both refuse one event, and it has one letter: that says what
/// matters more to what people see.
class RefusedTwiceTests {
  private static final Instant AT = Instant.parse("2026-11-20T12:00:00Z");

  private final IngestRig rig = new IngestRig(1);
  private final SimulatedSource source = rig.source(rig.tenant("Northgate"), 0);

  @AfterEach
  void stop() {
    rig.close();
  }

  /// Bronze takes these events only wrapped.
  private void wrap(String those) {
    rig.refuse("bronze.cdc_events", those + " AND NOT jsonb_exists(NEW.payload, '$raw')", "22P05");
  }

  private String detail() {
    return rig.superuser()
        .sql("SELECT detail FROM control.dead_letter")
        .query(String.class)
        .single();
  }

  @Test
  void a_wrapped_event_that_cannot_be_folded_is_told_of_as_such_and_settled_when_it_is_mended() {
    rig.refuse666();
    wrap("NEW.seq = 2");
    rig.start();
    rig.send(
        source,
        source.batch(
            Event.reading(1, AT, "1"), Event.reading(2, AT, "666"), Event.reading(3, AT, "3")));
    rig.awaitDurable(source, 3);
    assertThat(rig.openLetters()).containsExactly("2 refused_by_database");
    assertThat(rig.letters(source).getFirst().rowKey()).isNotNull();
    assertThat(rig.letters(source).getFirst().sqlstate()).isEqualTo("22003");
    assertThat(detail()).contains("refused for this test").contains("stored in a wrapper");

    rig.send(source, source.batch(Event.reading(2, AT, "4.5").note("now").as(Op.UPDATE)));
    rig.awaitDurable(source, 4);
    assertThat(rig.openLetters()).isEmpty();
  }

  @Test
  void a_wrapped_event_that_only_a_rebuild_cannot_fold_is_told_of_as_such() {
    wrap("NEW.seq = 2");
    rig.start();
    rig.send(source, source.batch(Event.reading(1, AT, "1"), Event.reading(2, AT, "666")));
    rig.awaitDurable(source, 2);
    assertThat(rig.openLetters()).containsExactly("2 payload_wrapped");
    rig.refuse666();
    rig.rebuild(source);
    assertThat(rig.openLetters()).containsExactly("2 refused_by_database");
  }

  /// So many that not each has a letter of its own.
  private Event[] unmappable(int count) {
    var events = new Event[count];
    for (var i = 0; i < count; i++) {
      events[i] =
          new Event(
              Op.INSERT,
              Arrays.asList(null, SimulatedSource.text(AT.plusSeconds(i)), i + ".5", "1", null));
    }
    return events;
  }

  private List<String> allButOwn() {
    return rig.letters(source).stream()
        .filter(letter -> !letter.cause().equals("mapping_failed"))
        .map(letter -> letter.seq() + "-" + letter.seqEnd() + " " + letter.cause())
        .toList();
  }

  @Test
  void a_range_that_would_begin_with_what_is_missing_for_good_begins_behind_it() {
    rig.refuse("bronze.cdc_events", "NEW.seq = 100", "22003");
    rig.start();
    rig.send(source, source.batch(unmappable(150)));
    rig.awaitDurable(source, 150);
    assertThat(allButOwn()).containsExactly("100-100 not_in_bronze", "101-150 too_many_in_batch");
  }

  @Test
  void what_is_missing_for_good_and_has_no_letter_of_its_own_shares_one_that_says_so() {
    rig.refuse("bronze.cdc_events", "NEW.seq <= 130", "22003");
    rig.start();
    var events = new Event[150];
    Arrays.setAll(events, n -> Event.reading(n, AT, "1"));
    rig.send(source, source.barrier(), source.batch(events));
    rig.awaitDurable(source, 150);
    assertThat(rig.letters(source))
        .filteredOn(letter -> letter.seqEnd() > letter.seq())
        .extracting(letter -> letter.seq() + "-" + letter.seqEnd() + " " + letter.cause())
        .containsExactly("101-130 not_in_bronze", "131-150 too_many_in_batch");
  }

  @Test
  void a_wrapped_event_keeps_its_place_among_those_that_have_a_letter_of_their_own() {
    wrap("NEW.seq = 120");
    rig.start();
    rig.send(source, source.batch(unmappable(150)));
    rig.awaitDurable(source, 150);
    assertThat(allButOwn()).containsExactly("100-150 too_many_in_batch");
    assertThat(rig.letters(source))
        .filteredOn(letter -> letter.cause().equals("mapping_failed"))
        .hasSize(100)
        .extracting(IngestRig.Letter::seq)
        .contains(99L, 120L)
        .doesNotContain(100L);
  }
}
