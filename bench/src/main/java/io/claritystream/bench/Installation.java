package io.claritystream.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.claritystream.embedded.Child;
import io.claritystream.embedded.KeptPorts;
import io.claritystream.embedded.Launch;
import io.claritystream.embedded.Postgres;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/// An installation that was started as a person starts it: by `./clarity up`.
final class Installation implements AutoCloseable {
  private static final Duration START_PATIENCE = Duration.ofMinutes(10);
  private static final Duration STOP_PATIENCE = Duration.ofSeconds(20);
  private static final int LINES_SHOWN = 40;
  private static final String BUS_CLIENT = "clarity.kafka.client.";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path data;
  private final Child up;
  private final long startedNs;
  private final CompletableFuture<JsonNode> ready = new CompletableFuture<>();
  private final Map<String, Long> pids = new LinkedHashMap<>();

  private Installation(Path home, Path data, boolean demo) {
    this.data = data;
    List<String> command =
        new ArrayList<>(
            List.of(
                home.resolve("clarity").toString(),
                "up",
                "--json",
                "--data",
                data.toString(),
                "--port",
                Integer.toString(KeptPorts.next())));
    if (!Files.exists(data)) {
      // An installation keeps the port that its agents were paired to.
      command.addAll(List.of("--edge-port", Integer.toString(KeptPorts.next())));
    }
    if (!demo) {
      command.add("--no-demo");
    }
    startedNs = System.nanoTime();
    up = Child.start(Launch.of("up", home, command).withEnvironment(environment()), this::said);
    up.ended()
        .thenAccept(
            code ->
                ready.completeExceptionally(
                    new BenchFailedException(
                        "./clarity up ended with %d. It said:%n  %s"
                            .formatted(code, String.join("\n  ", up.lastLines())))));
  }

  private static Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>(System.getenv());
    if (Boolean.getBoolean("clarity.built")) {
      // A test of the build: Maven has built everything, and another build would be in its way.
      environment.put("CLARITY_BUILT", "1");
    }
    return environment;
  }

  /// Starts one and returns when it is ready.
  ///
  /// @param data where its data is or will be
  /// @param demo with the demo's customer and agent
  static Installation start(Cleanup cleanup, Path home, Path data, boolean demo) {
    Installation installation = cleanup.add(new Installation(home, data, demo));
    cleanup.explainBy(installation::lastLines);
    installation.awaitReady();
    return installation;
  }

  private void said(String line) {
    if (!line.startsWith("{")) {
      return;
    }
    JsonNode object;
    try {
      object = JSON.readTree(line);
    } catch (IOException e) {
      return;
    }
    switch (object.path("event").asText()) {
      case "started" -> note(object.path("program").asText(), object.path("pid").asLong());
      case "ready" -> {
        object.path("pids").properties().forEach(p -> note(p.getKey(), p.getValue().asLong()));
        readyNs = System.nanoTime();
        ready.complete(object);
      }
      default -> {}
    }
  }

  private volatile long readyNs;

  private void note(String program, long pid) {
    synchronized (pids) {
      pids.put(program, pid);
    }
  }

  private void awaitReady() {
    try {
      ready.get(START_PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof BenchFailedException failed
          ? failed
          : new BenchFailedException("./clarity up did not start", e);
    } catch (TimeoutException e) {
      throw new BenchFailedException("./clarity up was not ready after " + START_PATIENCE, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchFailedException("interrupted", e);
    }
  }

  /// From giving the command to reading that it is ready.
  double readyS() {
    return (readyNs - startedNs) / 1e9;
  }

  long startedNs() {
    return startedNs;
  }

  String url() {
    return ready.join().path("url").asText();
  }

  String edgeUrl() {
    return ready.join().path("edge_url").asText();
  }

  JsonNode said() {
    return ready.join();
  }

  Path data() {
    return data;
  }

  /// The numbers of its processes by program, of all that have started by now.
  Map<String, Long> pids() {
    synchronized (pids) {
      return new LinkedHashMap<>(pids);
    }
  }

  /// What the server was told.
  private String property(String name) {
    String value = properties().getProperty(name);
    if (value == null) {
      throw new BenchFailedException("the server was not told " + name);
    }
    return value;
  }

  private Properties properties() {
    Properties properties = new Properties();
    try (InputStream in = Files.newInputStream(data.resolve("server/server.properties"))) {
      properties.load(in);
    } catch (IOException e) {
      throw new BenchFailedException("the server's properties cannot be read", e);
    }
    return properties;
  }

  /// What a client of its brokers must be given.
  Map<String, Object> bus() {
    Map<String, Object> client = new HashMap<>();
    client.put("bootstrap.servers", property("clarity.kafka.bootstrap-servers"));
    properties()
        .forEach(
            (name, value) -> {
              if (((String) name).startsWith(BUS_CLIENT)) {
                client.put(((String) name).substring(BUS_CLIENT.length()), value);
              }
            });
    return client;
  }

  /// A connection to the platform's database under one of its roles.
  Connection database(String role) throws SQLException {
    return DriverManager.getConnection(
        property("clarity.database.url"),
        "clarity_" + role,
        property("clarity.database.passwords." + role));
  }

  /// Where another database of the platform's PostgreSQL is.
  String jdbcUrl(String database) {
    return property("clarity.database.url").replaceFirst("/[^/?]+($|\\?)", "/" + database + "$1");
  }

  /// What a program is told with that is to connect as PostgreSQL's superuser.
  Map<String, String> superuserEnvironment() {
    return Map.of("PGUSER", Postgres.SUPERUSER, "PGPASSWORD", superuserPassword());
  }

  private String superuserPassword() {
    try {
      return Files.readString(data.resolve("postgres/password")).strip();
    } catch (IOException e) {
      throw new BenchFailedException("the password of PostgreSQL's superuser cannot be read", e);
    }
  }

  /// A connection to the platform's database that may see into PostgreSQL itself.
  Connection superuser() throws SQLException {
    return DriverManager.getConnection(
        property("clarity.database.url"), Postgres.SUPERUSER, superuserPassword());
  }

  /// What a plan allows is not what is to be measured.
  void liftQuota() throws SQLException {
    try (Connection connection = database("migrator");
        Statement statement = connection.createStatement()) {
      statement.executeUpdate(
          "UPDATE control.plan SET events_per_s_max = 10000000, bytes_per_s_max = 1000000000");
    }
  }

  /// What the server logged at last.
  private String lastLines() {
    Path log = data.resolve("logs/server.log");
    try (Stream<String> lines = Files.lines(log)) {
      List<String> all = lines.toList();
      return "The server's log ends:\n  "
          + String.join("\n  ", all.subList(Math.max(0, all.size() - LINES_SHOWN), all.size()));
    } catch (IOException e) {
      return "There is no log of the server.";
    }
  }

  @Override
  public void close() {
    up.stop("TERM", STOP_PATIENCE);
  }
}
