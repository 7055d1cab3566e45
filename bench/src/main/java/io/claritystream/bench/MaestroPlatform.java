package io.claritystream.bench;

import io.claritystream.embedded.Child;
import io.claritystream.embedded.KeptPorts;
import io.claritystream.embedded.Launch;
import io.claritystream.embedded.Machine;
import io.claritystream.embedded.Postgres;
import io.claritystream.embedded.PostgresSettings;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Several servers of the roles `api` and `maestro` on one PostgreSQL, each a process that can be
/// killed, stopped and started again.
final class MaestroPlatform implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(120);
  private static final String DATABASE = "clarity";
  private static final List<String> ROLES =
      List.of("migrator", "auth", "tenant", "service", "engine", "internal", "admin");
  private static final HttpClient HTTP =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

  private final Path home;
  private final Path place;
  private final Map<String, String> passwords = new LinkedHashMap<>();
  private final List<Server> servers = new ArrayList<>();
  private volatile Postgres postgres;

  /// @param home of the built product
  /// @param leaseTerm after which a process that says nothing is taken for dead
  MaestroPlatform(Path home, Path place, int size, Duration leaseTerm) throws SQLException {
    this.home = home;
    this.place = place;
    ROLES.forEach(role -> passwords.put(role, password()));
    postgres = start(KeptPorts.next());
    try (Connection connection = superuser("postgres");
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + DATABASE + " TEMPLATE template0");
    }
    try (Connection connection = superuser();
        Statement statement = connection.createStatement()) {
      String sql = Files.readString(home.resolve("server/target/classes/db/roles.sql"));
      for (Map.Entry<String, String> role : passwords.entrySet()) {
        sql = sql.replace("{{" + role.getKey() + "}}", "'" + role.getValue() + "'");
      }
      statement.execute(sql);
      statement.execute("ALTER DATABASE " + DATABASE + " OWNER TO clarity_migrator");
    } catch (IOException e) {
      throw new BenchFailedException("the server is not built in " + home, e);
    }
    for (int i = 0; i < size; i++) {
      servers.add(new Server(i, leaseTerm));
    }
    // The first makes schema and keys.
    servers.getFirst().start();
    servers.getFirst().awaitReady();
    servers.subList(1, size).forEach(Server::start);
    servers.forEach(Server::awaitReady);
  }

  private static String password() {
    byte[] bytes = new byte[16];
    new SplittableRandom(System.nanoTime()).nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  private Postgres start(int port) {
    return Postgres.start(
        PostgresSettings.of(place.resolve("postgres"), PostgresSettings.Purpose.PLATFORM)
            .withPort(port));
  }

  List<Server> servers() {
    return servers;
  }

  Connection superuser() throws SQLException {
    return superuser(DATABASE);
  }

  private Connection superuser(String database) throws SQLException {
    return DriverManager.getConnection(postgres.jdbcUrl(database), postgres.superuser());
  }

  /// Kills PostgreSQL and starts it again where it was.
  void crashPostgres() {
    int port = postgres.port();
    postgres.child().stop("KILL", Duration.ofSeconds(10));
    postgres = start(port);
  }

  /// What the servers said at last.
  String explanation() {
    StringBuilder words = new StringBuilder();
    for (Server server : servers) {
      words.append("%nserver %d said:%n  ".formatted(server.number));
      words.append(String.join("\n  ", server.lastLines()));
    }
    return words.toString();
  }

  @Override
  public void close() {
    servers.forEach(Server::end);
    postgres.close();
  }

  /// One process, on a port that it keeps.
  final class Server {
    private final int number;
    private final Duration leaseTerm;
    private final int port = KeptPorts.next();
    private @Nullable Child child;

    private Server(int number, Duration leaseTerm) {
      this.number = number;
      this.leaseTerm = leaseTerm;
    }

    int number() {
      return number;
    }

    String url() {
      return "http://127.0.0.1:" + port;
    }

    void start() {
      Map<String, String> settings = new LinkedHashMap<>();
      settings.put("server.port", Integer.toString(port));
      settings.put("clarity.roles", "api,maestro");
      settings.put("clarity.database.url", postgres.jdbcUrl(DATABASE));
      passwords.forEach((role, word) -> settings.put("clarity.database.passwords." + role, word));
      settings.put("clarity.crypto.master-key-file", place.resolve("master.key").toString());
      settings.put("clarity.identity.sign-ins-by-address", "1000");
      settings.put("clarity.outbound.allow", "127.0.0.1:*");
      settings.put("clarity.maestro.lease-term", leaseTerm.toMillis() + "ms");
      settings.put("springdoc.api-docs.enabled", "false");
      List<String> command =
          new ArrayList<>(
              List.of(
                  Machine.java().toString(),
                  "-Xmx256m",
                  "-Xss512k",
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  "--enable-native-access=ALL-UNNAMED",
                  "--sun-misc-unsafe-memory-access=allow",
                  "-jar",
                  home.resolve("server/target/extracted/server.jar").toString()));
      settings.forEach((key, value) -> command.add("--" + key + "=" + value));
      child =
          Child.start(
              Launch.of("server-" + number, place, command)
                  .withEnvironment(
                      Map.of("LC_ALL", "C.UTF-8", "TZ", "UTC", "MALLOC_ARENA_MAX", "2")),
              line -> {});
    }

    /// Returns when it can work.
    void awaitReady() {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(url() + "/actuator/health/readiness"))
              .timeout(Duration.ofSeconds(2))
              .build();
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      try {
        while (System.nanoTime() < deadline) {
          if (!process().alive()) {
            // One that finds no database at its start ends; whoever watches over it starts it anew.
            start();
          }
          if (answers(request)) {
            return;
          }
          TimeUnit.MILLISECONDS.sleep(50);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new BenchFailedException("interrupted", e);
      }
      throw new BenchFailedException("a server is not ready: " + String.join("\n", lastLines()));
    }

    private static boolean answers(HttpRequest request) throws InterruptedException {
      try {
        return HTTP.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
      } catch (IOException e) {
        return false;
      }
    }

    /// Kills it and starts it again, which takes it a while.
    void crash() {
      process().stop("KILL", Duration.ofSeconds(10));
      start();
    }

    void signal(String signal) {
      process().signal(signal);
    }

    private Child process() {
      Child running = child;
      if (running == null) {
        throw new IllegalStateException("not started");
      }
      return running;
    }

    List<String> lastLines() {
      return child == null ? List.of() : child.lastLines();
    }

    private void end() {
      if (child != null) {
        child.signal("CONT");
        child.stop("KILL", Duration.ofSeconds(5));
      }
    }
  }
}
