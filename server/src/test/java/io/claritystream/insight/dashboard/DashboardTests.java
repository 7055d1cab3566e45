package io.claritystream.insight.dashboard;

import static io.claritystream.stream.materializer.Capture.table;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.claritystream.ApiClient;
import io.claritystream.Clarity;
import io.claritystream.TestServer;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.materializer.Capture;
import io.claritystream.stream.materializer.ReadModels;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// The read API over a small fleet: two sites with three pumps, an hour of readings.
class DashboardTests {
  private static final Instant NOW = Instant.parse("2026-11-20T12:00:30Z");
  private static final TableSchema SITES = table("sites", "id int4 key", "name text");
  private static final TableSchema PUMPS =
      table("pumps", "id int4 key", "site_id int4 -> sites(id)", "name text", "power_kw numeric");
  private static final TableSchema READINGS =
      table(
          "pump_readings",
          "pump_id int4 -> pumps(id)",
          "ts timestamptz",
          "flow_l_min float8",
          "temp_c float8",
          "mode text");

  private static TestServer server;
  private static SettableClock clock;
  private static ApiClient.Registered ours;
  private static ApiClient.Registered theirs;

  @BeforeAll
  static void begin() {
    server = TestServer.start(Map.of(), Clarity.class, SettableClock.Set.class);
    clock = server.bean(SettableClock.class);
    ours = server.client().register("ours@example.com");
    theirs = server.client().register("theirs@example.com");
    var capture = new Capture();
    capture.insertAt(NOW, SITES, 1, "North").insertAt(NOW, SITES, 2, "South");
    capture
        .insertAt(NOW, PUMPS, 1, 1, "Alpha", "7.5")
        .insertAt(NOW, PUMPS, 2, 1, "Beta", null)
        .insertAt(NOW, PUMPS, 3, 2, "Gamma", null)
        .insertAt(NOW, PUMPS, 4, 2, "Never", null);
    // Alpha each minute until now; Beta until 5 minutes ago; Gamma every 10 minutes.
    for (var minute = 59; minute >= 0; minute--) {
      var at = NOW.minusSeconds(30).minus(Duration.ofMinutes(minute));
      capture.insertAt(NOW, READINGS, 1, at, 100 + minute, 20, "auto");
      if (minute >= 5) {
        capture.insertAt(NOW, READINGS, 2, at, 50, 30, null);
      }
      if (minute % 10 == 1) {
        capture.insertAt(NOW, READINGS, 3, at, 10, null, null);
      }
    }
    models(ours).apply(capture.take());
    models(theirs)
        .apply(
            new Capture()
                .insertAt(NOW, PUMPS, 1, 9, "Secret pump", null)
                .insertAt(NOW, READINGS, 1, NOW, 7, 7, "secret")
                .take());
  }

  private static ReadModels models(ApiClient.Registered person) {
    return new ReadModels(
        server.database(), UUID.fromString(person.organizationId()), UUID.randomUUID());
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @BeforeEach
  void setClock() {
    clock.now = NOW;
  }

  @Test
  void devices_are_listed_by_name_with_their_states() {
    var answer = ours.client().get("/v1/devices");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(texts(answer.body().get("data"), "name"))
        .containsExactly("Alpha", "Beta", "Gamma", "Never");
    assertThat(texts(answer.body().get("data"), "state"))
        .containsExactly("reporting", "late", "reporting", "never");
    var alpha = answer.body().at("/data/0");
    assertThat(alpha.get("age_s").asInt()).isEqualTo(30);
    assertThat(alpha.get("site_name").asString()).isEqualTo("North");
    assertThat(alpha.get("kind").asString()).isEqualTo("pump");
    assertThat(alpha.get("metrics").asInt()).isEqualTo(2);
    assertThat(answer.body().at("/data/2/expected_interval_s").asInt()).isEqualTo(600);
  }

  @Test
  void a_device_falls_silent_as_time_passes() {
    clock.now = NOW.plus(Duration.ofMinutes(1));
    assertThat(stateOf("Alpha")).isEqualTo("reporting");
    clock.now = NOW.plus(Duration.ofMinutes(2));
    assertThat(stateOf("Alpha")).isEqualTo("late");
    clock.now = NOW.plus(Duration.ofSeconds(570));
    assertThat(stateOf("Alpha")).isEqualTo("late");
    clock.now = NOW.plus(Duration.ofSeconds(571));
    assertThat(stateOf("Alpha")).isEqualTo("silent");
  }

  private static String stateOf(String name) {
    return ours.client().get("/v1/devices?q=" + name).body().at("/data/0/state").asString();
  }

  private static List<String> states(ApiClient.Registered person) {
    return texts(person.client().get("/v1/devices").body().get("data"), "state");
  }

  /// What an agent says of its source now.
  private static void report(ReadModels of, String state) {
    server
        .database()
        .superuser()
        .sql(
            """
            INSERT INTO control.source_status (source_id, tenant_id, session, state, detail,
              captured_seq, spool_bytes, spool_limit_bytes, lag_bytes, position, events_per_s,
              reported_at)
            VALUES (:source, :tenant, 1, :state, '', 0, 0, 0, 0, '0/0', 0, :now)
            ON CONFLICT (source_id) DO UPDATE SET state = excluded.state
            """)
        .param("source", of.source.sourceId())
        .param("tenant", of.source.tenantId().value())
        .param("state", state)
        .param("now", NOW.atOffset(ZoneOffset.UTC))
        .update();
  }

  @Test
  void no_device_is_late_or_silent_while_the_snapshot_of_its_source_is_being_taken_in() {
    var person = server.client().register("loading@example.com");
    var models = models(person);
    report(models, "snapshotting");
    models.apply(
        new Capture()
            .insertAt(NOW, PUMPS, 1, 1, "Long ago", null)
            .insertAt(NOW, PUMPS, 2, 1, "Not yet", null)
            .insertAt(NOW, PUMPS, 3, 1, "Now", null)
            .insertAt(NOW, READINGS, 1, NOW.minus(Duration.ofDays(30)), 1, 1, null)
            .insertAt(NOW, READINGS, 3, NOW, 1, 1, null)
            .take());
    assertThat(states(person)).containsExactly("loading", "loading", "reporting");
    assertThat(texts(person.client().get("/v1/devices?state=loading").body().get("data"), "name"))
        .containsExactly("Long ago", "Not yet");
    var counts = person.client().get("/v1/overview").body().get("counts");
    assertThat(counts.get("silent").asInt() + counts.get("never").asInt()).isZero();
    assertThat(counts.get("loading").asInt()).isEqualTo(2);

    report(models, "streaming");
    assertThat(states(person)).containsExactly("silent", "never", "reporting");
  }

  @Test
  void devices_of_a_removed_source_are_expected_no_more() {
    var person = server.client().register("removed@example.com");
    var models = models(person);
    models.apply(
        new Capture()
            .insertAt(NOW, PUMPS, 1, 1, "Alpha", null)
            .insertAt(NOW, READINGS, 1, NOW.minus(Duration.ofMinutes(5)), 1, 1, null)
            .take());
    assertThat(states(person)).containsExactly("late");
    server
        .database()
        .superuser()
        .sql("UPDATE control.source SET removed_at = :now WHERE source_id = :source")
        .param("now", NOW.atOffset(ZoneOffset.UTC))
        .param("source", models.source.sourceId())
        .update();
    assertThat(states(person)).containsExactly("removed");
    var id = person.client().get("/v1/devices").body().at("/data/0/id").asString();
    assertThat(person.client().get("/v1/devices/" + id).body().get("state").asString())
        .isEqualTo("removed");
    var counts = person.client().get("/v1/overview").body().get("counts");
    assertThat(counts.get("devices").asInt()).isZero();
    assertThat(counts.get("removed").asInt()).isEqualTo(1);
  }

  @Test
  void devices_are_found_by_state_and_by_site_and_page_by_page() {
    assertThat(texts(ours.client().get("/v1/devices?state=late").body().get("data"), "name"))
        .containsExactly("Beta");
    var south = ours.client().get("/v1/sites").body().at("/data/1/id").asString();
    assertThat(texts(ours.client().get("/v1/devices?site_id=" + south).body().get("data"), "name"))
        .containsExactly("Gamma", "Never");

    assertThat(namesPageByPage(ours, 3)).containsExactly("Alpha", "Beta", "Gamma", "Never");
  }

  private static List<String> namesPageByPage(ApiClient.Registered person, int limit) {
    var names = new ArrayList<String>();
    String cursor = "";
    do {
      var page = person.client().get("/v1/devices?limit=" + limit + cursor);
      names.addAll(texts(page.body().get("data"), "name"));
      cursor =
          page.body().get("next_cursor").isNull() ? null : "&cursor=" + page.text("next_cursor");
    } while (cursor != null);
    return names;
  }

  @Test
  void numbers_in_names_are_in_the_order_that_people_count_in() {
    var presses = server.client().register("presses@example.com");
    var capture = new Capture();
    for (var number : List.of(10, 2, 11, 1)) {
      capture.insertAt(NOW, PUMPS, number, 1, "Press " + number, null);
    }
    models(presses).apply(capture.take());

    assertThat(namesPageByPage(presses, 2))
        .containsExactly("Press 1", "Press 2", "Press 10", "Press 11");
  }

  @Test
  void a_state_is_looked_for_in_all_devices_page_by_page() {
    var crowded = server.client().register("crowded@example.com");
    models(crowded)
        .apply(
            new Capture()
                .insertAt(NOW, PUMPS, 1, 1, "Zulu", null)
                .insertAt(NOW, READINGS, 1, NOW, 7, 7, null)
                .take());
    server
        .database()
        .superuser()
        .sql(
            """
            INSERT INTO analytics.devices
              (tenant_id, model_id, device_id, source_id, key, name, kind, described, placed)
            SELECT tenant_id, model_id, gen_random_uuid(), source_id, 'k' || i, 'Pump ' || i, kind, true, true
            FROM analytics.devices, generate_series(1, 20500) i
            WHERE tenant_id = CAST(:tenant AS uuid)
            """)
        .param("tenant", crowded.organizationId())
        .update();

    var first = crowded.client().get("/v1/devices?state=reporting").body();
    assertThat(first.get("data")).isEmpty();
    var second =
        crowded
            .client()
            .get("/v1/devices?state=reporting&cursor=" + first.get("next_cursor").asString())
            .body();
    assertThat(texts(second.get("data"), "name")).containsExactly("Zulu");
    assertThat(second.get("next_cursor").isNull()).isTrue();

    var some = crowded.client().get("/v1/devices?state=never&limit=2").body();
    assertThat(texts(some.get("data"), "name")).containsExactly("Pump 1", "Pump 2");
    var more =
        crowded
            .client()
            .get("/v1/devices?state=never&limit=2&cursor=" + some.get("next_cursor").asString())
            .body();
    assertThat(texts(more.get("data"), "name")).containsExactly("Pump 3", "Pump 4");
  }

  @Test
  void a_device_shows_its_attributes_and_newest_values() {
    var id = ours.client().get("/v1/devices?q=Alpha").body().at("/data/0/id").asString();

    var device = ours.client().get("/v1/devices/" + id).body();

    assertThat(device.at("/attributes/power_kw").asDouble()).isEqualTo(7.5);
    assertThat(device.at("/attributes/pump_readings:mode").asString()).isEqualTo("auto");
    assertThat(device.at("/attribute_types/power_kw").asString()).isEqualTo("num");
    assertThat(device.at("/attribute_types/pump_readings:mode").asString()).isEqualTo("text");
    assertThat(texts(device.get("metrics"), "key")).containsExactly("flow_l_min", "temp_c");
    assertThat(device.at("/metrics/0/last_value").asDouble()).isEqualTo(100);
    assertThat(device.at("/metrics/0/unit").asString()).isEqualTo("L/min");
    assertThat(device.at("/metrics/0/last_at").asString()).isEqualTo("2026-11-20T12:00:00Z");
  }

  @Test
  void sites_count_their_devices() {
    var sites = ours.client().get("/v1/sites").body().get("data");

    assertThat(texts(sites, "name")).containsExactly("North", "South");
    assertThat(sites.get(0).get("devices").asInt()).isEqualTo(2);
    assertThat(sites.get(0).get("reporting").asInt()).isEqualTo(1);
    assertThat(sites.get(0).get("late").asInt()).isEqualTo(1);
    assertThat(sites.get(1).get("devices").asInt()).isEqualTo(2);
  }

  @Test
  void metrics_are_ranked_by_share_then_by_variation_and_pins_go_first() {
    var metrics = ours.client().get("/v1/metrics").body().get("data");
    assertThat(texts(metrics, "key")).containsExactly("flow_l_min", "temp_c");
    assertThat(metrics.get(0).get("devices_reporting").asInt()).isEqualTo(3);
    assertThat(metrics.get(0).get("device_share").asDouble()).isEqualTo(0.75);
    assertThat(metrics.get(0).get("coefficient_of_variation").asDouble()).isPositive();

    assertThat(ours.client().send("PUT", "/v1/metrics/pin?key=temp_c", null).status())
        .isEqualTo(204);
    assertThat(ours.client().send("PUT", "/v1/metrics/pin?key=temp_c", null).status())
        .isEqualTo(204);
    metrics = ours.client().get("/v1/metrics").body().get("data");
    assertThat(texts(metrics, "key")).containsExactly("temp_c", "flow_l_min");
    assertThat(metrics.get(0).get("pinned").asBoolean()).isTrue();

    assertThat(ours.client().send("DELETE", "/v1/metrics/pin?key=temp_c", null).status())
        .isEqualTo(204);
    assertThat(texts(ours.client().get("/v1/metrics").body().get("data"), "key"))
        .containsExactly("flow_l_min", "temp_c");
    assertThat(ours.client().send("PUT", "/v1/metrics/pin?key=unknown", null).status())
        .isEqualTo(404);
  }

  @Test
  void a_series_has_steps_and_groups() {
    var range = "&from=2026-11-20T11:30:00Z&to=2026-11-20T12:00:30Z";
    var all = ours.client().get("/v1/metrics/series?key=flow_l_min&by=all&step=1h" + range).body();
    assertThat(all.get("step_s").asInt()).isEqualTo(3600);
    assertThat(all.get("from").asString()).isEqualTo("2026-11-20T11:00:00Z");
    assertThat(all.at("/metrics/0/series")).hasSize(1);
    // Alpha 101..159 and 100, Beta 50 each minute, Gamma 10.
    assertThat(all.at("/metrics/0/series/0/points/0/2").asDouble()).isEqualTo(10);
    assertThat(all.at("/metrics/0/series/0/points/0/3").asDouble()).isEqualTo(159);
    assertThat(all.at("/metrics/0/series/0/points/0/4").asInt()).isEqualTo(59 + 55 + 6);
    assertThat(all.at("/metrics/0/series/0/points/0/1").asDouble())
        .isCloseTo((59 * 130.0 + 55 * 50 + 60) / 120, within(1e-9));
    assertThat(all.at("/metrics/0/series/0/points/1/1").asDouble()).isEqualTo(100);

    var devices = ours.client().get("/v1/metrics/series?key=flow_l_min&step=5m" + range).body();
    assertThat(texts(devices.at("/metrics/0/series"), "name"))
        .containsExactly("Alpha", "Beta", "Gamma");
    assertThat(devices.at("/metrics/0/series/0/points/0/0").asLong())
        .isEqualTo(Instant.parse("2026-11-20T11:30:00Z").getEpochSecond());
    assertThat(devices.at("/metrics/0/series/0/points/0/4").asInt()).isEqualTo(5);

    var sites = ours.client().get("/v1/metrics/series?key=flow_l_min&by=site" + range).body();
    assertThat(texts(sites.at("/metrics/0/series"), "name")).containsExactly("North", "South");
    assertThat(sites.at("/metrics/0/series/0/points")).hasSize(31);

    // Gamma stands alone in the South: a line for each series is read otherwise than one for many.
    var minutes = ours.client().get("/v1/metrics/series?key=flow_l_min" + range).body();
    assertThat(texts(minutes.at("/metrics/0/series"), "name"))
        .containsExactly("Alpha", "Beta", "Gamma");
    assertThat(minutes.at("/metrics/0/series/0/points")).hasSizeGreaterThan(20);
    assertThat(minutes.at("/metrics/0/series/2/points"))
        .isEqualTo(sites.at("/metrics/0/series/1/points"));
  }

  @Test
  void several_metrics_are_told_at_once_in_the_order_they_are_asked_for() {
    var range = "&from=2026-11-20T11:30:00Z&to=2026-11-20T12:00:30Z&step=5m";
    var path = "/v1/metrics/series?key=temp_c&key=flow_l_min&key=temp_c" + range;
    var both = ours.client().get(path).body();
    assertThat(texts(both.get("metrics"), "key")).containsExactly("temp_c", "flow_l_min");
    for (var key : List.of("temp_c", "flow_l_min")) {
      var alone = ours.client().get("/v1/metrics/series?key=" + key + range).body();
      assertThat(both.at("/metrics/" + (key.equals("temp_c") ? 0 : 1)))
          .isEqualTo(alone.at("/metrics/0"));
      assertThat(alone.at("/metrics/0/series")).isNotEmpty();
    }

    assertThat(ours.client().get("/v1/metrics/series?key=flow_l_min,temp_c").status())
        .as("a comma is a part of a name")
        .isEqualTo(404);
    var unknown = ours.client().get(path + "&key=none");
    assertThat(unknown.status()).isEqualTo(404);
    assertThat(unknown.response().body()).contains("none");
    var minutes = ours.client().get(path.replace("step=5m", "step=1m")).body();
    assertThat(minutes.at("/metrics/0"))
        .as("as they are, each in its own metric")
        .isEqualTo(
            ours.client()
                .get("/v1/metrics/series?key=temp_c" + range.replace("5m", "1m"))
                .body()
                .at("/metrics/0"));
    var many = "key=flow_l_min" + "&key=flow_l_min".repeat(30);
    assertThat(ours.client().get("/v1/metrics/series?" + many).status()).isEqualTo(200);
    var others = IntStream.range(0, 21).mapToObj(n -> "key=k" + n).collect(Collectors.joining("&"));
    assertThat(ours.client().get("/v1/metrics/series?" + others).status()).isEqualTo(400);
  }

  @Test
  void an_answer_has_only_so_many_points() {
    var person = server.client().register("many@example.com");
    var capture = new Capture();
    for (var pump = 1; pump <= 60; pump++) {
      capture.insertAt(NOW, READINGS, pump, NOW.minusSeconds(90), 7, 0.3, null);
    }
    models(person).apply(capture.take());
    var day = "&from=2026-11-19T12:00:00Z&to=2026-11-20T12:00:00Z";
    var one = person.client().get("/v1/metrics/series?key=temp_c" + day).body();
    assertThat(one.at("/metrics/0/series")).hasSize(60);
    var both = person.client().get("/v1/metrics/series?key=temp_c&key=flow_l_min" + day);
    assertThat(both.status()).isEqualTo(400);
    assertThat(both.response().body()).contains("172800 points").contains("fewer metrics");
    var site = person.client().get("/v1/metrics/series?key=temp_c&key=flow_l_min&by=all" + day);
    assertThat(texts(site.body().get("metrics"), "key")).containsExactly("temp_c", "flow_l_min");
  }

  @Test
  void a_mean_lies_between_the_least_and_the_largest() {
    var person = server.client().register("equal@example.com");
    var at = Instant.parse("2026-11-20T11:00:00Z");
    var capture = new Capture();
    for (var second = 0; second < 3; second++) {
      capture.insertAt(NOW, READINGS, 1, at.plusSeconds(second), 7, "0.1", null);
    }
    models(person).apply(capture.take());
    var path = "/v1/metrics/series?key=temp_c&from=2026-11-20T11:00:00Z&to=2026-11-20T11:01:00Z";
    assertThat(person.client().get(path).body().at("/metrics/0/series/0/points/0"))
        .hasToString("[%d,0.1,0.1,0.1,3]".formatted(at.getEpochSecond()));
  }

  /// A broken sensor that says the largest number there is must not be drawn at zero.
  @Test
  void a_series_shows_the_largest_numbers_there_are_and_leaves_out_what_none_can_hold() {
    var person = server.client().register("large@example.com");
    var at = Instant.parse("2026-11-20T11:00:00Z");
    var tank = table("tank_readings", "tank_id int4", "ts timestamptz", "level_m numeric");
    models(person)
        .apply(
            new Capture()
                .insertAt(NOW, tank, 1, at, Double.toString(Double.MAX_VALUE))
                .insertAt(NOW, tank, 1, at.plusSeconds(1), Double.toString(Double.MAX_VALUE))
                .insertAt(NOW, tank, 1, at.plusSeconds(60), "1" + "0".repeat(400))
                .insertAt(NOW, tank, 1, at.plusSeconds(120), "-2")
                .insertAt(NOW, tank, 1, at.plusSeconds(180), "5")
                .insertAt(NOW, tank, 1, at.plusSeconds(190), "10")
                .insertAt(NOW, tank, 1, NOW.minusSeconds(90), Double.toString(Double.MAX_VALUE))
                .insertAt(NOW, tank, 2, NOW.minusSeconds(90), Double.toString(Double.MAX_VALUE))
                .insertAt(NOW, tank, 2, NOW.minusSeconds(30), "-1e300")
                .take());
    var series =
        person
            .client()
            .get("/v1/metrics/series?key=level_m&from=2026-11-20T11:00:00Z&to=2026-11-20T11:30:00Z")
            .body()
            .at("/metrics/0/series/0/points");
    assertThat(series).hasSize(3);
    assertThat(series.get(2))
        .hasToString("[%d,7.5,5.0,10.0,2]".formatted(at.plusSeconds(180).getEpochSecond()));
    assertThat(series.at("/0/1").asDouble()).isEqualTo(Double.MAX_VALUE);
    assertThat(series.at("/0/3").asDouble()).isEqualTo(Double.MAX_VALUE);
    assertThat(series.at("/1/1").asDouble()).isEqualTo(-2);
    assertThat(person.client().get("/v1/overview").status()).isEqualTo(200);
    assertThat(person.client().get("/v1/metrics").status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/metrics/series?key=flow_l_min&from=2026-11-01T00:00:00Z&to=2026-11-20T00:00:00Z",
        "/v1/metrics/series?key=flow_l_min&step=2m",
        "/v1/metrics/series?key=flow_l_min&by=pump",
        "/v1/metrics/series?key=flow_l_min&from=2026-11-20T00:00:00Z&to=2026-11-19T00:00:00Z",
        "/v1/metrics/series?key=flow_l_min&from=yesterday",
        "/v1/metrics/series",
        "/v1/metrics/series?key=flow_l_min&key=flow%00",
        "/v1/metrics/series?key=flow_l_min&step=1m&step=1m",
        "/v1/devices?state=broken",
        "/v1/devices?site_id=7",
        "/v1/devices?limit=1001",
        "/v1/extras?type=blob",
        "/v1/devices?unknown=1",
        "/v1/sites?q=x",
        "/v1/overview?x=1",
        "/v1/metrics?key=x",
        "/v1/devices?q=%00",
        "/v1/events?table=a%00b",
        "/v1/metrics/series?key=flow%00",
        // devices, "\0", a UUID: a cursor in form.
        "/v1/devices?cursor=ZGV2aWNlcx8AHzAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMA",
        "/v1/metrics/series?key=flow_l_min&to=-1000000000-01-01T00:00:00Z",
        "/v1/metrics/series?key=flow_l_min&from=%2B900000-01-01T00:00:00Z&to=%2B900000-01-01T01:00:00Z",
        "/v1/events?from=%2B1000000000-12-31T23:59:59Z",
        "/v1/events?to=0000-12-31T23:59:59Z",
      })
  void what_is_not_understood_is_refused(String path) {
    assertThat(ours.client().get(path).status()).isEqualTo(400);
  }

  @Test
  void extras_are_found_by_entity_key_and_type() {
    var all = ours.client().get("/v1/extras").body().get("data");
    assertThat(texts(all, "key")).containsExactlyInAnyOrder("power_kw", "pump_readings:mode");
    var numbers = ours.client().get("/v1/extras?type=num&key=power_kw").body().get("data");
    assertThat(numbers).hasSize(1);
    assertThat(numbers.get(0).get("value").asDouble()).isEqualTo(7.5);
    assertThat(ours.client().get("/v1/extras?limit=1").body().get("next_cursor").isNull())
        .isFalse();
  }

  @Test
  void the_overview_has_all_that_the_page_needs() {
    var overview = ours.client().get("/v1/overview").body();

    assertThat(overview.at("/counts/devices").asInt()).isEqualTo(4);
    assertThat(overview.at("/counts/reporting").asInt()).isEqualTo(2);
    assertThat(overview.at("/counts/late").asInt()).isEqualTo(1);
    assertThat(overview.at("/counts/never").asInt()).isEqualTo(1);
    assertThat(overview.get("newest_event_at").asString()).isEqualTo("2026-11-20T12:00:00Z");
    assertThat(overview.at("/sources/total").asInt()).isEqualTo(1);
    assertThat(texts(overview.get("sites"), "name")).containsExactly("North", "South");
    assertThat(texts(overview.at("/sites/0/devices"), "state"))
        .containsExactly("reporting", "late");

    var kpis = overview.get("kpis");
    assertThat(texts(kpis, "key"))
        .containsExactly(
            "devices_reporting", "values_per_minute", "freshness", "flow_l_min", "temp_c");
    assertThat(kpis.get(0).get("value").asInt()).isEqualTo(2);
    assertThat(kpis.get(0).get("unit").asString()).isEqualTo("of 4");
    // At 11:59 Alpha (101, 20) and Gamma (10).
    assertThat(kpis.get(1).get("value").asInt()).isEqualTo(3);
    assertThat(kpis.get(2).get("value").asInt()).isEqualTo(30);
    // Alpha 101, Gamma 10; Beta, each minute until 11:55, has stopped.
    var flow = kpis.get(3);
    assertThat(flow.get("value").asDouble()).isCloseTo((101 + 10) / 2.0, within(1e-9));
    // Before it: Alpha 102..159, Beta for 55 minutes, Gamma each ten minutes from 11:09 on.
    assertThat(flow.get("delta").asDouble())
        .isCloseTo(
            (101 + 10) / 2.0 - (58 * 130.5 + 55 * 50 + 50 * 10) / (58 + 55 + 50), within(1e-9));
    assertThat(flow.get("sparkline")).hasSize(60);
    assertThat(flow.get("sparkline").get(59).asDouble()).isCloseTo((100 + 10) / 2.0, within(1e-9));
    assertThat(flow.get("sparkline").get(0).asDouble()).isEqualTo((159 + 50) / 2.0);

    var chart = overview.at("/charts/0");
    assertThat(chart.get("key").asString()).isEqualTo("flow_l_min");
    assertThat(texts(chart.get("series"), "name")).containsExactly("North", "South");
    // Its lines go on with what was last read; its age is that of the reading.
    assertThat(texts(overview.get("charts"), "last_at"))
        .containsExactly(flow.get("at").asString(), kpis.get(4).get("at").asString());
    assertThat(chart.at("/series/0/points/54/1").asDouble()).isEqualTo((105 + 50) / 2.0);
    assertThat(chart.at("/series/0/points/59/1").asDouble()).isEqualTo(100);
    assertThat(chart.at("/series/0/points/59/2").asInt()).isEqualTo(1);
    assertThat(chart.at("/series/1/points")).hasSize(52);
    assertThat(chart.at("/series/1/points/0/1").asDouble()).isEqualTo(10);
    assertThat(chart.at("/series/1/points/0/2").asInt()).isEqualTo(1);
  }

  @Test
  void a_line_breaks_where_more_than_three_usual_intervals_of_a_series_are_missing() {
    var person = server.client().register("gaps@example.com");
    var capture = new Capture();
    capture.insertAt(NOW, SITES, 1, "Each minute").insertAt(NOW, SITES, 2, "Each five minutes");
    capture.insertAt(NOW, PUMPS, 1, 1, "Often", null).insertAt(NOW, PUMPS, 2, 2, "Seldom", null);
    for (var minute = 59; minute >= 0; minute--) {
      var at = NOW.minusSeconds(30).minus(Duration.ofMinutes(minute));
      // Three minutes are bridged, from 50 to 47; eight are not, from 30 to 22.
      if (minute != 49 && minute != 48 && (minute >= 30 || minute <= 22)) {
        capture.insertAt(NOW, READINGS, 1, at, minute, null, null);
      }
      if (minute % 5 == 4 && minute != 29 && minute != 24) {
        capture.insertAt(NOW, READINGS, 2, at, minute, null, null);
      }
    }
    models(person).apply(capture.take());
    var chart = person.client().get("/v1/overview").body().at("/charts/0");
    assertThat(texts(chart.get("series"), "name"))
        .containsExactly("Each five minutes", "Each minute");
    assertThat(minutesBefore(chart.at("/series/1/points"), NOW))
        .as("one interval of the value before the gap")
        .containsAll(List.of(50, 49, 48, 47, 31, 30, 22))
        .doesNotContain(29, 28, 27, 26, 25, 24, 23);
    assertThat(minutesBefore(chart.at("/series/0/points"), NOW))
        .as("fifteen minutes are three of its intervals")
        .hasSize(60);
    assertThat(chart.get("usual_interval_s").asInt()).isEqualTo(60);
    var kpi = person.client().get("/v1/overview").body().at("/kpis/2");
    assertThat(kpi.get("usual_interval_s").asInt()).isEqualTo(60);
  }

  @Test
  void what_comes_each_ten_minutes_is_expected_each_ten_minutes() {
    var person = server.client().register("seldom@example.com");
    var capture = new Capture().insertAt(NOW, PUMPS, 1, 1, "Seldom", null);
    for (var reading = 5; reading >= 0; reading--) {
      var at = NOW.minus(Duration.ofMinutes(10L * reading));
      capture.insertAt(NOW, READINGS, 1, at, reading, null, null);
    }
    models(person).apply(capture.take());
    var overview = person.client().get("/v1/overview").body();
    assertThat(texts(overview.get("kpis"), "usual_interval_s")).hasSize(4).containsOnly("600");
    assertThat(overview.at("/charts/0/usual_interval_s").asInt()).isEqualTo(600);
  }

  @Test
  void what_comes_each_hour_has_a_line_and_one_that_stopped_has_none() {
    var person = server.client().register("hourly@example.com");
    var capture = new Capture();
    capture.insertAt(NOW, SITES, 1, "Each hour").insertAt(NOW, SITES, 2, "Stopped");
    capture.insertAt(NOW, PUMPS, 1, 1, "Seldom", null).insertAt(NOW, PUMPS, 2, 2, "Often", null);
    for (var hour = 5; hour >= 0; hour--) {
      var at = NOW.minus(Duration.ofMinutes(60L * hour + 30));
      capture.insertAt(NOW, READINGS, 1, at, hour, null, null);
    }
    for (var minute = 120; minute >= 55; minute--) {
      capture.insertAt(NOW, READINGS, 2, NOW.minus(Duration.ofMinutes(minute)), 7, null, null);
    }
    capture.insertAt(NOW, READINGS, 2, NOW.minus(Duration.ofMinutes(5)), 7, null, null);
    models(person).apply(capture.take());
    var chart = person.client().get("/v1/overview").body().at("/charts/0");
    var hourly = chart.at("/series/0/points");
    assertThat(hourly).hasSize(60);
    assertThat(hourly.get(0).get(1).asDouble()).isEqualTo(1);
    assertThat(hourly.get(59).get(1).asDouble()).isEqualTo(0);
    assertThat(minutesBefore(chart.at("/series/1/points"), NOW))
        .contains(55, 5)
        .doesNotContain(54, 30, 6, 4);
  }

  private static List<Integer> minutesBefore(JsonNode points, Instant now) {
    var behind = now.truncatedTo(ChronoUnit.MINUTES).getEpochSecond();
    var minutes = new ArrayList<Integer>();
    points.forEach(point -> minutes.add((int) (behind - point.get(0).asLong()) / 60));
    return minutes;
  }

  @Test
  void a_chart_is_as_old_as_its_newest_reading_and_never_of_the_future() {
    var person = server.client().register("ahead@example.com");
    models(person)
        .apply(
            new Capture()
                .insertAt(NOW, PUMPS, 1, 1, "On time", null)
                .insertAt(NOW, PUMPS, 2, 1, "Its clock is ahead", null)
                .insertAt(NOW, READINGS, 1, NOW.minusSeconds(60), 1, 1, null)
                .insertAt(NOW, READINGS, 2, NOW.plus(Duration.ofHours(6)), 1, 1, null)
                .take());
    var charts = person.client().get("/v1/overview").body().get("charts");
    assertThat(texts(charts, "last_at")).isNotEmpty().containsOnly(NOW.toString());
  }

  @Test
  void an_empty_workspace_has_an_empty_overview() {
    var empty = server.client().register("empty@example.com").client().get("/v1/overview").body();

    assertThat(empty.get("kpis")).isEmpty();
    assertThat(empty.get("charts")).isEmpty();
    assertThat(empty.get("sites")).isEmpty();
    assertThat(empty.get("newest_event_at").isNull()).isTrue();
    assertThat(empty.at("/counts/devices").asInt()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/devices",
        "/v1/sites",
        "/v1/metrics",
        "/v1/extras",
        "/v1/overview",
        "/v1/metrics/series?key=flow_l_min&by=device",
      })
  void nothing_of_another_tenant_is_shown(String path) {
    var answer = ours.client().get(path).response().body();
    assertThat(answer.toLowerCase()).doesNotContain("secret");
    var other = theirs.client().get(path).response().body();
    assertThat(other).doesNotContain("Alpha", "North", "power_kw");
  }

  @Test
  void a_device_of_another_tenant_is_not_found() {
    var id = theirs.client().get("/v1/devices").body().at("/data/0/id").asString();

    assertThat(theirs.client().get("/v1/devices/" + id).status()).isEqualTo(200);
    assertThat(ours.client().get("/v1/devices/" + id).status()).isEqualTo(404);
    assertThat(ours.client().get("/v1/extras?entity_id=" + id).body().get("data")).isEmpty();
    assertThat(
            ours.client()
                .get("/v1/metrics/series?key=flow_l_min&device_id=" + id)
                .body()
                .at("/metrics/0/series"))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/devices",
        "/v1/sites",
        "/v1/metrics",
        "/v1/extras",
        "/v1/overview",
        "/v1/live"
      })
  void nobody_reads_without_signing_in(String path) {
    assertThat(server.client().get(path).status()).isEqualTo(401);
  }

  private static List<String> texts(JsonNode list, String field) {
    var texts = new ArrayList<String>();
    list.forEach(item -> texts.add(item.get(field).asString()));
    return texts;
  }
}
