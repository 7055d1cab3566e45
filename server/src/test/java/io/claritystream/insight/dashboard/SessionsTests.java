package io.claritystream.insight.dashboard;

import static io.claritystream.stream.materializer.Capture.table;
import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.Clarity;
import io.claritystream.TestServer;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.materializer.Capture;
import io.claritystream.stream.materializer.ReadModels;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// Sessions over HTTP: stops with begin and end, a log of states, and shifts of a site.
class SessionsTests {
  private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
  private static final TableSchema SITES = table("sites", "id int4 key", "name text");
  private static final TableSchema PUMPS =
      table("pumps", "id int4 key", "site_id int4 -> sites(id)", "name text");
  private static final TableSchema STOPS =
      table(
          "pump_stops",
          "id int4 key",
          "pump_id int4 -> pumps(id)",
          "started_at timestamptz",
          "ended_at timestamptz",
          "reason text");
  private static final TableSchema STATES =
      table(
          "pump_state_log",
          "id int4 key",
          "pump_id int4 -> pumps(id)",
          "changed_at timestamptz",
          "state text");
  private static final TableSchema SHIFTS =
      table(
          "shifts",
          "id int4 key",
          "site_id int4 -> sites(id)",
          "starts_at timestamptz",
          "ends_at timestamptz");

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
        .insertAt(NOW, PUMPS, 1, 1, "Alpha")
        .insertAt(NOW, PUMPS, 2, 2, "Beta")
        .insertAt(NOW, PUMPS, 3, 2, "Idle");
    capture
        .insertAt(NOW, STOPS, 1, 1, at("08:00"), at("08:30"), "belt torn")
        .insertAt(NOW, STOPS, 2, 1, at("11:30"), null, "jam")
        .insertAt(NOW, STOPS, 3, 2, at("10:00"), at("09:00"), "typed wrong")
        .insertAt(NOW, STOPS, 4, 2, null, at("09:00"), "nobody wrote down when");
    capture
        .insertAt(NOW, STATES, 1, 1, at("07:00"), "running")
        .insertAt(NOW, STATES, 2, 1, at("08:00"), "stopped")
        .insertAt(NOW, STATES, 3, 1, at("08:30"), "running")
        .insertAt(NOW, STATES, 4, 1, at("11:30"), "stopped");
    capture.insertAt(NOW, SHIFTS, 1, 1, at("06:00"), at("14:00"));
    models(ours).apply(capture.take());
    models(theirs)
        .apply(
            new Capture()
                .insertAt(NOW, PUMPS, 1, 9, "Secret pump")
                .insertAt(NOW, STOPS, 1, 1, at("08:00"), at("09:00"), "secret")
                .take());
  }

  private static ReadModels models(ApiClient.Registered person) {
    return new ReadModels(
        server.database(), UUID.fromString(person.organizationId()), UUID.randomUUID());
  }

  private static String at(String time) {
    return "2026-11-20T" + time + ":00Z";
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
  void sessions_are_listed_the_latest_to_begin_first_with_device_site_state_and_end() {
    var answer = ours.client().get("/v1/sessions?table=public.pump_stops");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(texts(answer.body().get("data"), "reason"))
        .containsExactly("jam", "typed wrong", "belt torn");
    var jam = answer.body().at("/data/0");
    assertThat(jam.get("state").asString()).isEqualTo("stop");
    assertThat(jam.get("device_name").asString()).isEqualTo("Alpha");
    assertThat(jam.get("site_name").asString()).isEqualTo("North");
    assertThat(jam.get("started_at").asString()).isEqualTo("2026-11-20T11:30:00Z");
    assertThat(jam.get("ended_at").isNull()).isTrue();
  }

  @Test
  void a_state_lasts_until_the_next_of_its_device() {
    var states = ours.client().get("/v1/sessions?table=public.pump_state_log").body().get("data");

    assertThat(spans(states))
        .containsExactly(
            "stopped 11:30-null",
            "running 08:30-11:30",
            "stopped 08:00-08:30",
            "running 07:00-08:00");
  }

  @Test
  void what_does_not_say_when_it_was_is_counted_for_its_table() {
    var source = ours.client().get("/v1/sources").body().at("/data/0/id").asString();
    var counts = new ArrayList<String>();
    ours.client()
        .get("/v1/sources/" + source + "/tables")
        .body()
        .get("data")
        .forEach(
            table ->
                counts.add(
                    table.get("table").asString() + " " + table.get("sessions_left_out").asInt()));

    assertThat(counts).contains("public.pump_stops 1", "public.pump_state_log 0");
  }

  @Test
  void a_session_that_ended_before_it_began_is_shown_as_it_is() {
    var wrong = ours.client().get("/v1/sessions?device_id=" + device("Beta")).body().get("data");

    assertThat(spans(wrong)).containsExactly("stop 10:00-09:00");
  }

  @Test
  void a_shift_has_a_site_and_no_device() {
    var shift = ours.client().get("/v1/sessions?state=shift").body().at("/data/0");

    assertThat(shift.get("device_id").isNull()).isTrue();
    assertThat(shift.get("site_name").asString()).isEqualTo("North");
  }

  @Test
  void filters_choose_by_site_state_overlap_and_by_what_lasts() {
    var north = ours.client().get("/v1/sites").body().at("/data/0/id").asString();

    assertThat(found("site_id=" + north)).hasSize(7);
    assertThat(found("state=running"))
        .containsExactly("running 08:30-11:30", "running 07:00-08:00");
    assertThat(found("open=true&state=stop")).containsExactly("stop 11:30-null");
    assertThat(found("open=true"))
        .containsExactlyInAnyOrder("stop 11:30-null", "stopped 11:30-null");
    assertThat(found("from=" + at("08:10") + "&to=" + at("08:20")))
        .containsExactlyInAnyOrder("stop 08:00-08:30", "stopped 08:00-08:30", "shift 06:00-14:00");
    // An end is no part of a session, nor is the moment behind a range.
    assertThat(found("state=stopped&from=" + at("08:30") + "&to=" + at("11:30"))).isEmpty();
    assertThat(found("source_id=" + UUID.randomUUID())).isEmpty();
  }

  @Test
  void pages_hold_every_session_once() {
    var seen = new ArrayList<String>();
    var cursor = "";
    do {
      var page = ours.client().get("/v1/sessions?limit=2" + cursor).body();
      seen.addAll(texts(page.get("data"), "id"));
      cursor =
          page.get("next_cursor").isNull() ? "" : "&cursor=" + page.get("next_cursor").asString();
    } while (!cursor.isEmpty());

    assertThat(seen).hasSize(8).doesNotHaveDuplicates();
  }

  @Test
  void what_a_page_looks_at_is_bounded_and_the_next_goes_on_behind_it() {
    var many = server.client().register("many@example.com");
    var capture = new Capture();
    capture.insertAt(NOW, PUMPS, 1, 1, "Busy");
    capture.insertAt(NOW, STATES, 0, 1, NOW.minus(Duration.ofDays(900)), "needle");
    capture.insertAt(NOW, STATES, -1, 1, NOW.minus(Duration.ofDays(901)), "edge");
    for (var i = 1; i <= SessionSearch.SCANNED_MAX; i++) {
      var state = i < SessionSearch.SCANNED_MAX ? "hay" : "edge";
      capture.insertAt(NOW, STATES, i, 1, NOW.minus(Duration.ofHours(1).plusSeconds(i)), state);
    }
    models(many).apply(capture.take());

    var first = many.client().get("/v1/sessions?state=needle").body();
    assertThat(first.get("data")).isEmpty();
    var next = first.get("next_cursor").asString();
    var second = many.client().get("/v1/sessions?state=needle&cursor=" + next).body();
    assertThat(texts(second.get("data"), "state")).containsExactly("needle");
    assertThat(second.get("next_cursor").isNull()).isTrue();

    // The last one that a page looks at is wanted itself, and the page is not full.
    var edge = many.client().get("/v1/sessions?state=edge").body();
    assertThat(texts(edge.get("data"), "state")).containsExactly("edge");
    next = edge.get("next_cursor").asString();
    var behind = many.client().get("/v1/sessions?state=edge&cursor=" + next).body();
    assertThat(texts(behind.get("data"), "state")).containsExactly("edge");
    assertThat(behind.get("next_cursor").isNull()).isTrue();
  }

  @Test
  void a_device_has_its_own_sessions() {
    assertThat(spans(of("Alpha", "").get("data"))).hasSize(6);
    assertThat(spans(of("Alpha", "?table=public.pump_stops").get("data")))
        .containsExactly("stop 11:30-null", "stop 08:00-08:30");
    assertThat(of("Idle", "").get("data")).isEmpty();
  }

  @Test
  void a_summary_clips_sessions_to_the_range_and_lets_lasting_ones_end_now() {
    clock.now = Instant.parse(at("11:50"));
    var summary = of("Alpha", "/summary?from=" + at("08:15") + "&to=" + at("12:00"));

    assertThat(summaries(summary))
        .containsExactly(
            "public.pump_state_log running 1 10800.0 false",
            "public.pump_state_log stopped 2 2100.0 true",
            "public.pump_stops stop 2 2100.0 true");
    assertThat(summary.get("from").asString()).isEqualTo(at("08:15"));
    assertThat(summaries(of("Beta", "/summary?from=" + at("08:00"))))
        .containsExactly("public.pump_stops stop 1 0.0 false");
    assertThat(summaries(of("Idle", "/summary"))).isEmpty();
  }

  @Test
  void a_device_that_is_unknown_or_anothers_is_not_found() {
    var foreign = theirs.client().get("/v1/devices").body().at("/data/0/id").asString();

    for (var path : List.of("/sessions", "/sessions/summary")) {
      assertThat(theirs.client().get("/v1/devices/" + foreign + path).status()).isEqualTo(200);
      assertThat(ours.client().get("/v1/devices/" + foreign + path).status()).isEqualTo(404);
    }
    assertThat(ours.client().get("/v1/sessions?device_id=" + foreign).body().get("data")).isEmpty();
    assertThat(ours.client().get("/v1/sessions").response().body()).doesNotContain("ecret");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/sessions?device_id=x",
        "/v1/sessions?open=perhaps",
        "/v1/sessions?from=yesterday",
        "/v1/sessions?from=-999999999-01-01T00:00:00Z",
        "/v1/sessions?from=2026-11-20T12:00:00Z&to=2026-11-20T12:00:00Z",
        "/v1/sessions?state=%00",
        "/v1/sessions?table=",
        "/v1/sessions?limit=0",
        "/v1/sessions?limit=1001",
        "/v1/sessions?cursor=x",
      })
  void what_cannot_be_asked_is_told_as_a_problem(String path) {
    var answer = ours.client().get(path);

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.response().headers().firstValue("Content-Type"))
        .hasValueSatisfying(type -> assertThat(type).startsWith("application/problem+json"));
  }

  @Test
  void the_ends_of_time_may_be_asked_for() {
    var all = "from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z";
    assertThat(found(all)).hasSize(8);
    assertThat(summaries(of("Alpha", "/summary?" + all))).hasSize(3);
    var early =
        ours.client()
            .get("/v1/devices/" + device("Alpha") + "/sessions/summary?to=0001-01-01T00:00:00Z");
    assertThat(early.status()).isLessThan(500);
  }

  private static List<String> found(String query) {
    return spans(ours.client().get("/v1/sessions?" + query).body().get("data"));
  }

  private static String device(String name) {
    return ours.client().get("/v1/devices?q=" + name).body().at("/data/0/id").asString();
  }

  private static JsonNode of(String name, String rest) {
    return ours.client().get("/v1/devices/" + device(name) + "/sessions" + rest).body();
  }

  private static List<String> spans(JsonNode sessions) {
    var spans = new ArrayList<String>();
    sessions.forEach(
        session ->
            spans.add(
                session.get("state").asString()
                    + " "
                    + time(session.get("started_at"))
                    + "-"
                    + time(session.get("ended_at"))));
    return spans;
  }

  private static String time(JsonNode at) {
    return at.isNull() ? "null" : at.asString().substring(11, 16);
  }

  private static List<String> summaries(JsonNode summary) {
    var lines = new ArrayList<String>();
    summary
        .get("states")
        .forEach(
            state ->
                lines.add(
                    "%s %s %d %s %s"
                        .formatted(
                            state.get("table").asString(),
                            state.get("state").asString(),
                            state.get("sessions").asInt(),
                            state.get("seconds").asDouble(),
                            state.get("lasting").asBoolean())));
    return lines;
  }

  private static List<String> texts(JsonNode list, String field) {
    var texts = new ArrayList<String>();
    list.forEach(item -> texts.add(item.get(field).asString()));
    return texts;
  }
}
