package io.claritystream.bench;

import io.claritystream.embedded.Postgres;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/// A customer's table as plants have it: readings of three values and five extras, of which one in
/// ten changes them; some rows are changed later, some deleted. All rows follow from their numbers,
/// so that two databases get the same.
final class PlantTable {
  static final String DATABASE = "plant";
  static final String TABLE = "pump_reading";
  static final String SHAPE =
      """
      CREATE TABLE pump_reading (
        pump_id integer NOT NULL,
        read_at timestamptz NOT NULL,
        flow_m3_h numeric(8,2) NOT NULL,
        pressure_bar double precision NOT NULL,
        temperature_c numeric(6,1) NOT NULL,
        operating_mode text,
        operator text,
        recipe_code integer,
        maintenance_due boolean,
        calibrated_at timestamptz,
        PRIMARY KEY (pump_id, read_at)
      )
      """;

  /// Rows of one transaction of the backlog.
  private static final int CHUNK = 1_000;

  private static final int PUMPS = 200;

  /// A row later than all others, in a transaction of its own.
  private static final String LAST_AT = "2020-01-01 00:00:00+00";

  /// Rows are told apart by pump and time: each pump has one a second.
  private static final String INSERT =
      """
      INSERT INTO pump_reading
      SELECT g %% 200 + 1,
        %s,
        (1500 + g * 7919 %% 2000) / 100.0,
        (30000 + g * 104729 %% 30000) / 10000.0,
        (180 + g * 31 %% 400) / 10.0,
        (ARRAY['auto', 'manual', 'cleaning', 'standby', 'service'])[1 + (g / 200 + g %% 200) / 10 %% 5],
        (ARRAY['K. Adeyemi', 'M. Lowther', 'S. Pritchard', 'J. Castellano'])
          [1 + (g / 200 + g %% 200) / 10 %% 4],
        100 + (g / 200 + g %% 200) / 10 %% 900,
        (g / 200 + g %% 200) / 10 %% 2 = 0,
        timestamptz '2026-01-05 08:00:00+00' + ((g / 200 + g %% 200) / 10) * interval '1 second'
      FROM generate_series(%d::bigint, %d::bigint) g
      """;

  private final Postgres postgres;

  private PlantTable(Postgres postgres) {
    this.postgres = postgres;
  }

  /// Makes a database with the table and the one it refers to.
  static PlantTable create(Postgres postgres) throws SQLException {
    try (Connection connection =
        DriverManager.getConnection(postgres.jdbcUrl("postgres"), postgres.superuser())) {
      Sql.run(connection, "CREATE DATABASE plant TEMPLATE template0");
    }
    PlantTable table = new PlantTable(postgres);
    try (Connection connection = table.connect()) {
      Sql.run(
          connection,
          "CREATE TABLE pump (pump_id integer PRIMARY KEY, name text NOT NULL);"
              + "INSERT INTO pump SELECT n, 'Pump ' || n FROM generate_series(1, 200) n;"
              + SHAPE
              + "; ALTER TABLE pump_reading ADD FOREIGN KEY (pump_id) REFERENCES pump");
    }
    return table;
  }

  Connection connect() throws SQLException {
    Properties properties = postgres.superuser();
    return DriverManager.getConnection(postgres.jdbcUrl(DATABASE), properties);
  }

  /// Whether somebody reads the log of changes now.
  static boolean followed(Connection connection) throws SQLException {
    return Sql.number(
            connection,
            "SELECT count(*) FROM pg_replication_slots"
                + " WHERE database = current_database() AND active AND NOT temporary")
        > 0;
  }

  /// Commits rows, changes one in `updates` of them later and deletes one in `deletes`.
  ///
  /// @return how many changes that were
  long write(int rows, int updates, int deletes) throws SQLException {
    long changes = 0;
    String at =
        "date_trunc('minute', now()) - %d * interval '1 second' + (g / 200) * interval '1 second'"
            .formatted(rows / PUMPS + 120);
    try (Connection connection = connect()) {
      String fixed = Sql.text(connection, "SELECT date_trunc('minute', now())::text");
      at = at.replace("date_trunc('minute', now())", "timestamptz '" + fixed + "'");
      connection.setAutoCommit(false);
      for (int from = 0; from < rows; from += CHUNK) {
        int to = Math.min(rows, from + CHUNK) - 1;
        changes += Sql.run(connection, INSERT.formatted(at, from, to));
        changes +=
            Sql.run(
                connection,
                "UPDATE pump_reading SET flow_m3_h = flow_m3_h + 1 FROM "
                    + picked(from, to, updates, 1)
                    + at
                    + ")");
        changes +=
            Sql.run(
                connection,
                "DELETE FROM pump_reading USING " + picked(from, to, deletes, 7) + at + ")");
        connection.commit();
      }
      changes += Sql.run(connection, INSERT.formatted("timestamptz '" + LAST_AT + "'", 0, 0));
      connection.commit();
    }
    return changes;
  }

  private static String picked(int from, int to, int every, int offset) {
    return "generate_series(%d::bigint, %d::bigint, %d::bigint) g"
            .formatted(from + offset, to, every)
        + " WHERE pump_id = g % 200 + 1 AND read_at = (";
  }

  /// Commits some rows that are read now, in one transaction.
  ///
  /// @param first the number of the first of them
  static void writeNow(Connection connection, long first, int count) throws SQLException {
    Sql.run(
        connection,
        INSERT.formatted(
            "clock_timestamp() + g * interval '1 microsecond'", first, first + count - 1));
  }

  /// Whether a table with this shape has come to the end of what `write` wrote.
  static boolean hasLast(Connection connection) throws SQLException {
    return Sql.number(
            connection,
            "SELECT count(*) FROM pump_reading WHERE pump_id = 1 AND read_at = '" + LAST_AT + "'")
        > 0;
  }

  /// What two tables with the same rows have in common.
  static String digest(Connection connection) throws SQLException {
    return String.valueOf(
        Sql.text(
            connection,
            """
            SELECT format('%s rows, flow %s, pressure %s, %s manual', count(*), sum(flow_m3_h),
              sum(pressure_bar::numeric), count(*) FILTER (WHERE operating_mode = 'manual'))
            FROM pump_reading
            """));
  }
}
