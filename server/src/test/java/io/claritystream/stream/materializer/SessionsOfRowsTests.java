package io.claritystream.stream.materializer;

import static io.claritystream.stream.materializer.Capture.table;
import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.protocol.block.TableSchema;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What rows of stops, states and shifts become.
class SessionsOfRowsTests {
  private static final TableSchema STOPS =
      table(
          "machine_stops",
          "id int4 key",
          "machine_id int4 -> machines(id)",
          "started_at timestamptz",
          "ended_at timestamptz",
          "reason text");
  private static final TableSchema STATES =
      table(
          "machine_state_log",
          "id int4 key",
          "machine_id int4 -> machines(id)",
          "changed_at timestamptz",
          "state text");
  private static final TableSchema EPOCHS =
      table(
          "asset_downtime",
          "id int8 key",
          "asset_id int4",
          "start_ts int8",
          "end_ts int8",
          "cause text");
  private static final TableSchema SHIFTS =
      table(
          "shifts",
          "id int4 key",
          "site_id int4 -> sites(id)",
          "starts_at timestamptz",
          "ends_at timestamptz");

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

  /// `device state reason start end`, by start.
  private List<String> sessions() {
    var all = new ArrayList<String>();
    for (var row :
        models.rows(
            """
            SELECT concat_ws(' ', coalesce(d.key, '-'), coalesce(state, '-'), coalesce(reason, '-'),
              to_char(started_at AT TIME ZONE 'UTC', 'DD"T"HH24:MI'),
              coalesce(to_char(ended_at AT TIME ZONE 'UTC', 'DD"T"HH24:MI'), 'lasts')) AS words
            FROM analytics.session_intervals i
            LEFT JOIN analytics.devices d USING (model_id, device_id)
            ORDER BY started_at, i.born
            """)) {
      all.add(String.valueOf(row.get("words")));
    }
    return all;
  }

  private String leftOut() {
    return models.one("SELECT sum(sessions_left_out) FROM analytics.table_state");
  }

  private static String at(String time) {
    return "2026-11-20 " + time + ":00+00";
  }

  @Test
  void a_stop_lasts_until_its_row_says_that_it_is_over() {
    models.apply(capture.insert(STOPS, 1, 7, at("08:00"), null, "jam").take());
    assertThat(sessions()).containsExactly("7 stop jam 20T08:00 lasts");

    models.apply(capture.update(STOPS, 1, 7, at("08:00"), at("08:20"), "jam at the infeed").take());
    assertThat(sessions()).containsExactly("7 stop jam at the infeed 20T08:00 20T08:20");

    models.apply(capture.delete(STOPS, 1).take());
    assertThat(sessions()).isEmpty();
    assertThat(models.one("SELECT count(*) FROM analytics.devices")).isEqualTo("0");
  }

  @Test
  void a_state_lasts_until_the_devices_next_one_however_late_that_comes() {
    models.apply(
        capture
            .insert(STATES, 1, 7, at("08:00"), "running")
            .insert(STATES, 2, 8, at("08:10"), "waiting")
            .insert(STATES, 3, 7, at("09:00"), "stopped")
            .take());
    assertThat(sessions())
        .containsExactly(
            "7 running - 20T08:00 20T09:00",
            "8 waiting - 20T08:10 lasts",
            "7 stopped - 20T09:00 lasts");

    models.apply(capture.insert(STATES, 4, 7, at("08:30"), " ").take());
    assertThat(sessions()).contains("7 running - 20T08:00 20T08:30", "7 - - 20T08:30 20T09:00");

    models.apply(capture.delete(STATES, 4).delete(STATES, 3).take());
    assertThat(sessions())
        .containsExactly("7 running - 20T08:00 lasts", "8 waiting - 20T08:10 lasts");
  }

  @Test
  void a_device_is_there_while_a_session_names_it() {
    models.apply(capture.insert(STATES, 1, 7, at("08:00"), "running").take());
    models.apply(capture.update(STATES, 1, 8, at("08:00"), "running").take());

    assertThat(models.one("SELECT string_agg(key, ',') FROM analytics.devices")).isEqualTo("8");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"1970-01-01 00:00:00+00", "infinity", "-infinity", "9999-12-31 00:00:00+00"})
  void a_row_that_does_not_say_when_it_began_is_counted_and_no_failure(String start) {
    var applied =
        models.apply(
            capture
                .insert(STOPS, 1, 7, start, null, "jam")
                .insert(STOPS, 2, 7, null, null, "jam")
                .take());

    assertThat(applied.failures()).isEmpty();
    assertThat(sessions()).isEmpty();
    assertThat(leftOut()).isEqualTo("2");
    assertThat(models.one("SELECT bool_and(exact) FROM analytics.table_state")).isEqualTo("true");

    models.apply(capture.update(STOPS, 1, 7, null, at("09:00"), "jam").take());
    assertThat(leftOut()).as("rows, however often they change").isEqualTo("2");
    models.apply(capture.update(STOPS, 1, 7, at("08:00"), at("09:00"), "jam").take());
    assertThat(leftOut()).isEqualTo("1");
    assertThat(sessions()).containsExactly("7 stop jam 20T08:00 20T09:00");
    models.apply(capture.update(STOPS, 1, 7, null, at("09:00"), "jam").take());
    assertThat(sessions()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "infinity, lasts",
    "9999-12-31 23:59:59+00, lasts",
    "0001-01-01 00:00:00+00, lasts",
    "1970-01-01 00:00:00+00, lasts",
    "2026-11-19 08:00:00+00, 19T08:00",
  })
  void an_end_that_says_never_is_none_and_one_before_the_start_stays_as_it_is(
      String end, String shown) {
    models.apply(capture.insert(STOPS, 1, 7, at("08:00"), end, null).take());

    assertThat(sessions()).containsExactly("7 stop - 20T08:00 " + shown);
    assertThat(leftOut()).isEqualTo("0");
  }

  @Test
  void an_end_that_cannot_be_read_leaves_the_session_out() {
    models.apply(capture.insert(STOPS, 1, 7, at("08:00"), "-infinity", null).take());

    assertThat(sessions()).isEmpty();
    assertThat(leftOut()).isEqualTo("1");
  }

  @Test
  void numbers_since_1970_are_moments_and_what_is_planned_is_a_session() {
    models.apply(
        capture
            .insert(EPOCHS, 1, 7, 1_795_161_600L, 1_795_162_200_000L, "belt")
            .insert(EPOCHS, 2, 7, 2_000_000_000L, 0, "overhaul")
            .take());

    assertThat(sessions())
        .containsExactly("7 downtime belt 20T08:00 20T08:10", "7 downtime overhaul 18T03:33 lasts");
  }

  @Test
  void a_stop_without_a_device_is_kept_and_a_state_without_one_is_left_out() {
    models.apply(
        capture
            .insert(STOPS, 1, null, at("08:00"), null, "power cut")
            .insert(STATES, 1, null, at("08:00"), "running")
            .take());

    assertThat(sessions()).containsExactly("- stop power cut 20T08:00 lasts");
    assertThat(leftOut()).isEqualTo("1");
  }

  @Test
  void a_shift_is_its_sites() {
    models.apply(capture.insert(SHIFTS, 1, 3, at("06:00"), at("14:00")).take());

    assertThat(sessions()).containsExactly("- shift - 20T06:00 20T14:00");
    assertThat(models.one("SELECT count(*) FROM analytics.sessions WHERE site_id IS NOT NULL"))
        .isEqualTo("1");
  }

  @Test
  void a_long_reason_is_shortened_and_stays_whole_among_the_extras() {
    var reason = "because ".repeat(500).strip();
    models.apply(capture.insert(STOPS, 1, 7, at("08:00"), null, reason).take());

    assertThat(models.one("SELECT reason FROM analytics.sessions"))
        .isEqualTo(reason.substring(0, 1_000) + "… (cut at 1,000 characters)");
    assertThat(models.one("SELECT length(value) FROM analytics.extras_text WHERE key = 'reason'"))
        .isEqualTo(String.valueOf(reason.length()));
  }
}
