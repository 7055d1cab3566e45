package io.claritystream.stream.materializer;

import static io.claritystream.stream.materializer.Capture.table;
import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TestDatabase;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.TableSchema;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Whatever a source does to its rows, and whatever its replica identities are: the read models are
/// what the rows that are there now say, and nothing else.
class RetractionTests {
  private static final Instant BEGIN = Instant.parse("2026-11-20T12:00:00Z");
  private static final UUID TENANT = new UUID(1, 1);
  private static final UUID SOURCE = new UUID(2, 2);
  private static final String LARGE_NUMBER = "9".repeat(1_001);
  private static final String LONG_TEXT = "t".repeat(10_001);
  private static final char[] IDENTITIES = {'d', 'f', 'i'};

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void read_models_are_what_the_rows_of_now_say(long seed) {
    var random = new Random(seed);
    var plant = plant(random);
    var capture = new Capture();
    var at = BEGIN;
    var events = new ArrayList<ChangeEvent>();
    try (var models = new ReadModels(TestDatabase.create(), TENANT, SOURCE)) {
      keep(models, plant);
      for (var batch = 0; batch < 30; batch++) {
        var size = 1 + random.nextInt(30);
        for (var i = 0; i < size; i++) {
          at = at.plusMillis(random.nextInt(3_000));
          plant.get(names(plant).get(random.nextInt(plant.size()))).change(capture, random, at);
        }
        var taken = capture.take();
        events.addAll(taken);
        if (random.nextInt(6) == 0) {
          models.applyAndRollBack(taken);
        }
        if (random.nextInt(6) == 0) {
          models.restart();
        }
        models.apply(taken);
        if (batch % 3 == 2) {
          assertSame("seed " + seed + " batch " + batch, models, plant);
        }
      }
      assertThat(folded(events, plant, Integer.MAX_VALUE))
          .as("in one batch")
          .isEqualTo(models.everything());
      assertThat(folded(events, plant, 1)).as("singly").isEqualTo(models.everything());
    }
  }

  private static final TableSchema READINGS =
      table(
          "readings",
          "device_id int4 key -> devices(id)",
          "ts timestamptz key",
          "pressure_bar float8",
          "mode text");

  private static String minute(ReadModels models) {
    return models.one(
        "SELECT coalesce(string_agg((value_count, nan_count, inf_count, value_sum, value_min, value_max, value_last)::text, ' ' ORDER BY bucket), 'none') FROM analytics.metrics_min");
  }

  private static Capture reading(Capture capture, int second, String pressure) {
    return capture.insert(
        READINGS, 1, "2026-11-20 11:00:%02d+00".formatted(second), pressure, "on");
  }

  private static Capture gone(Capture capture, int second) {
    return capture.delete(READINGS, 1, "2026-11-20 11:00:%02d+00".formatted(second));
  }

  @Test
  void a_minute_gives_up_its_smallest_its_largest_its_last_what_is_no_number_and_itself() {
    var capture = new Capture();
    try (var models = new ReadModels()) {
      reading(capture, 1, "5");
      reading(capture, 2, "1");
      reading(capture, 3, "9");
      reading(capture, 4, "NaN");
      models.apply(reading(capture, 5, "3").take());
      assertThat(minute(models)).isEqualTo("(4,1,0,18,1,9,3)");

      models.apply(gone(capture, 2).take());
      assertThat(minute(models)).isEqualTo("(3,1,0,17,3,9,3)");
      models.apply(gone(capture, 3).take());
      assertThat(minute(models)).isEqualTo("(2,1,0,8,3,5,3)");
      models.apply(gone(capture, 5).take());
      assertThat(minute(models)).isEqualTo("(1,1,0,5,5,5,5)");
      models.apply(gone(capture, 1).take());
      assertThat(minute(models)).isEqualTo("(0,1,0,0,,,)");
      models.apply(gone(capture, 4).take());
      assertThat(minute(models)).isEqualTo("none");
      assertThat(models.one("SELECT count(*) FROM analytics.devices")).isEqualTo("0");
      assertThat(models.one("SELECT count(*) FROM analytics.extras_text")).isEqualTo("0");
    }
  }

  @Test
  void a_reading_moves_with_its_key_to_another_minute_and_another_device() {
    var capture = new Capture();
    try (var models = new ReadModels()) {
      models.apply(reading(capture, 1, "5").take());
      Object[] was = {1, "2026-11-20 11:00:01+00"};
      Object[] is = {2, "2026-11-20 11:07:01+00", "6", "off"};
      models.apply(capture.event(Op.UPDATE, READINGS, Capture.COMMITTED, was, null, is).take());

      assertThat(minute(models)).isEqualTo("(1,0,0,6,6,6,6)");
      assertThat(
              models.one(
                  "SELECT string_agg(d.key || ' ' || value, ',') FROM analytics.devices d JOIN analytics.extras_text x ON x.entity_id = d.device_id"))
          .isEqualTo("2 off");
    }
  }

  /// Rows that the source deleted stay, and those that are read again count once.
  @Test
  void a_table_that_is_read_again_keeps_its_deleted_rows_if_they_are_to_stay() {
    for (var kept : List.of(true, false)) {
      try (var models = new ReadModels(TestDatabase.create(), TENANT, SOURCE)) {
        if (kept) {
          models.keepDeletedRowsOf(READINGS.qualifiedName());
        }
        var capture = new Capture();
        reading(capture, 1, "1");
        reading(capture, 2, "2");
        reading(capture, 3, "4");
        gone(capture, 1);
        models.apply(capture.take());
        var expected = kept ? "(3,0,0,11,1,8,8)" : "(1,0,0,8,8,8,8)";
        for (var times = 0; times < 2; times++) {
          capture.readAgain(READINGS, new Object[] {1, "2026-11-20 11:00:03+00", "8", "on"});
          models.apply(capture.take());
          assertThat(minute(models)).as(kept ? "kept" : "retracted").isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void a_table_whose_rows_are_kept_lets_go_of_all_of_them_when_it_is_emptied() {
    var notes = table("notes", "id int8 key", "message text");
    var capture = new Capture();
    try (var models = new ReadModels()) {
      models.keepDeletedRowsOf("public.notes");
      for (var i = 0; i < 12_000; i++) {
        capture.insert(notes, i, "m" + i);
      }
      models.apply(capture.take());
      models.apply(capture.event(Op.TRUNCATE, notes, Capture.COMMITTED).take());
      assertThat(models.one("SELECT count(*) || ' ' || count(key) FROM analytics.row_state"))
          .isEqualTo("12000 0");

      models.apply(capture.insert(notes, 5, "again").take());
      assertThat(models.one("SELECT count(*) || ' ' || count(key) FROM analytics.row_state"))
          .isEqualTo("12001 1");
    }
  }

  @Test
  void a_minute_is_exact_after_many_thousand_adds_and_removes() {
    var capture = new Capture();
    var ids =
        table(
            "readings",
            "id int8 key",
            "device_id int4 -> devices(id)",
            "ts timestamptz",
            "pressure_bar numeric");
    try (var models = new ReadModels()) {
      for (var round = 0; round < 5; round++) {
        for (var i = 0; i < 10_000; i++) {
          capture.insert(ids, round * 10_000 + i, 1, "2026-11-20 11:00:01+00", "0.1");
        }
        models.apply(capture.take());
        for (var i = 0; i < 10_000; i++) {
          if (round < 4 || i > 0) {
            capture.delete(ids, round * 10_000 + i);
          }
        }
        models.apply(capture.take());
      }
      assertThat(minute(models)).isEqualTo("(1,0,0,0.1,0.1,0.1,0.1)");
    }
  }

  private static List<String> folded(
      List<ChangeEvent> events, Map<String, SourceRows> plant, int batch) {
    try (var models = new ReadModels(TestDatabase.create(), TENANT, SOURCE)) {
      keep(models, plant);
      for (var from = 0; from < events.size(); ) {
        var to = (int) Math.min(events.size(), (long) from + batch);
        models.apply(events.subList(from, to));
        from = to;
      }
      return models.everything();
    }
  }

  private static void assertSame(String when, ReadModels models, Map<String, SourceRows> plant) {
    var expected = new RowsOracle(plant).everything();
    var actual = RowsOracle.stored(models);
    var more = new ArrayList<>(actual);
    more.removeAll(expected);
    var less = new ArrayList<>(expected);
    less.removeAll(actual);
    assertThat(more).as("%s: instead of %s", when, less).isEmpty();
    assertThat(less).as("%s: is missing", when).isEmpty();
    assertThat(models.typesKept()).as("%s: types", when).isEqualTo(models.typesCounted());
  }

  private static List<String> names(Map<String, SourceRows> plant) {
    return List.copyOf(plant.keySet());
  }

  private static void keep(ReadModels models, Map<String, SourceRows> plant) {
    plant.forEach(
        (name, rows) -> {
          if (rows.keep) {
            models.keepDeletedRowsOf(rows.schema.qualifiedName());
          }
        });
  }

  private static Map<String, SourceRows> plant(Random random) {
    var plant = new LinkedHashMap<String, SourceRows>();
    plant.put(
        "sites",
        rows(
            random,
            table(identity(random), "sites", "id int4 key", "name text"),
            false,
            -1,
            column -> column == 0 ? (Object) random.nextInt(3) : text(random)));
    plant.put(
        "devices",
        rows(
            random,
            table(
                identity(random),
                "devices",
                "id int4 key",
                "site_id int4 -> sites(id)",
                "name text",
                "manual text"),
            random.nextBoolean(),
            3,
            column ->
                switch (column) {
                  case 0 -> random.nextInt(4);
                  case 1 -> random.nextInt(4) == 0 ? null : random.nextInt(3);
                  default -> text(random);
                }));
    IntFunction<@Nullable Object> reading =
        column ->
            switch (column) {
              case 0 -> random.nextInt(4);
              case 1 -> BEGIN.plusSeconds(random.nextInt(240)).toString();
              case 2, 3 -> number(random);
              default -> random.nextInt(6) == 0 ? LONG_TEXT : text(random);
            };
    plant.put(
        "readings",
        rows(
            random,
            table(
                identity(random),
                "readings",
                "device_id int4 key -> devices(id)",
                "ts timestamptz key",
                "pressure_bar float8",
                "temp_c numeric",
                "mode text"),
            false,
            4,
            reading));
    plant.put(
        "archive_readings",
        rows(
            random,
            table(
                identity(random),
                "archive_readings",
                "device_id int4 key -> devices(id)",
                "ts timestamptz key",
                "pressure_bar float8",
                "temp_c numeric",
                "mode text"),
            true,
            4,
            reading));
    plant.put(
        "measurements",
        rows(
            random,
            table(
                identity(random),
                "measurements",
                "id int4 key",
                "device_id int4 -> devices(id)",
                "metric text",
                "ts timestamptz",
                "value text"),
            false,
            4,
            column ->
                switch (column) {
                  case 0 -> random.nextInt(25);
                  case 1 -> random.nextInt(4);
                  case 2 -> "m" + random.nextInt(3);
                  case 3 ->
                      random.nextInt(8) == 0
                          ? null
                          : BEGIN.plusSeconds(random.nextInt(240)).toString();
                  default -> random.nextInt(3) == 0 ? text(random) : number(random);
                }));
    plant.put(
        "flat_telemetry",
        rows(
            random,
            table(
                'f',
                "flat_telemetry",
                "site text required",
                "machine text required",
                "ts timestamptz",
                "speed_rpm float8"),
            random.nextInt(3) == 0,
            -1,
            column ->
                switch (column) {
                  case 0 -> "S" + random.nextInt(2);
                  case 1 -> "M" + random.nextInt(3);
                  case 2 -> BEGIN.plusSeconds(random.nextInt(6)).toString();
                  default -> random.nextInt(3);
                }));
    plant.put(
        "orders",
        rows(
            random,
            table(identity(random), "orders", "id int4 key", "total numeric", "doc json"),
            random.nextInt(3) == 0,
            2,
            column ->
                switch (column) {
                  case 0 -> random.nextInt(5);
                  case 1 -> random.nextInt(3) == 0 ? null : random.nextInt(3);
                  default -> document(random);
                }));
    plant.put(
        "machine_stops",
        rows(
            random,
            table(
                identity(random),
                "machine_stops",
                "stop_id int4 key",
                "device_id int4 -> devices(id)",
                "started_at timestamptz",
                "ended_at timestamptz",
                "reason text"),
            random.nextInt(3) == 0,
            4,
            column ->
                switch (column) {
                  case 0 -> random.nextInt(12);
                  case 1 -> random.nextInt(8) == 0 ? null : random.nextInt(6);
                  case 2 -> start(random);
                  case 3 -> end(random);
                  default -> text(random);
                }));
    plant.put(
        "machine_states",
        rows(
            random,
            table(
                random.nextInt(4) == 0 ? 'n' : identity(random),
                "machine_states",
                "id int4 key",
                "device_id int4 -> devices(id)",
                "changed_at timestamptz",
                "state text",
                "reason text"),
            random.nextInt(3) == 0,
            -1,
            column ->
                switch (column) {
                  case 0 -> random.nextInt(20);
                  case 1 -> random.nextInt(8) == 0 ? null : random.nextInt(6);
                  case 2 -> start(random);
                  default -> text(random);
                }));
    plant.put(
        "notes",
        rows(random, table('d', "notes", "message text"), false, -1, column -> text(random)));
    return plant;
  }

  private static SourceRows rows(
      Random random,
      TableSchema schema,
      boolean keep,
      int large,
      IntFunction<@Nullable Object> cell) {
    return new SourceRows(schema, keep, large, cell);
  }

  private static char identity(Random random) {
    return IDENTITIES[random.nextInt(IDENTITIES.length)];
  }

  private static @Nullable String text(Random random) {
    return random.nextInt(4) == 0 ? null : "t" + random.nextInt(3);
  }

  /// Few moments, so that some sessions begin at the same.
  private static @Nullable String start(Random random) {
    return switch (random.nextInt(12)) {
      case 0 -> null;
      case 1 -> "1970-01-01 00:00:00+00";
      case 2 -> "infinity";
      case 3 -> "9999-12-31 00:00:00+00";
      default -> BEGIN.plusSeconds(60L * random.nextInt(8)).toString();
    };
  }

  private static @Nullable String end(Random random) {
    return switch (random.nextInt(12)) {
      case 0, 1, 2 -> null;
      case 3 -> "0001-01-01 00:00:00+00";
      case 4 -> "infinity";
      case 5 -> "-infinity";
      default -> BEGIN.plusSeconds(60L * random.nextInt(8)).toString();
    };
  }

  private static @Nullable String number(Random random) {
    return switch (random.nextInt(12)) {
      case 0 -> null;
      case 1 -> "NaN";
      case 2 -> random.nextBoolean() ? "Infinity" : "-Infinity";
      case 3 -> "1.10";
      case 4 -> "1.1";
      case 5 -> "-0";
      case 6 -> "1e+20";
      case 7 -> "123456789012345678901234567890.5";
      case 8 -> LARGE_NUMBER;
      default -> Double.toString(Math.round(random.nextGaussian() * 1000) / 100.0);
    };
  }

  private static @Nullable String document(Random random) {
    return switch (random.nextInt(5)) {
      case 0 -> null;
      case 4 -> "{\"b\":{\"c\":true},\"deep\":" + "[".repeat(8) + "]".repeat(8) + "}";
      case 1 -> "{\"a\":" + random.nextInt(2) + "}";
      case 2 -> "{\"a\":\"" + random.nextInt(2) + "\"}";
      default -> "{\"b\":{\"c\":true}}";
    };
  }
}
