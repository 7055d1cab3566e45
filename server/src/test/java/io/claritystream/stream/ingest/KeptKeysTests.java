package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.protocol.block.ValueKind;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Kept rows whose table changes: its key, its columns, its name, or whether it is captured at all.
class KeptKeysTests extends KeptHistory {
  /// What is told of a table that is captured no more.
  private static final TableSchema NAME_ALONE =
      new TableSchema("public", "pump_reading", 'd', "", List.of(), List.of());

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
      rig.send(source, source.batch(table, rows), source.snapshotEnd());
    } else {
      rig.send(source, source.batch(table, Event.CLEARED));
      rig.send(source, source.batch(table, rows));
    }
  }

  @Test
  void of_a_table_without_a_key_only_what_is_read_again_stays() {
    choose(READINGS, "keep");
    rig.start();
    var table = keyedBy();
    rig.send(source, source.barrier(), source.batch(table, reading(1, "1"), reading(2, "2")));
    var barrier = source.nextEpoch();
    rig.send(source, barrier, source.snapshot());
    rig.send(source, source.batch(table, read(2, "2"), read(3, "3")), source.snapshotEnd());
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
    rig.send(source, source.batch(keyedBy(), read(2, "2"), read(3, "3")), source.snapshotEnd());
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 3");
    assertRebuiltTheSame();
  }

  @Test
  void a_table_that_has_lost_its_key_keeps_what_was_deleted_over_a_reading_of_it_alone_too() {
    choose(READINGS, "keep");
    rig.start();
    rig.send(source, source.barrier(), source.batch(reading(1, "1"), reading(2, "2")));
    rig.send(source, source.batch(reading(1, "1").as(Op.DELETE)));
    rig.send(source, source.batch(keyedBy(), reading(3, "3")));
    readAgain(false, keyedBy(), read(2, "2"), read(3, "3"));
    readAgain(false, keyedBy(), read(2, "2"), read(3, "3"), read(4, "4"));
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "3 3", "4 4");
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
    rig.send(
        source,
        source.batch(keyedBy("pump_id"), read(2, "20"), read(4, "4")),
        source.snapshotEnd());
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

  @ParameterizedTest
  @CsvSource({"false,false", "false,true", "true,false", "true,true"})
  void a_key_that_rows_of_before_have_no_part_of_doubles_none_of_them(boolean all, boolean first) {
    choose(READINGS, "keep");
    rig.start();
    rig.send(source, source.barrier(), source.batch(reading(1, "1"), reading(2, "2")));
    rig.send(source, source.batch(reading(1, "1").as(Op.DELETE)));
    var table = withLine("pump_id", "read_at", "line");
    if (first) {
      rig.send(source, source.batch(table, line(reading(9, "9"), 7)));
      rig.send(source, source.batch(table, line(reading(9, "9").as(Op.DELETE), 7)));
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
    rig.send(source, source.batch(table, line(reading(9, "9"), 3)));
    awaitTaken();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1", "2 2", "9 9");
    rig.send(source, source.batch(table, line(reading(9, "90").as(Op.UPDATE), 3)));
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
    rig.send(source, source.batch(keyedBy("pump_id"), reading(3, "3")));
    awaitTaken();
    var keeps = onDelete.equals("keep");
    assertThat(rig.pressuresSeen(source)).containsExactly(keeps ? "1 11" : "1 10", "2 2", "3 3");
    rig.send(source, source.batch(keyedBy("pump_id"), Event.reading(1, at, "20").as(Op.UPDATE)));
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly(keeps ? "1 21" : "1 20", "2 2", "3 3");
    assertThat(letters()).isZero();
    assertRebuiltTheSame();
  }

  @Test
  void a_table_that_is_captured_no_more_leaves_what_was_deleted_of_it_and_comes_back_once() {
    choose(READINGS, "keep");
    rig.start();
    rig.send(source, source.barrier(), source.batch(reading(1, "1"), reading(2, "2")));
    rig.send(source, source.batch(reading(1, "1").as(Op.DELETE)));
    rig.send(source, source.batch(NAME_ALONE, Event.CLEARED));
    settle();
    assertThat(rig.pressuresSeen(source)).containsExactly("1 1");

    readAgain(false, withLine("pump_id", "read_at"), line(read(2, "2"), 1), line(read(3, "3"), 1));
    rig.send(
        source,
        source.batch(withLine("pump_id", "read_at"), line(reading(3, "30").as(Op.UPDATE), 1)));
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
    rig.send(source, source.batch(NAME_ALONE, Event.CLEARED), source.snapshotEnd());
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
    rig.send(source, source.batch(NAME_ALONE, Event.CLEARED));
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
}
