package io.claritystream.stream.materializer;

import static io.claritystream.stream.materializer.Capture.table;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.TableSchema;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MaterializerTests {
  private static final TableSchema SITES =
      table("sites", "id int4 key", "name text", "opened date");
  private static final TableSchema DEVICES =
      table(
          "devices",
          "id int4 key",
          "site_id int4 -> sites(id)",
          "name text",
          "power_kw numeric",
          "spare bool");
  private static final TableSchema READINGS =
      table(
          "readings",
          "device_id int4 -> devices(id)",
          "ts timestamptz",
          "pressure_bar float8",
          "temp_c numeric",
          "status text");
  private static final TableSchema TALL =
      table(
          "measurements",
          "device_id int4 -> devices(id)",
          "metric text",
          "ts timestamptz",
          "value text",
          "unit text");

  private final Capture capture = new Capture();
  private ReadModels models;

  @BeforeEach
  void begin() {
    models = new ReadModels();
  }

  @AfterEach
  void end() {
    models.close();
  }

  @Test
  void sites_devices_and_readings_become_read_models() {
    models.apply(
        capture
            .insert(SITES, 1, "North", "2020-02-29")
            .insert(DEVICES, 7, 1, "Filler", "7.50", "f")
            .insert(READINGS, 7, "2026-11-20 11:59:10+00", "2.5", "20.10", "ok")
            .insert(READINGS, 7, "2026-11-20 11:59:50+00", "3.5", "NaN", "ok")
            .take());

    assertThat(
            models.one(
                "SELECT (d.name, d.key, d.kind, s.name, s.key)::text FROM analytics.devices d JOIN analytics.sites s USING (site_id)"))
        .isEqualTo("(Filler,7,device,North,1)");
    assertThat(
            models.rows(
                """
                SELECT k.key, k.name, k.unit, (m.value_count, m.nan_count, m.value_sum, m.value_min, m.value_max, m.value_last, m.last_at)::text AS m
                FROM analytics.metrics_min m JOIN analytics.series USING (series_id)
                JOIN analytics.metric_key k USING (metric_id) ORDER BY k.key
                """))
        .extracting(row -> row.values().toString())
        .containsExactly(
            "[pressure_bar, Pressure, bar, (2,0,6,2.5,3.5,3.5,\"2026-11-20 11:59:50+00\")]",
            "[temp_c, Temperature, °C, (1,1,20.1,20.1,20.1,20.1,\"2026-11-20 11:59:10+00\")]");
    assertThat(models.one("SELECT value FROM analytics.extras_num WHERE key = 'power_kw'"))
        .isEqualTo("7.50");
    assertThat(models.one("SELECT value FROM analytics.extras_bool WHERE key = 'spare'"))
        .isEqualTo("false");
    assertThat(models.one("SELECT value::text FROM analytics.extras_time WHERE key = 'opened'"))
        .startsWith("2020-02-29 00:00:00");
    assertThat(models.one("SELECT value FROM analytics.extras_text WHERE key = 'readings:status'"))
        .isEqualTo("ok");
  }

  /// An agent tells a rename so: the old name is captured no more, the new one is read. The rows
  /// that refer to it are not read again, and their table's definition comes with their next
  /// change.
  @Test
  void a_table_that_is_renamed_keeps_the_names_and_places_of_what_refers_to_it() {
    var locations = renamed(SITES, "locations");
    var devices =
        table(
            "devices",
            "id int4 key",
            "site_id int4 -> locations(id)",
            "name text",
            "power_kw numeric",
            "spare bool");
    var machines = renamed(devices, "machines");
    var events = new ArrayList<ChangeEvent>();
    capture
        .insert(SITES, 1, "North", null)
        .insert(DEVICES, 7, 1, "Filler", "7.50", "f")
        .insert(DEVICES, 8, 1, "Capper", null, "f")
        .insert(READINGS, 7, "2026-11-20 11:59:10+00", "2.5", "20.10", "ok");
    events.addAll(capture.take());
    models.apply(events);
    var before = placed(models);
    var after =
        capture
            .readAgain(nameAlone("sites"))
            .readAgain(locations, new Object[] {1, "North", null}, new Object[] {2, "South", null})
            .update(devices, 8, 2, "Capper", null, "f")
            .readAgain(nameAlone("devices"))
            .readAgain(
                machines,
                new Object[] {7, 1, "Filler", "7.50", "f"},
                new Object[] {8, 2, "Capper", null, "f"})
            .insert(READINGS, 7, "2026-11-20 11:59:50+00", "3.5", null, "ok")
            .take();
    after.forEach(event -> models.apply(List.of(event)));
    events.addAll(after);
    assertThat(before).containsExactly("Capper at North", "Filler at North");
    assertThat(placed(models)).containsExactly("Capper at South", "Filler at North");
    assertThat(models.one("SELECT count(*) FROM analytics.sites")).isEqualTo("2");
    assertThat(
            models.one(
                "SELECT bool_and(exact) FROM analytics.table_state WHERE table_name IN ('public.devices', 'public.machines')"))
        .isEqualTo("true");
    assertThat(
            models.one(
                "SELECT string_agg(d.name, ' ') FROM analytics.series JOIN analytics.devices d USING (device_id) JOIN analytics.metric_key k USING (metric_id) WHERE k.key = 'pressure_bar'"))
        .as("readings are of whom they were")
        .isEqualTo("Filler");
    assertThat(
            models.rows(
                """
                SELECT table_name, mapping -> 'parent' ->> 'table' AS parent
                FROM control.source_table
                WHERE table_name = 'public.devices' OR table_name = 'public.machines'
                ORDER BY table_name, schema_version
                """))
        .extracting(row -> row.get("table_name") + " " + row.get("parent"))
        .as("where it is declared to lead")
        .containsExactly(
            "public.devices public.sites",
            "public.devices public.locations",
            "public.devices public.locations",
            "public.machines public.locations");
    try (var rebuilt = new ReadModels()) {
      rebuilt.apply(events);
      assertThat(placed(rebuilt)).as("in one batch").isEqualTo(placed(models));
    }
  }

  @Test
  void a_table_whose_reference_leads_elsewhere_is_not_exact_until_it_is_read_again() {
    var plants = table("plants", "id int4 key", "name text");
    var devices =
        table(
            "devices",
            "id int4 key",
            "site_id int4 -> plants(id)",
            "name text",
            "power_kw numeric",
            "spare bool");
    var exact = "SELECT exact FROM analytics.table_state WHERE table_name = 'public.devices'";
    models.apply(
        capture
            .insert(SITES, 1, "North", null)
            .insert(plants, 1, "Plant One")
            .insert(DEVICES, 7, 1, "Filler", null, null)
            .insert(DEVICES, 8, 1, "Capper", null, null)
            .take());
    models.apply(capture.update(said(DEVICES), 8, 1, "Capper", null, null).take());
    assertThat(models.one(exact)).as("its comment leads nowhere").isEqualTo("true");

    models.restart();
    models.apply(capture.update(devices, 8, 1, "Capper", null, null).take());
    assertThat(placed(models)).containsExactly("Capper at Plant One", "Filler at North");
    assertThat(models.one(exact)).isEqualTo("false");

    models.apply(
        capture
            .readAgain(
                devices,
                new Object[] {7, 1, "Filler", null, null},
                new Object[] {8, 1, "Capper", null, null})
            .take());
    assertThat(placed(models)).containsExactly("Capper at Plant One", "Filler at Plant One");
    assertThat(models.one(exact)).isEqualTo("true");

    models.apply(capture.readAgain(DEVICES).take());
    models.apply(capture.insert(devices, 9, 1, "Sorter", null, null).take());
    assertThat(models.one(exact)).as("none of its rows leads elsewhere").isEqualTo("true");
  }

  private static TableSchema said(TableSchema table) {
    return new TableSchema(
        table.namespace(),
        table.name(),
        table.replicaIdentity(),
        "said of it",
        table.columns(),
        table.foreignKeys());
  }

  @Test
  void what_is_wrong_with_a_table_is_wrong_with_the_rows_that_are_there() {
    var samples =
        table(
            "pump_samples",
            "id int4 key",
            "pump_id int4",
            "read_at timestamptz",
            "pressure_bar float8",
            "note text");
    var at = "2026-11-20 11:59:10+00";
    var rows =
        new Object[][] {
          {1, null, at, 2.5, "of nobody"}, {2, 7, null, 2.5, "at no time"}, {3, 7, at, 2.5, "good"}
        };
    models.apply(capture.insert(samples, rows[0]).insert(samples, rows[1]).take());
    models.apply(capture.insert(samples, rows[2]).take());
    assertThat(flaws()).isEqualTo("(1,0,1,f)");
    models.apply(capture.readAgain(samples, rows).take());
    models.apply(capture.readAgain(samples, rows).take());
    assertThat(flaws()).as("read again, twice").isEqualTo("(1,0,1,f)");
    models.apply(capture.update(samples, 1, null, at, 2.5, "still of nobody").take());
    assertThat(flaws()).as("the same row").isEqualTo("(1,0,1,f)");

    var mended =
        models.apply(
            capture
                .update(samples, 1, 7, at, 2.5, "mended")
                .insert(samples, 4, null, at, 2.5, "of nobody")
                .update(samples, 4, 7, at, 2.5, "mended at once")
                .update(samples, 3, 7, at, 2.5, new Capture.Unchanged())
                .take());
    assertThat(mended.mended()).hasSize(2);
    assertThat(flaws()).isEqualTo("(0,0,1,t)");
    models.apply(capture.delete(samples, 2).take());
    assertThat(flaws()).isEqualTo("(0,0,0,t)");

    models.apply(capture.update(samples, 9, 7, at, 2.5, new Capture.Unchanged()).take());
    assertThat(flaws()).as("a row whose note was never told").isEqualTo("(0,1,0,f)");
    models.apply(capture.update(samples, 9, 7, at, 2.5, "told").take());
    assertThat(flaws()).isEqualTo("(0,0,0,t)");
  }

  private String flaws() {
    return models.one(
        "SELECT (failed, rows_incomplete, times_replaced, exact)::text FROM analytics.table_state WHERE table_name = 'public.pump_samples'");
  }

  private static List<String> placed(ReadModels models) {
    return models
        .rows(
            "SELECT d.name || ' at ' || s.name AS r FROM analytics.devices d JOIN analytics.sites s USING (site_id) ORDER BY 1")
        .stream()
        .map(row -> String.valueOf(row.get("r")))
        .toList();
  }

  private static TableSchema renamed(TableSchema table, String name) {
    return new TableSchema(
        table.namespace(),
        name,
        table.replicaIdentity(),
        table.comment(),
        table.columns(),
        table.foreignKeys());
  }

  private static TableSchema nameAlone(String name) {
    return new TableSchema("public", name, 'd', "", List.of(), List.of());
  }

  @Test
  void a_table_with_the_columns_of_one_that_is_there_is_another_one() {
    models.apply(
        capture
            .insert(SITES, 1, "North", null)
            .insert(DEVICES, 7, 1, "Filler", null, null)
            .insert(renamed(SITES, "locations"), 1, "Elsewhere", null)
            .take());
    assertThat(placed(models)).containsExactly("Filler at North");
    assertThat(models.one("SELECT count(*) FROM analytics.sites")).isEqualTo("2");
  }

  @Test
  void a_reading_of_an_unknown_device_makes_it_known_by_its_key_until_its_row_comes() {
    models.apply(capture.insert(READINGS, 9, "2026-11-20 11:00:00+00", 1, 2, null).take());
    assertThat(models.one("SELECT (name, described, site_id)::text FROM analytics.devices"))
        .isEqualTo("(9,f,)");

    models.apply(capture.insert(DEVICES, 9, 4, "Capper", null, null).take());

    assertThat(
            models.one(
                "SELECT (name, described, site_id IS NOT NULL)::text FROM analytics.devices"))
        .isEqualTo("(Capper,t,t)");
    assertThat(models.one("SELECT name FROM analytics.sites")).isEqualTo("4");
    models.apply(capture.insert(SITES, 4, "South", null).take());
    assertThat(models.one("SELECT name FROM analytics.sites")).isEqualTo("South");
    assertThat(models.one("SELECT count(*) FROM analytics.entities")).isEqualTo("2");
  }

  @Test
  void whoever_takes_a_source_back_begins_with_what_another_one_stored() {
    models.apply(capture.insert(READINGS, 9, "2026-11-20 11:00:00+00", 1, 2, "ok").take());
    var ours = models.materializer;
    models.restart();
    models.apply(capture.insert(READINGS, 9, "2026-11-20 11:01:00+00", 1, 2, "jam").take());
    models.materializer = ours;

    models.materializer.forget(models.model);
    models.apply(capture.insert(READINGS, 9, "2026-11-20 11:02:00+00", 1, 2, "ok").take());

    assertThat(models.one("SELECT value FROM analytics.extras_text WHERE key = 'readings:status'"))
        .isEqualTo("ok");
  }

  @Test
  void a_device_is_of_the_kind_that_its_row_names() {
    var machines =
        table(
            "machines",
            "id int4 key",
            "name text",
            "protocol_type text",
            "machine_class text",
            "rated_power_kw numeric");
    models.apply(
        capture
            .insert(machines, 1, "Filler 1", "modbus", "Filler", 5)
            .insert(machines, 2, "Thing", "modbus", " ", 5)
            .insert(DEVICES, 7, 1, "Pump", "7.50", "f")
            .take());

    assertThat(models.rows("SELECT kind FROM analytics.devices ORDER BY key"))
        .extracting(row -> row.get("kind"))
        .containsExactly("Filler", "machine", "device");
  }

  @Test
  void long_extras_are_not_remembered_as_bytes_and_weigh_by_their_length() {
    var events =
        capture
            .insert(READINGS, 1, null, 1, 1, "x".repeat(256))
            .insert(READINGS, 1, null, 1, 1, "x".repeat(257))
            .take();
    var status = 4;
    var fitting = events.get(0).after();
    var tooLong = events.get(1).after();

    var last = new LastValue(new Texts.Typed(ExtraType.TEXT, "x".repeat(256)));
    last.remember(fitting, status);
    assertThat(last.hasBytesOf(fitting, status)).isTrue();
    assertThat(last.weight()).isEqualTo(1 + 512 / 64);
    last.remember(tooLong, status);
    assertThat(last.hasBytesOf(tooLong, status)).isFalse();
    assertThat(last.weight()).isEqualTo(1 + 256 / 64);
  }

  @Test
  void a_time_that_is_none_gives_way_to_that_of_the_commit_and_is_counted() {
    models.apply(
        capture
            .insert(READINGS, 1, null, 1, null, null)
            .insert(READINGS, 1, "infinity", 1, null, null)
            .insert(READINGS, 1, "1970-01-01 00:00:00+00", 1, null, null)
            .insert(READINGS, 1, "9999-12-31 00:00:00+00", 1, null, null)
            .insert(READINGS, 1, "0044-03-15 12:00:00 BC", 1, null, null)
            .insert(READINGS, 1, "2026-11-21 11:59:00+00", 1, null, null)
            .take());

    assertThat(models.one("SELECT times_replaced FROM analytics.table_state")).isEqualTo("5");
    assertThat(
            models.rows(
                "SELECT bucket::text, value_count FROM analytics.metrics_min ORDER BY bucket"))
        .extracting(row -> row.values().toString())
        .containsExactly("[2026-11-20 12:00:00+00, 5]", "[2026-11-21 11:59:00+00, 1]");
  }

  @Test
  void tall_readings_name_their_metric_and_texts_among_them_are_extras() {
    models.apply(
        capture
            .insert(TALL, 1, "flow", "2026-11-20 11:00:00+00", "12.5", "l/min")
            .insert(TALL, 1, "mode", "2026-11-20 11:00:00+00", "auto", null)
            .insert(TALL, 1, "speed_rpm", "2026-11-20 11:00:00+00", "1500", null)
            .take());

    assertThat(
            models.rows(
                "SELECT key, name, unit FROM analytics.metric_key WHERE key <> 'mode' ORDER BY key"))
        .extracting(row -> row.values().toString())
        .containsExactly("[flow, Flow, L/min]", "[speed_rpm, Speed, rpm]");
    assertThat(
            models.one(
                "SELECT value FROM analytics.extras_text WHERE key = 'measurements:value.mode'"))
        .isEqualTo("auto");
    assertThat(models.one("SELECT count(*) FROM analytics.metrics_min")).isEqualTo("2");
  }

  @Test
  void a_row_without_a_usable_key_says_whether_it_is_empty_or_how_long_it_may_be() {
    var tanks = table("tanks", "code text key", "name text");
    var applied =
        models.apply(
            capture
                .insert(tanks, "", "Empty")
                .insert(tanks, "  ", "Blank")
                .insert(tanks, "x".repeat(1_000), "Long")
                .insert(tanks, "x".repeat(1_001), "Longer")
                .take());

    assertThat(applied.failures())
        .extracting(failure -> failure.event().seq() + " " + failure.detail().split(":")[0])
        .containsExactly(
            "1 The row has no key", "2 The row has no key", "4 The row's key is too long");
    assertThat(applied.failures().getFirst().detail()).contains("an empty text");
    assertThat(applied.failures().getLast().detail()).contains("1000 characters");
  }

  @Test
  void an_event_that_cannot_be_folded_is_told_and_the_rest_is_folded() {
    var applied =
        models.apply(
            capture
                .insert(READINGS, null, "2026-11-20 11:00:00+00", 1, 2, "ok")
                .insert(READINGS, 1, "2026-11-20 11:00:00+00", 1, 2, "ok")
                .insert(TALL, 1, " ", "2026-11-20 11:00:00+00", "1", null)
                .take());

    assertThat(applied.failures())
        .extracting(Materializer.Failure::cause)
        .containsExactly("device_missing", "metric_missing");
    assertThat(applied.failures())
        .extracting(failure -> failure.event().seq())
        .containsExactly(1L, 3L);
    assertThat(
            models.one(
                "SELECT (failed, exact)::text FROM analytics.table_state WHERE table_name = 'public.readings'"))
        .isEqualTo("(1,f)");
    assertThat(models.one("SELECT count(*) FROM analytics.metrics_min")).isEqualTo("2");
  }

  @Test
  void updates_deletes_and_truncates_are_counted_and_folded() {
    models.apply(capture.insert(SITES, 1, "North", null).take());
    assertThat(models.one("SELECT exact FROM analytics.table_state")).isEqualTo("true");

    models.apply(
        capture
            .update(SITES, 1, "Other", null)
            .delete(SITES, 1)
            .insert(SITES, 3, "East", null)
            .event(Op.TRUNCATE, SITES, Capture.COMMITTED)
            .event(Op.READ, SITES, Capture.COMMITTED, 2, "South", null)
            .update(SITES, 2, "Far South", null)
            .take());

    assertThat(
            models.one(
                "SELECT (reads, inserts, updates, deletes, truncates, exact)::text FROM analytics.table_state"))
        .isEqualTo("(1,2,2,1,1,t)");
    assertThat(models.one("SELECT (key, name)::text FROM analytics.sites"))
        .isEqualTo("(2,\"Far South\")");
    assertThat(models.one("SELECT count(*) FROM analytics.row_state")).isEqualTo("1");
  }

  @Test
  void a_table_whose_source_tells_only_its_inserts_is_never_exact() {
    var downtime = Capture.table("public.downtime", "machine text", "minutes int");
    models.apply(capture.insert(downtime, "M-4", 12).take());
    var keyed = Capture.table('n', "public.stops", "id int4 key", "minutes int");
    models.apply(capture.insert(keyed, 1, 12).take());

    assertThat(models.one("SELECT bool_or(exact) FROM analytics.table_state")).isEqualTo("false");
  }

  @Test
  void live_updates_are_the_newest_of_each_series_and_never_older_than_told_before() {
    var first =
        models.apply(
            capture
                .insert(READINGS, 1, "2026-11-20 11:00:30+00", 5, null, null)
                .insert(READINGS, 1, "2026-11-20 11:00:10+00", 6, null, null)
                .take());
    assertThat(first.live()).hasSize(1);
    assertThat(first.live().getFirst().value()).isEqualByComparingTo(BigDecimal.valueOf(5));
    assertThat(first.live().getFirst().time()).isEqualTo(Instant.parse("2026-11-20T11:00:30Z"));
    assertThat(first.live().getFirst().seq()).isEqualTo(1);

    assertThat(
            models
                .apply(capture.insert(READINGS, 1, "2026-11-20 10:00:00+00", 7, null, null).take())
                .live())
        .isEmpty();
  }

  @Test
  void a_long_text_says_where_it_is_cut_and_its_row_has_all_of_it() {
    var notes = table("notes", "id int4 key", "a text", "b text");
    var fits = "x".repeat(10_000);
    models.apply(capture.insert(notes, 1, fits, fits + "y".repeat(5_000)).take());

    assertThat(models.rows("SELECT value FROM analytics.extras_text ORDER BY key"))
        .extracting(row -> row.get("value"))
        .containsExactly(fits, fits + "… (cut at 10,000 characters)");
    assertThat(models.one("SELECT octet_length(image) > 25000 FROM analytics.row_state"))
        .isEqualTo("true");
  }

  @Test
  void a_long_name_shows_that_it_is_cut() {
    var pump = "p".repeat(199);
    assertThat(Keys.shortened(pump + "p")).isEqualTo(pump + "p");
    assertThat(Keys.shortened(pump + "pp")).isEqualTo(pump + "…");
    assertThat(Keys.shortened("p".repeat(198) + "\ud83d\udca7p")).isEqualTo("p".repeat(198) + "…");
  }

  @Test
  void documents_are_taken_apart_within_limits() {
    var notes = table("notes", "id int4 key", "doc jsonb");
    models.apply(
        capture
            .insert(notes, 1, "{\"a\":{\"b\":[1,\"x\",true,null]},\"n\":1.50}")
            .insert(notes, 2, "[".repeat(40) + "]".repeat(40))
            .insert(notes, 3, "not json")
            .insert(notes, 4, "\"scalar\"")
            .take());

    assertThat(models.rows("SELECT key, value FROM analytics.extras_num ORDER BY key"))
        .extracting(row -> row.values().toString())
        .containsExactly("[doc.a.b.0, 1]", "[doc.n, 1.50]");
    assertThat(models.rows("SELECT key, value FROM analytics.extras_text ORDER BY value"))
        .extracting(row -> row.values().toString())
        .containsExactly("[doc, not json]", "[doc, scalar]", "[doc.a.b.1, x]");
    assertThat(models.one("SELECT extras_left_out FROM analytics.table_state")).isEqualTo("1");
  }

  private String kept(String document) {
    var notes = table("notes", "id int4 key", "doc jsonb");
    try (var fresh = new ReadModels()) {
      fresh.apply(new Capture().insert(notes, 1, document).take());
      return fresh.one(
          """
          SELECT (SELECT count(*) FROM analytics.extras_num) || ' kept, ' || extras_left_out || ' not'
          FROM analytics.table_state
          """);
    }
  }

  @Test
  void the_limits_of_a_document_hold_to_the_last_value() {
    assertThat(kept("{\"a\":".repeat(8) + "1" + "}".repeat(8))).isEqualTo("1 kept, 0 not");
    assertThat(kept("{\"a\":".repeat(9) + "1" + "}".repeat(9))).isEqualTo("0 kept, 1 not");
    assertThat(kept("[1" + ",1".repeat(19) + "]")).isEqualTo("20 kept, 0 not");
    assertThat(kept("[1" + ",1".repeat(20) + "]")).isEqualTo("20 kept, 1 not");
    assertThat(kept("{\"" + "k".repeat(196) + "\":1}")).isEqualTo("1 kept, 0 not");
    assertThat(kept("{\"" + "k".repeat(197) + "\":1}")).isEqualTo("0 kept, 1 not");
    assertThat(kept(fields(500))).isEqualTo("500 kept, 0 not");
    assertThat(kept(fields(501))).isEqualTo("500 kept, 1 not");
  }

  @Test
  void what_a_document_says_at_too_great_a_length_is_counted() {
    assertThat(kept("{\"n\":" + "9".repeat(400) + "}")).isEqualTo("1 kept, 0 not");
    assertThat(kept("{\"n\":" + "9".repeat(401) + "}")).isEqualTo("0 kept, 1 not");
    assertThat(kept("{\"n\":1e99999999999}")).isEqualTo("0 kept, 1 not");
    assertThat(kept("{\"n\":1,\"of_all\":" + "9".repeat(5_000) + "}")).isEqualTo("1 kept, 1 not");
    assertThat(kept("{\"n\":1,\"text\":\"" + "x".repeat(10_000) + "\"}"))
        .isEqualTo("1 kept, 0 not");
    assertThat(kept("{\"n\":1,\"text\":\"" + "x".repeat(10_001) + "\"}"))
        .isEqualTo("1 kept, 1 not");
    assertThat(kept("x".repeat(10_001))).isEqualTo("0 kept, 1 not");
  }

  private String leftOut() {
    return models.one("SELECT extras_left_out FROM analytics.table_state");
  }

  @Test
  void numbers_too_large_for_a_minute_are_counted_while_their_rows_are_there() {
    var samples =
        table(
            "pump_samples",
            "id int4 key",
            "device_id int4 -> devices(id)",
            "ts timestamptz",
            "temp_c numeric",
            "power_kw numeric");
    var at = "2026-11-20 11:00:00+00";
    var sums =
        "SELECT string_agg(key || ' ' || value_count, ', ' ORDER BY key) FROM analytics.metrics_min"
            + " JOIN analytics.series USING (series_id) JOIN analytics.metric_key USING (metric_id)";
    var fits = "9".repeat(1_000) + "." + "9".repeat(2_000);
    models.apply(capture.insert(samples, 1, 1, at, fits, 1).take());
    assertThat(leftOut()).isEqualTo("0");
    assertThat(models.one(sums)).isEqualTo("power_kw 1, temp_c 1");

    capture.insert(samples, 2, 1, at, "9".repeat(1_001), "-0." + "0".repeat(2_000) + "1");
    capture.insert(samples, 3, 1, at, "9".repeat(5_000), "NaN");
    capture.insert(samples, 4, 1, at, "1".repeat(1_001), 4);
    models.apply(capture.delete(samples, 4).take());
    assertThat(leftOut()).isEqualTo("3");
    assertThat(models.one(sums)).isEqualTo("power_kw 1, temp_c 1");
    assertThat(models.one("SELECT exact FROM analytics.table_state")).isEqualTo("true");

    models.restart();
    models.apply(capture.update(samples, 2, 1, at, "9".repeat(1_001), "2").take());
    assertThat(leftOut()).isEqualTo("2");
    assertThat(models.one(sums)).isEqualTo("power_kw 2, temp_c 1");
    models.apply(capture.update(samples, 2, 1, at, "7", "2").take());
    assertThat(models.one(sums)).isEqualTo("power_kw 2, temp_c 2");
    models.apply(capture.delete(samples, 3).take());
    assertThat(leftOut()).isEqualTo("0");
  }

  @Test
  void a_tall_number_too_large_for_a_minute_is_kept_as_a_text_and_counted() {
    var samples =
        table(
            "measurements",
            "id int4 key",
            "device_id int4 -> devices(id)",
            "metric text",
            "ts timestamptz",
            "value text");
    var at = "2026-11-20 11:00:00+00";
    models.apply(
        capture
            .insert(samples, 1, 1, "a", at, "9".repeat(1_001))
            .insert(samples, 2, 1, "b", at, "1e5000")
            .insert(samples, 3, 1, "c", at, "running")
            .insert(samples, 4, 1, "d", at, "x".repeat(10_001))
            .take());
    assertThat(leftOut()).isEqualTo("3");
    assertThat(models.one("SELECT count(*) FROM analytics.extras_text")).isEqualTo("4");

    models.restart();
    models.apply(capture.update(samples, 1, 1, "a", at, "9").take());
    assertThat(leftOut()).isEqualTo("2");
    models.apply(capture.delete(samples, 2).delete(samples, 3).delete(samples, 4).take());
    assertThat(leftOut()).isEqualTo("0");
  }

  @Test
  void extras_that_are_cut_or_texts_for_their_size_are_counted_while_their_rows_are_there() {
    var items = table("item", "id int4 key", "size numeric", "a text", "b text", "doc jsonb");
    var fits = "\ud83d\udca7".repeat(10_000);
    models.apply(capture.insert(items, 1, "9".repeat(400), fits, null, "{\"n\":1}").take());
    assertThat(leftOut()).isEqualTo("0");
    assertThat(models.one("SELECT count(*) FROM analytics.extras_num")).isEqualTo("2");

    var longer = fits + "x";
    var deep = "[".repeat(9) + "]".repeat(9);
    models.apply(
        capture
            .insert(items, 2, "9".repeat(401), longer, longer, deep)
            .insert(items, 3, null, longer, null, null)
            .take());
    assertThat(leftOut()).isEqualTo("5");

    models.restart();
    models.apply(capture.update(items, 2, "0." + "0".repeat(400), longer, "b", "{}").take());
    assertThat(leftOut()).isEqualTo("3");
    models.apply(capture.delete(items, 2).take());
    assertThat(leftOut()).isEqualTo("1");
    models.apply(capture.update(items, 3, 1, "a", null, null).take());
    assertThat(leftOut()).isEqualTo("0");
  }

  private static String fields(int count) {
    return java.util.stream.IntStream.range(0, count)
        .mapToObj(i -> "\"k" + i + "\":1")
        .collect(java.util.stream.Collectors.joining(",", "{", "}"));
  }

  @Test
  void two_that_admit_a_tables_keys_never_give_one_place_to_two_keys() {
    var notes = table("notes", "id int4 key", "doc jsonb");
    models.apply(capture.insert(notes, 1, "{\"first\":1}").take());
    models
        .database
        .superuser()
        .sql(
            """
            INSERT INTO analytics.extras_key (tenant_id, source_id, table_name, slot, path)
            SELECT tenant_id, source_id, table_name, slot + 1, 'doc.of_another'
            FROM analytics.extras_key
            """)
        .update();
    var events = capture.insert(notes, 2, "{\"second\":1}").take();
    assertThatThrownBy(() -> models.apply(events)).hasMessageContaining("admitted by another");
    models.apply(events);
    assertThat(models.one("SELECT string_agg(path, ' ' ORDER BY slot) FROM analytics.extras_key"))
        .isEqualTo("doc.first doc.of_another doc.second");
  }

  @Test
  void a_table_has_at_most_2000_keys() {
    var notes = table("notes", "id int4 key", "doc jsonb");
    for (var part = 0; part < 5; part++) {
      var doc = new StringBuilder("{");
      for (var i = 0; i < 490; i++) {
        doc.append(i == 0 ? "" : ",")
            .append("\"k")
            .append(part)
            .append('_')
            .append(i)
            .append("\":1");
      }
      capture.insert(notes, part, doc.append('}'));
    }
    models.apply(capture.take());

    assertThat(models.one("SELECT count(*) FROM analytics.extras_num")).isEqualTo("2000");
    assertThat(models.one("SELECT extras_left_out FROM analytics.table_state")).isEqualTo("450");
    models.restart();
    models.apply(capture.insert(notes, 9, "{\"new\":1,\"k0_0\":2}").take());
    assertThat(models.one("SELECT count(*) FROM analytics.extras_num")).isEqualTo("2001");
  }

  @Test
  void an_unchanged_extra_is_not_written_again_whatever_was_remembered() {
    models.apply(capture.insert(READINGS, 1, "2026-11-20 11:00:00+00", 1, null, "ok").take());
    var written = models.one("SELECT xmin FROM analytics.extras_text");

    models.apply(capture.insert(READINGS, 1, "2026-11-20 11:00:01+00", 1, null, "ok").take());
    models.restart();
    models.apply(capture.insert(READINGS, 1, "2026-11-20 11:00:02+00", 1, null, "ok").take());

    assertThat(models.one("SELECT xmin FROM analytics.extras_text")).isEqualTo(written);
  }

  @Test
  void what_was_rolled_back_is_forgotten() {
    var events = capture.insert(READINGS, 1, "2026-11-20 11:00:00+00", 1, null, "ok").take();
    models.applyAndRollBack(events);
    assertThat(models.everything()).isEmpty();

    models.apply(events);

    assertThat(models.one("SELECT count(*) FROM analytics.devices")).isEqualTo("1");
    assertThat(models.one("SELECT value FROM analytics.extras_text")).isEqualTo("ok");
  }

  @Test
  void numbers_of_any_size_are_kept_exactly() {
    var large = "9".repeat(200);
    models.apply(
        capture
            .insert(READINGS, 1, "2026-11-20 11:00:00+00", "5e-324", large, null)
            .insert(READINGS, 1, "2026-11-20 11:00:01+00", "1.7976931348623157e+308", "0.01", null)
            .insert(READINGS, 1, "2026-11-20 11:00:02+00", "-Infinity", "-0", null)
            .take());

    assertThat(
            models.one(
                "SELECT (value_count, value_sum, value_min, value_max)::text FROM analytics.metrics_min JOIN analytics.series USING (series_id) JOIN analytics.metric_key USING (metric_id) WHERE key = 'temp_c'"))
        .isEqualTo("(3," + large + ".01,0," + large + ")");
    assertThat(
            models.one(
                "SELECT (value_count, inf_count, value_sum = 5e-324 + 1.7976931348623157e308)::text FROM analytics.metrics_min JOIN analytics.series USING (series_id) JOIN analytics.metric_key USING (metric_id) WHERE key = 'pressure_bar'"))
        .isEqualTo("(2,1,t)");
  }

  @Test
  void rows_of_other_tables_are_entities_also_without_a_key() {
    var log = table("event_log", "message text", "at timestamp");
    models.apply(
        capture
            .insert(log, "a", "2026-11-20 11:00:00")
            .insert(log, "a", "2026-11-20 11:00:00")
            .take());

    assertThat(models.rows("SELECT key, kind FROM analytics.entities ORDER BY key"))
        .extracting(row -> row.values().toString())
        .containsExactly("[#1-1, row]", "[#1-2, row]");
  }

  @Test
  void an_extra_has_one_type_at_a_time() {
    var notes = table("notes", "id int4 key", "doc jsonb");
    for (var value : List.of("1", "\"x\"", "true", "\"x\"")) {
      models.apply(capture.insert(notes, 1, "{\"a\":" + value + "}").take());
      models.restart();
    }

    assertThat(models.one("SELECT value FROM analytics.extras_text")).isEqualTo("x");
    assertThat(
            models.one(
                "SELECT (SELECT count(*) FROM analytics.extras_num) + (SELECT count(*) FROM analytics.extras_bool)"))
        .isEqualTo("0");
  }

  @Test
  void a_flat_table_gives_its_machines_their_sites() {
    var flat =
        table(
            "telemetry",
            "ts timestamptz required",
            "site text required",
            "machine text required",
            "temp_c float8");
    models.apply(
        capture
            .insert(flat, "2026-11-20 11:00:00+00", "Bremen", "M1", "20")
            .insert(flat, "2026-11-20 11:00:00+00", "Bremen", "M2", "21")
            .insert(flat, "2026-11-20 11:00:00+00", "Ulm", "M3", "22")
            .take());

    assertThat(
            models.rows(
                "SELECT d.name, s.name AS site FROM analytics.devices d JOIN analytics.sites s USING (site_id) ORDER BY 1"))
        .extracting(row -> row.values().toString())
        .containsExactly("[M1, Bremen]", "[M2, Bremen]", "[M3, Ulm]");
  }
}
