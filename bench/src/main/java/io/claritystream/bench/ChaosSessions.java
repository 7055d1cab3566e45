package io.claritystream.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Map;
import java.util.Random;

/// What the customer's assets did while everything is killed: a table of stops, each with its
/// beginning and its end, and a log of states, each of which lasts until the next.
final class ChaosSessions {
  static final String STOPS = ChaosTable.SCHEMA + ".machine_stop";
  static final String STATES = ChaosTable.SCHEMA + ".asset_state";
  static final int FIRST_STOPS = 30;
  static final int FIRST_STATES = 60;

  static final String DDL =
      """
      CREATE TABLE %1$s (
        stop_id bigint PRIMARY KEY, asset_id integer NOT NULL REFERENCES plant.asset,
        began_at timestamptz NOT NULL, ended_at timestamptz, reason text
      );
      CREATE TABLE %2$s (
        asset_id integer NOT NULL REFERENCES plant.asset, at timestamptz NOT NULL,
        state text NOT NULL, PRIMARY KEY (asset_id, at)
      );
      INSERT INTO %1$s
      SELECT n, 1 + n %% %3$d, date_trunc('hour', now()) - n * interval '11 minutes', NULL, 'first'
      FROM generate_series(1, %4$d) n;
      INSERT INTO %2$s
      SELECT 1 + n %% %3$d, date_trunc('hour', now()) - n * interval '7 minutes', 'running'
      FROM generate_series(1, %5$d) n;
      """
          .formatted(STOPS, STATES, ChaosSource.ASSETS, FIRST_STOPS, FIRST_STATES);

  private static final String[] REASONS = {"NULL", "'jam'", "'no bottles'", "'Umrüsten'"};
  private static final String[] STATE_WORDS = {"'running'", "'stopped'", "'cleaning'", "'idle'"};

  private final Random random;

  ChaosSessions(Random random) {
    this.random = random;
  }

  /// Changes one of the tables, and counts what was changed.
  void change(Connection connection, Map<String, Long> counts) throws SQLException {
    if (random.nextBoolean()) {
      changeStops(connection, counts);
    } else {
      changeStates(connection, counts);
    }
  }

  private void changeStops(Connection connection, Map<String, Long> counts) throws SQLException {
    switch (random.nextInt(8)) {
      case 0, 1, 2 ->
          run(
              connection,
              counts,
              STOPS,
              "insert",
              "INSERT INTO %s SELECT nextval('journal.number'), %d, %s, NULL, %s"
                  .formatted(STOPS, asset(), moment(), REASONS[random.nextInt(REASONS.length)]));
      case 3, 4 ->
          run(
              connection,
              counts,
              STOPS,
              "update",
              "UPDATE %s SET ended_at = %s WHERE %s"
                  .formatted(STOPS, random.nextInt(5) == 0 ? "NULL" : moment(), one(STOPS)));
      case 5 ->
          run(
              connection,
              counts,
              STOPS,
              "update",
              "UPDATE %s SET asset_id = %d, reason = %s WHERE %s"
                  .formatted(STOPS, asset(), REASONS[random.nextInt(REASONS.length)], one(STOPS)));
      case 6 ->
          run(
              connection,
              counts,
              STOPS,
              "update",
              "UPDATE %s SET stop_id = nextval('journal.number') WHERE %s"
                  .formatted(STOPS, one(STOPS)));
      default ->
          run(
              connection,
              counts,
              STOPS,
              "delete",
              "DELETE FROM %s WHERE %s".formatted(STOPS, one(STOPS)));
    }
  }

  private void changeStates(Connection connection, Map<String, Long> counts) throws SQLException {
    String word = STATE_WORDS[random.nextInt(STATE_WORDS.length)];
    switch (random.nextInt(6)) {
      case 0, 1, 2 ->
          run(
              connection,
              counts,
              STATES,
              "insert",
              "INSERT INTO %s SELECT %d, %s, %s".formatted(STATES, asset(), moment(), word));
      case 3 ->
          run(
              connection,
              counts,
              STATES,
              "update",
              "UPDATE %s SET state = %s WHERE %s".formatted(STATES, word, one(STATES)));
      case 4 ->
          run(
              connection,
              counts,
              STATES,
              "update",
              "UPDATE %s SET at = %s WHERE %s".formatted(STATES, moment(), one(STATES)));
      default ->
          run(
              connection,
              counts,
              STATES,
              "delete",
              "DELETE FROM %s WHERE %s".formatted(STATES, one(STATES)));
    }
  }

  private int asset() {
    return 1 + random.nextInt(ChaosSource.ASSETS);
  }

  /// No two are the same, so that a state has one that is next.
  private String moment() {
    return "date_trunc('hour', now()) - %d * interval '1 second'".formatted(random.nextInt(14_400))
        + " + nextval('journal.number') * interval '1 microsecond'";
  }

  /// One of the rows that there are, as far as there are any.
  private String one(String table) {
    return "ctid = (SELECT ctid FROM %s OFFSET %d LIMIT 1)".formatted(table, random.nextInt(60));
  }

  private static void run(
      Connection connection, Map<String, Long> counts, String table, String op, String sql)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      long rows = statement.executeUpdate();
      if (rows > 0) {
        counts.merge(table + " " + op, rows, Long::sum);
      }
    }
  }

  /// The sessions that the source's rows are: which, and what of it.
  static String expected() {
    return """
        SELECT format('stop %%s', stop_id),
          format('of %%s, %%s, from %%s to %%s', asset_id, reason, extract(epoch FROM began_at),
            extract(epoch FROM ended_at))
        FROM %1$s
        UNION ALL
        SELECT format('state of %%s from %%s', asset_id, extract(epoch FROM at)),
          format('%%s to %%s', state,
            extract(epoch FROM lead(at) OVER (PARTITION BY asset_id ORDER BY at)))
        FROM %2$s
        """
        .formatted(STOPS, STATES);
  }

  /// What the platform shows as sessions of a source, in the same words.
  static String shown() {
    return """
        SELECT CASE s.table_name WHEN '%1$s' THEN format('stop %%s', e.key)
            ELSE format('state of %%s from %%s', d.key, extract(epoch FROM s.started_at)) END,
          CASE s.table_name WHEN '%1$s' THEN
            format('of %%s, %%s, from %%s to %%s', d.key, s.reason,
              extract(epoch FROM s.started_at), extract(epoch FROM s.ended_at))
            ELSE format('%%s to %%s', s.state, extract(epoch FROM s.ended_at)) END
        FROM analytics.model m
        JOIN analytics.session_intervals s ON s.model_id = m.model_id
        JOIN analytics.entities e ON e.model_id = s.model_id AND e.entity_id = s.session_id
        LEFT JOIN analytics.devices d ON d.model_id = s.model_id AND d.device_id = s.device_id
        WHERE m.source_id = ? AND m.state = 'live'
        """
        .formatted(STOPS);
  }
}
