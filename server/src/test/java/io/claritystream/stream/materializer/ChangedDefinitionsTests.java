package io.claritystream.stream.materializer;

import static io.claritystream.stream.materializer.Capture.COMMITTED;
import static io.claritystream.stream.materializer.Capture.table;
import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TestDatabase;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.materializer.Materializer.Failure;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A table without a key whose source tells whole rows: its rows are found however its columns
/// change between two events, and none is doubled or left.
class ChangedDefinitionsTests {
  private static final Capture.Unchanged UNCHANGED = new Capture.Unchanged();
  private static final String[] FIRST = {"device_id int4", "ts timestamptz", "pressure_bar float8"};

  /// Rows of one table, and what its columns are at the moment.
  private static final class Source {
    private final Random random;
    private final Capture capture = new Capture();
    private final Map<String, String> columns = new LinkedHashMap<>();
    private final List<Map<String, @Nullable Object>> rows = new ArrayList<>();
    private final boolean retypes;
    private int named;

    private Source(Random random, boolean retypes) {
      this.random = random;
      this.retypes = retypes;
      for (var column : FIRST) {
        columns.put(column.split(" ")[0], column);
      }
    }

    private TableSchema schema() {
      return table('f', "readings", columns.values().toArray(String[]::new));
    }

    private @Nullable Object[] cells(Map<String, @Nullable Object> row) {
      return columns.keySet().stream().map(row::get).toArray();
    }

    private void event(
        Op op,
        Map<String, @Nullable Object> before,
        @Nullable Map<String, @Nullable Object> after) {
      capture.event(
          op, schema(), COMMITTED, null, cells(before), after == null ? null : cells(after));
    }

    private void insert() {
      var row = new LinkedHashMap<String, @Nullable Object>();
      for (var column : columns.keySet()) {
        row.put(column, value(column));
      }
      rows.add(row);
      capture.insert(schema(), cells(row));
    }

    private @Nullable Object value(String column) {
      return switch (column) {
        case "device_id" -> 1 + random.nextInt(2);
        case "ts" -> "2026-11-20 11:0%d:00+00".formatted(random.nextInt(2));
        case "pressure_bar" -> random.nextInt(3);
        default ->
            column.startsWith("empty") && random.nextBoolean() ? null : "v" + random.nextInt(2);
      };
    }

    private void update() {
      var row = rows.get(random.nextInt(rows.size()));
      var before = new LinkedHashMap<>(row);
      var names = List.copyOf(columns.keySet());
      var column = names.get(random.nextInt(names.size()));
      row.put(column, value(column));
      event(Op.UPDATE, before, row);
    }

    private void delete() {
      event(Op.DELETE, rows.remove(random.nextInt(rows.size())), null);
    }

    private void change() {
      if (rows.isEmpty() || random.nextInt(3) == 0) {
        insert();
      } else if (random.nextInt(4) > 0) {
        update();
      } else {
        delete();
      }
    }

    /// What the stream tells nothing of.
    private void alter() {
      var others = columns.keySet().stream().skip(FIRST.length).toList();
      var one = others.isEmpty() ? "" : others.get(random.nextInt(others.size()));
      // No column takes the place of another one with its type, as a renamed one does.
      var number = named++;
      var type = " varchar(%d)".formatted(10 + number);
      switch (random.nextInt(others.isEmpty() ? 2 : retypes ? 5 : 4)) {
        case 0 -> {
          columns.put("empty" + number, "empty" + number + type);
          rows.forEach(row -> row.put("empty" + number, null));
        }
        case 1 -> {
          columns.put("filled" + number, "filled" + number + type);
          rows.forEach(row -> row.put("filled" + number, "v" + random.nextInt(2)));
        }
        case 2 -> {
          columns.remove(one);
          rows.forEach(row -> row.remove(one));
        }
        case 3 -> rename(one, one + "x");
        default -> {
          if (columns.get(one).contains(" json")) {
            // Values that are others under the same type are told by nothing.
            return;
          }
          columns.put(one, one + " json(%d)".formatted(number));
          rows.forEach(row -> row.computeIfPresent(one, (name, was) -> "\"" + was + "\""));
        }
      }
    }

    /// It stays in its place.
    private void rename(String from, String to) {
      var before = new LinkedHashMap<>(columns);
      columns.clear();
      before.forEach(
          (name, column) -> {
            var now = name.equals(from) ? to : name;
            columns.put(now, now + column.substring(name.length()));
          });
      rows.forEach(row -> row.put(to, row.remove(from)));
    }

    /// Count and sum of each device's minutes.
    private List<String> minutes() {
      var sums = new TreeMap<String, List<BigDecimal>>();
      for (var row : rows) {
        sums.computeIfAbsent(
                row.get("device_id") + " " + row.get("ts").toString().substring(14, 16),
                key -> new ArrayList<>())
            .add(new BigDecimal(row.get("pressure_bar").toString()));
      }
      var all = new ArrayList<String>();
      sums.forEach(
          (minute, values) ->
              all.add(
                  minute
                      + " "
                      + values.size()
                      + " "
                      + values.stream().reduce(BigDecimal.ZERO, BigDecimal::add)));
      return all;
    }
  }

  private static List<String> minutes(ReadModels models) {
    return models
        .rows(
            """
            SELECT d.key || ' ' || to_char(m.bucket AT TIME ZONE 'UTC', 'MI') || ' '
              || m.value_count || ' ' || m.value_sum AS words
            FROM analytics.metrics_min m JOIN analytics.series USING (series_id)
            JOIN analytics.devices d USING (model_id, device_id)
            """)
        .stream()
        .map(row -> row.get("words").toString())
        .sorted(Comparator.naturalOrder())
        .toList();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void rows_that_only_their_images_tell_are_found_whatever_columns_came_and_went(long seed) {
    var random = new Random(seed);
    var retypes = seed % 2 == 0;
    var source = new Source(random, retypes);
    try (var models = new ReadModels(TestDatabase.create(), UUID.randomUUID(), UUID.randomUUID())) {
      for (var batch = 0; batch < 40; batch++) {
        for (var i = random.nextInt(12); i >= 0; i--) {
          if (random.nextInt(12) == 0) {
            source.alter();
          }
          source.change();
        }
        if (random.nextInt(6) == 0) {
          models.restart();
        }
        var when = "seed " + seed + " batch " + batch;
        assertThat(models.apply(source.capture.take()).failures())
            .as(when)
            .extracting(Failure::cause)
            .isEmpty();
        assertThat(minutes(models)).as(when).isEqualTo(source.minutes());
      }
      assertThat(models.one("SELECT count(*) FROM analytics.row_state"))
          .isEqualTo(String.valueOf(source.rows.size()));
      if (!retypes) {
        // Values that read otherwise under another type are guessed by the rest of their rows.
        assertThat(models.one("SELECT exact FROM analytics.table_state")).isEqualTo("true");
      }
    }
  }

  @Test
  void a_row_that_tells_all_is_meant_before_one_that_lacks_a_column_of_before() {
    var two = table('f', "readings", FIRST);
    var three = table('f', "readings", FIRST[0], FIRST[1], FIRST[2], "mode text");
    var at = "2026-11-20 11:00:00+00";
    var capture = new Capture().insert(two, 1, at, 5).insert(two, 1, at, 5);
    try (var models = new ReadModels()) {
      models.apply(capture.insert(three, 1, at, 5, "on").take());
      Object[] before = {1, at, 5, "on"};
      for (var left = 2; left >= 0; left--) {
        capture.event(Op.DELETE, three, COMMITTED, null, before, null);
        assertThat(models.apply(capture.take()).failures()).isEmpty();
        assertThat(
                models.one(
                    "SELECT count(*) || ' ' || count(*) FILTER (WHERE schema_version = 1) FROM analytics.row_state"))
            .isEqualTo(left + " " + left);
      }
      capture.event(Op.DELETE, three, COMMITTED, null, before, null);
      assertThat(models.apply(capture.take()).failures()).hasSize(1);
    }
  }

  @Test
  void a_row_that_comes_and_goes_in_one_batch_has_no_other_row_keyed_anew() {
    var one = table('f', "readings", FIRST);
    var two = table('f', "readings", FIRST[0], FIRST[1], FIRST[2], "mode text");
    var at = "2026-11-20 11:00:00+00";
    var capture = new Capture().insert(one, 1, at, 5).insert(one, 1, at, 6);
    var layout = "SELECT key_layout FROM analytics.model_table";
    try (var models = new ReadModels()) {
      models.apply(capture.take());
      Object[] comes = {2, at, 1, "on"};
      Object[] is = {2, at, 2, "on"};
      capture
          .insert(two, comes)
          .event(Op.UPDATE, two, COMMITTED, null, comes, new Object[] {2, at, 2, UNCHANGED})
          .event(Op.DELETE, two, COMMITTED, null, is, null)
          .insert(two, comes);
      assertThat(models.apply(capture.take()).failures()).isEmpty();
      assertThat(models.one(layout)).isEqualTo("image 0");

      capture
          .insert(two, is)
          .event(Op.DELETE, two, COMMITTED, null, comes, null)
          .event(Op.DELETE, two, COMMITTED, null, is, null);
      assertThat(models.apply(capture.take()).failures()).isEmpty();
      assertThat(models.one(layout)).isEqualTo("image 0");

      capture
          .event(Op.DELETE, two, COMMITTED, null, new Object[] {1, at, 5, "on"}, null)
          .insert(two, 1, at, 5, "on");
      assertThat(models.apply(capture.take()).failures()).isEmpty();
      assertThat(models.one(layout)).as("the row came too late to be meant").isEqualTo("image 2 3");
      assertThat(minutes(models)).containsExactly("1 00 2 11");
    }
  }

  @Test
  void a_column_with_another_type_tells_rows_apart_by_what_it_said() {
    var one = table('f', "readings", "device_id int4", "ts timestamptz", "pressure_bar int4");
    var two = table('f', "readings", FIRST[0], FIRST[1], FIRST[2], "mode text");
    var at = "2026-11-20 11:00:00+00";
    var capture = new Capture().insert(one, 1, at, 5).insert(one, 1, at, 9);
    try (var models = new ReadModels()) {
      models.apply(capture.take());
      capture.event(Op.DELETE, two, COMMITTED, null, new Object[] {1, at, 9, "on"}, null);
      assertThat(models.apply(capture.take()).failures()).isEmpty();
      assertThat(minutes(models)).containsExactly("1 00 1 5");
      assertThat(models.one("SELECT exact FROM analytics.table_state")).isEqualTo("true");
    }
  }

  @Test
  void a_row_that_is_found_only_without_a_column_whose_type_changed_makes_the_table_not_exact() {
    var one = table('f', "readings", "device_id int4", "ts timestamptz", "pressure_bar numeric");
    var two = table('f', "readings", FIRST);
    var at = "2026-11-20 11:00:00+00";
    var capture = new Capture().insert(one, 1, at, "5.50").insert(one, 1, at, "9.50");
    try (var models = new ReadModels()) {
      models.apply(capture.take());
      models.restart();
      capture.event(Op.DELETE, two, COMMITTED, null, new Object[] {1, at, "9.5"}, null);
      assertThat(models.apply(capture.take()).failures()).isEmpty();
      assertThat(models.one("SELECT count(*) FROM analytics.row_state")).isEqualTo("1");
      assertThat(models.one("SELECT exact FROM analytics.table_state")).isEqualTo("false");

      models.restart();
      capture.event(Op.DELETE, two, COMMITTED, null, new Object[] {1, at, "5.5"}, null);
      assertThat(models.apply(capture.take()).failures()).isEmpty();
      assertThat(models.one("SELECT count(*) FROM analytics.row_state")).isEqualTo("0");

      models.apply(capture.readAgain(two, new Object[] {1, at, 5.5}).take());
      assertThat(models.one("SELECT exact FROM analytics.table_state")).isEqualTo("true");
    }
  }
}
