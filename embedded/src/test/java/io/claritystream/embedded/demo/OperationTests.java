package io.claritystream.embedded.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.embedded.TestPostgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OperationTests {
  private static final long NOW = Instant.parse("2026-03-03T10:00:00Z").toEpochMilli();
  private static final Duration KEEP = Duration.ofDays(7);
  private static final String ALL =
      Stream.of(MachineClass.values())
          .map(kind -> "SELECT machine_id, read_at, power_kw FROM " + kind.table())
          .collect(Collectors.joining(" UNION ALL "));

  private Connection connection;

  @BeforeEach
  void connect() throws SQLException {
    connection = TestPostgres.shared().createDatabase().connect();
    connection.setAutoCommit(false);
  }

  @AfterEach
  void disconnect() throws SQLException {
    connection.close();
  }

  @Test
  void a_new_database_has_a_day_of_minutes_of_sixty_machines() throws SQLException {
    open(Duration.ofHours(24), NOW);
    assertThat(number("SELECT count(*) FROM plant.machine")).isEqualTo(60);
    assertThat(number("SELECT count(*) FROM (" + ALL + ")")).isEqualTo(86_400);
    assertThat(number(machinesWith(1_440))).isEqualTo(60);
    assertThat(number("SELECT count(*) FROM plant.machine_stop")).isGreaterThan(30);
    assertThat(number("SELECT count(*) FROM plant.shift WHERE ends_at > '2026-03-03 10:00Z'"))
        .isEqualTo(3);
    assertThat(number("SELECT count(*) FROM plant.production_order WHERE finished_at IS NULL"))
        .isEqualTo(6);
    assertThat(number("SELECT count(*) FROM plant.operator_note")).isGreaterThan(50);
  }

  @Test
  void counters_only_grow_and_follow_from_speed_and_power() throws SQLException {
    open(Duration.ofHours(24), NOW);
    for (MachineClass kind : MachineClass.values()) {
      for (Metric metric : kind.metrics()) {
        if (metric.counter()) {
          assertThat(number(shrinking(kind, metric.column()))).as(kind + " " + metric).isZero();
        }
      }
    }
    assertThat(number(unexplained(MachineClass.FILLER, "bottles_total", "speed_bph"))).isZero();
    assertThat(number(unexplained(MachineClass.PUMP, "energy_kwh", "power_kw"))).isZero();
  }

  private static String machinesWith(int readings) {
    return """
        SELECT count(*) FROM (SELECT machine_id FROM (%s) GROUP BY 1 HAVING count(*) = %d)
        """
        .formatted(ALL, readings);
  }

  private static String shrinking(MachineClass kind, String column) {
    return """
        SELECT count(*) FROM (
          SELECT %1$s - lag(%1$s) OVER (PARTITION BY machine_id ORDER BY read_at) AS more FROM %2$s)
        WHERE more < 0
        """
        .formatted(column, kind.table());
  }

  /// Machines whose counter did not grow by what its rate says, within a thousandth.
  private static String unexplained(MachineClass kind, String counter, String rate) {
    return """
        SELECT count(*) FROM (
          SELECT max(%1$s) - min(%1$s) AS counted, avg(%2$s) * 1439 / 60 AS expected
          FROM %3$s GROUP BY machine_id)
        WHERE abs(counted - expected) > 0.002 * expected + 1
        """
        .formatted(counter, rate, kind.table());
  }

  @Test
  void each_reading_is_one_of_the_live_cadence() throws SQLException {
    Operation operation = open(Duration.ofHours(1), NOW);
    int written = 0;
    for (long now = NOW + 200; now <= NOW + 60_000; now += 200) {
      written += operation.advance(now);
    }
    assertThat(written).isBetween(19 * 60, 20 * 60);
    assertThat(doubled()).isZero();
    assertThat(number("SELECT count(*) FROM (" + ALL + ") WHERE read_at > '2026-03-03 10:01:00Z'"))
        .isZero();
  }

  @Test
  void a_restart_fills_its_absence_by_the_minute_and_doubles_nothing() throws SQLException {
    open(Duration.ofHours(1), NOW);
    open(Duration.ofHours(1), NOW);
    assertThat(number("SELECT count(*) FROM (" + ALL + ")")).isEqualTo(3_600);

    open(Duration.ofHours(1), NOW + 7_200_000);
    long silent = 60 - number(machinesWith(180));
    assertThat(silent).as("machines that are silent now").isBetween(0L, 3L);
    assertThat(number("SELECT count(*) FROM (" + ALL + ")")).isEqualTo(3 * 3_600 - silent * 120);
    assertThat(doubled()).isZero();
    for (MachineClass kind : MachineClass.values()) {
      for (Metric metric : kind.metrics()) {
        if (metric.counter()) {
          assertThat(number(shrinking(kind, metric.column()))).as(kind + " " + metric).isZero();
        }
      }
    }
  }

  @Test
  void what_is_filled_after_a_restart_is_what_would_have_been_written() throws SQLException {
    open(Duration.ofHours(1), NOW);
    open(Duration.ofHours(1), NOW + 3_600_000);
    String readings =
        """
        SELECT md5(string_agg(r::text, ' ' ORDER BY read_at)) FROM %s r
        WHERE machine_id = 112 AND read_at > '2026-03-03 10:00Z'
        """;
    String resumed = text(readings.formatted("plant.filler_reading"));
    try (Connection other = TestPostgres.shared().createDatabase().connect()) {
      other.setAutoCommit(false);
      Connection mine = connection;
      connection = other;
      Operation operation = open(Duration.ofHours(1), NOW);
      assertThat(operation.advance(NOW)).isZero();
      open(Duration.ofHours(1), NOW + 3_600_000);
      assertThat(text(readings.formatted("plant.filler_reading"))).isEqualTo(resumed);
      connection = mine;
    }
  }

  @Test
  void an_absence_of_a_week_is_filled_for_a_day_and_its_stops_are_all_on_record()
      throws SQLException {
    open(Duration.ofHours(1), NOW);
    long before = number("SELECT count(*) FROM plant.machine_stop");
    long later = NOW + Duration.ofDays(7).toMillis();
    open(Duration.ofHours(1), later);
    assertThat(number("SELECT count(*) FROM (" + ALL + ")"))
        .isBetween(3_600 + 57 * 1_440L, 3_600 + 60 * 1_440L);
    assertThat(number("SELECT count(*) FROM plant.machine_stop") - before).isBetween(245L, 259L);
    assertThat(number("SELECT count(*) FROM plant.machine_stop WHERE ended_at IS NULL"))
        .isLessThan(4);
    assertThat(doubled()).isZero();
  }

  @Test
  void a_stop_is_open_while_the_machine_stands() throws SQLException {
    Operation operation = open(Duration.ofMinutes(5), NOW);
    Noise noise = new Noise(42);
    Fleet fleet = Fleet.northgate();
    Faults faults = new Faults(noise, new Calendar(noise), fleet);
    Fault next =
        faults.between(fleet.sites().getFirst(), NOW / 1_000, NOW / 1_000 + 14_400).stream()
            .filter(fault -> fault.stops() * 1_000 > NOW)
            .findFirst()
            .orElseThrow();
    String stop =
        "SELECT count(*) + count(ended_at) FROM plant.machine_stop WHERE stop_id = " + next.id();
    operation.advance(next.stops() * 1_000 - 1);
    assertThat(number(stop)).isZero();
    operation.advance(next.stops() * 1_000);
    assertThat(number(stop)).isEqualTo(1);
    operation.advance(next.repaired() * 1_000);
    assertThat(number(stop)).isEqualTo(2);
    assertThat(
            number(
                "SELECT count(closed_at) FROM plant.work_order WHERE work_order_no = " + next.id()))
        .isEqualTo(1);
  }

  @Test
  void line_controls_note_each_change_of_state_once_and_stops_among_them() throws SQLException {
    open(Duration.ofHours(24), NOW);
    assertThat(number("SELECT count(*) FROM plant.machine_state")).isBetween(500L, 2_000L);
    assertThat(number("SELECT count(DISTINCT machine_id) FROM plant.machine_state")).isEqualTo(36);
    assertThat(number("SELECT count(DISTINCT state) FROM plant.machine_state")).isEqualTo(5);
    assertThat(
            number(
                """
                SELECT count(*) FROM (
                  SELECT (state, reason) IS NOT DISTINCT FROM lag((state, reason))
                    OVER (PARTITION BY machine_id ORDER BY since) AS again
                  FROM plant.machine_state) s
                WHERE again
                """))
        .isZero();
    assertThat(
            number(
                """
                SELECT count(*) FROM plant.machine_stop stop
                JOIN plant.machine m USING (machine_id)
                LEFT JOIN plant.machine_state s ON s.machine_id = stop.machine_id
                  AND s.since = stop.started_at AND s.state = 'stopped' AND s.reason = stop.reason
                WHERE m.work_centre_id % 10 <> 9 AND s.state_id IS NULL
                """))
        .isZero();
  }

  @Test
  void a_silent_machine_writes_nothing_and_hands_in_its_minutes_when_it_is_back()
      throws SQLException {
    Operation operation = open(Duration.ofMinutes(5), NOW);
    Fleet fleet = Fleet.northgate();
    Silences silences = new Silences(new Noise(42), fleet);
    long second = NOW / 1_000 + 300;
    Machine silent = null;
    for (; silent == null; second += 10) {
      for (Machine machine : fleet.machines()) {
        if (!silences.silent(machine, second - 10) && silences.silent(machine, second)) {
          silent = machine;
        }
      }
    }
    long begins = second - 10;
    long ends = begins;
    while (silences.silent(silent, ends)) {
      ends += 10;
    }
    for (long now = begins - 30; now < ends; now += 10) {
      operation.advance(now * 1_000);
    }
    String rows =
        "SELECT count(*) FROM %s WHERE machine_id = %d AND read_at > to_timestamp(%d)"
            .formatted(silent.kind().table(), silent.id(), begins + 5);
    assertThat(number(rows)).isZero();
    operation.advance(ends * 1_000 + 3_000);
    assertThat(number(rows)).isBetween((ends - begins) / 60 - 1, (ends - begins) / 60 + 3);
  }

  @Test
  void readings_are_forgotten_when_they_are_old() throws SQLException {
    connection.setAutoCommit(false);
    Operation operation =
        Operation.open(connection, 42, Duration.ofHours(3), Duration.ofHours(1), NOW);
    connection.commit();
    for (int minute = 1; minute <= 60; minute++) {
      operation.advance(NOW + minute * 60_000L);
    }
    assertThat(number("SELECT count(*) FROM (" + ALL + ") WHERE read_at < '2026-03-03 09:00Z'"))
        .isZero();
  }

  private Operation open(Duration history, long now) throws SQLException {
    return Operation.open(connection, 42, history, KEEP, now);
  }

  private long doubled() throws SQLException {
    return number(
        "SELECT count(*) - count(DISTINCT (machine_id, read_at)) FROM (%s)".formatted(ALL));
  }

  private long number(String sql) throws SQLException {
    return Long.parseLong(text(sql));
  }

  private String text(String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      result.next();
      return result.getString(1);
    }
  }
}
