package io.claritystream.bench;

import io.claritystream.embedded.Postgres;
import io.claritystream.embedded.PostgresSettings;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Properties;

/// A customer of the measurement's own: a real PostgreSQL with one table of readings, and a real
/// agent, paired and given its source by command line.
final class Customer {
  static final String TABLE = "public.pump_reading";
  private static final String SOURCE = "customer";

  private final Postgres postgres;
  private final PairedAgent agent;

  private Customer(Postgres postgres, PairedAgent agent) {
    this.postgres = postgres;
    this.agent = agent;
  }

  /// Returns when the agent streams.
  static Customer start(
      Cleanup cleanup, Path home, Path place, Installation installation, Api api, int devices) {
    try {
      Postgres postgres =
          cleanup.add(
              Postgres.start(
                  PostgresSettings.of(
                      place.resolve("customer"), PostgresSettings.Purpose.CUSTOMER)));
      createTables(postgres, devices);
      PairedAgent agent = PairedAgent.pair(cleanup, home, place, installation, api);
      agent.addSource(SOURCE, postgres, "plant", "");
      agent.run();
      Customer customer = new Customer(postgres, agent);
      agent.awaitStreaming(api, SOURCE);
      return customer;
    } catch (SQLException e) {
      throw new BenchFailedException("the customer could not be set up: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchFailedException("interrupted", e);
    }
  }

  private static void createTables(Postgres postgres, int devices) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(postgres.jdbcUrl("postgres"), postgres.superuser());
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE plant TEMPLATE template0");
    }
    try (Connection connection =
            DriverManager.getConnection(postgres.jdbcUrl("plant"), postgres.superuser());
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          CREATE TABLE site (site_id integer PRIMARY KEY, name text NOT NULL);
          CREATE TABLE pump (
            pump_id integer PRIMARY KEY,
            site_id integer NOT NULL REFERENCES site,
            name text NOT NULL
          );
          CREATE TABLE pump_reading (
            pump_id integer NOT NULL REFERENCES pump,
            read_at timestamptz NOT NULL,
            pressure_bar double precision NOT NULL,
            temperature_c numeric(6,1) NOT NULL,
            stroke_count bigint NOT NULL,
            PRIMARY KEY (pump_id, read_at)
          );
          INSERT INTO site VALUES (1, 'Bench');
          """);
      statement.execute(
          "INSERT INTO pump SELECT n, 1, 'Pump ' || n FROM generate_series(1, " + devices + ") n");
    }
  }

  Connection connect() throws SQLException {
    Properties properties = postgres.superuser();
    properties.setProperty("reWriteBatchedInserts", "true");
    return DriverManager.getConnection(postgres.jdbcUrl("plant"), properties);
  }

  Map<String, Long> pids() {
    return Map.of("customer-postgres", postgres.child().pid(), "agent", agent.pid());
  }
}
