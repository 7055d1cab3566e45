package io.claritystream.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.claritystream.embedded.Child;
import io.claritystream.embedded.Launch;
import io.claritystream.embedded.Machine;
import io.claritystream.embedded.Postgres;
import io.claritystream.embedded.PostgresSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

/// A customer of the measurement's own: a real PostgreSQL with one table of readings, and a real
/// agent, paired and given its source by command line.
final class Customer {
  static final String TABLE = "public.pump_reading";
  private static final String SOURCE = "customer";
  private static final Duration COMMAND_PATIENCE = Duration.ofMinutes(1);
  private static final long STREAMING_PATIENCE_S = 90;

  private final Postgres postgres;
  private final Child agent;

  private Customer(Postgres postgres, Child agent) {
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
      Path password = place.resolve("customer.password");
      Files.createFile(
          password,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(password, postgres.password() + "\n");
      JsonNode code = api.post("/v1/agents/pairing-codes", Api.JSON.createObjectNode());
      runAgent(
          home,
          place,
          List.of("pair", code.path("code").asText(), "--server", installation.edgeUrl()));
      runAgent(
          home,
          place,
          List.of(
              "source",
              "add",
              SOURCE,
              "--host",
              "127.0.0.1",
              "--port",
              Integer.toString(postgres.port()),
              "--database",
              "plant",
              "--user",
              Postgres.SUPERUSER,
              "--password-file",
              password.toString()));
      Child agent = Child.start(agentLaunch(home, place, List.of("run")), line -> {});
      cleanup.add(() -> agent.stop("TERM", Duration.ofSeconds(5)));
      Customer customer = new Customer(postgres, agent);
      customer.awaitStreaming(api);
      return customer;
    } catch (IOException | SQLException e) {
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

  private static void runAgent(Path home, Path place, List<String> arguments) {
    Child child = Child.start(agentLaunch(home, place, arguments), line -> {});
    if (!child.endedWithin(COMMAND_PATIENCE)) {
      child.stop("KILL", Duration.ofSeconds(1));
    }
    if (child.ended().join() != 0) {
      throw new BenchFailedException(
          "agent %s failed. It said:%n  %s"
              .formatted(arguments.getFirst(), String.join("\n  ", child.lastLines())));
    }
  }

  /// With the flags that the demo's agent has.
  private static Launch agentLaunch(Path home, Path place, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Machine.java().toString());
    command.addAll(
        List.of(
            "-Xms16m",
            "-Xmx192m",
            "-XX:+UseSerialGC",
            "-Xss512k",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            home.resolve("agent/target/agent.jar").toString(),
            "io.claritystream.agent.Agent",
            "--data",
            place.resolve("agent").toString()));
    command.addAll(arguments);
    return Launch.of("agent", place, command).withEnvironment(new HashMap<>(System.getenv()));
  }

  private void awaitStreaming(Api api) throws InterruptedException {
    String state = "none";
    for (long waited = 0; waited < STREAMING_PATIENCE_S * 5; waited++) {
      for (JsonNode source : api.get("/v1/sources").path("data")) {
        state = source.path("state").asText() + " " + source.path("state_detail").asText();
        if (source.path("name").asText().equals(SOURCE) && state.startsWith("streaming")) {
          return;
        }
      }
      if (!agent.alive()) {
        throw new BenchFailedException(
            "the agent ended. It said:\n  " + String.join("\n  ", agent.lastLines()));
      }
      TimeUnit.MILLISECONDS.sleep(200);
    }
    throw new BenchFailedException("the source did not begin to stream; its state: " + state);
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
