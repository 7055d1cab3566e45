package io.claritystream.bench;

import io.claritystream.embedded.KeptPorts;
import io.claritystream.embedded.Postgres;
import io.claritystream.embedded.PostgresSettings;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Properties;

/// A customer's PostgreSQL that is killed and started again, with a database for each round.
final class ChaosSource implements AutoCloseable {
  static final int ASSETS = 10;
  private static final Duration END_PATIENCE = Duration.ofSeconds(10);

  private final PostgresSettings settings;
  private volatile Postgres postgres;

  ChaosSource(Path place) {
    settings =
        PostgresSettings.of(place.resolve("customer"), PostgresSettings.Purpose.CUSTOMER)
            .withPort(KeptPorts.next());
    postgres = Postgres.start(settings);
  }

  Postgres postgres() {
    return postgres;
  }

  /// Ends it without a word, and starts it again where it was.
  void killAndStart() {
    postgres.child().stop("KILL", END_PATIENCE);
    postgres = Postgres.start(settings);
  }

  Connection connect(String database) throws SQLException {
    Properties properties = postgres.superuser();
    properties.setProperty("loginTimeout", "5");
    properties.setProperty("socketTimeout", "60");
    return DriverManager.getConnection(postgres.jdbcUrl(database), properties);
  }

  /// Makes a database with its tables and the first rows of each. What is committed later is noted
  /// in the same transaction in a journal that is not captured.
  void prepare(String database, List<ChaosTable> tables) throws SQLException {
    try (Connection connection = connect("postgres")) {
      Sql.run(connection, "CREATE DATABASE " + database + " TEMPLATE template0");
    }
    try (Connection connection = connect(database)) {
      Sql.run(
          connection,
          """
          CREATE SCHEMA plant;
          CREATE SCHEMA journal;
          CREATE TABLE journal.change (
            table_name text NOT NULL, op text NOT NULL, rows bigint NOT NULL
          );
          CREATE SEQUENCE journal.number;
          CREATE TABLE plant.site (site_id integer PRIMARY KEY, name text NOT NULL);
          CREATE TABLE plant.asset (
            asset_id integer PRIMARY KEY, site_id integer NOT NULL REFERENCES plant.site,
            name text NOT NULL, remark text, rating numeric, approved boolean,
            built_at timestamptz
          );
          INSERT INTO plant.site VALUES (1, 'North'), (2, 'South');
          """);
      Sql.run(
          connection,
          """
          INSERT INTO plant.asset
          SELECT n, 1 + n %% 2, 'Pump ' || n, 'remark ' || n, n * 1.5, n %% 2 = 0,
            timestamptz '2020-01-01 00:00:00+00' + n * interval '1 day'
          FROM generate_series(1, %d) n
          """
              .formatted(ASSETS));
      Sql.run(connection, ChaosSessions.DDL);
      for (ChaosTable table : tables) {
        Sql.run(connection, table.ddl());
        Sql.run(
            connection,
            """
            INSERT INTO %s
            SELECT nextval('journal.number'), 1 + n %% %d,
              date_trunc('hour', now()) - interval '3 hours'
                + n * interval '7 seconds' + n * interval '1 microsecond',
              n / 7.0, n * 0.1, 'first'
            FROM generate_series(1, 500) n
            """
                .formatted(table.qualified(), ASSETS));
      }
    }
  }

  @Override
  public void close() {
    postgres.close();
  }
}
