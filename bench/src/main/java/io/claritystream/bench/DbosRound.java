package io.claritystream.bench;

import io.claritystream.embedded.Child;
import io.claritystream.embedded.Launch;
import io.claritystream.embedded.Machine;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// DBOS on the same work, on the same PostgreSQL, in a process of its own that ends afterwards.
///
/// @param perS workflows of two steps that ended a second
/// @param p50Ms from calling one to having its answer
record DbosRound(double perS, double p50Ms, double p99Ms, double rssMb) {
  private static final int THREADS = 32;
  private static final int WARMUP_S = 20;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String DATABASE = "dbos_peer";

  static DbosRound run(Cleanup cleanup, Installation installation, Path place, int seconds)
      throws SQLException, InterruptedException {
    try (Connection superuser = installation.superuser()) {
      Sql.run(superuser, "DROP DATABASE IF EXISTS " + DATABASE + " WITH (FORCE)");
      Sql.run(superuser, "CREATE DATABASE " + DATABASE);
      try {
        return measured(cleanup, installation, place, seconds);
      } finally {
        Sql.run(superuser, "DROP DATABASE " + DATABASE + " WITH (FORCE)");
      }
    }
  }

  private static DbosRound measured(
      Cleanup cleanup, Installation installation, Path place, int seconds)
      throws InterruptedException {
    Map<String, String> environment = new HashMap<>(System.getenv());
    environment.putAll(installation.superuserEnvironment());
    CompletableFuture<String> said = new CompletableFuture<>();
    List<String> command =
        List.of(
            Machine.java().toString(),
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            DbosOrders.class.getName(),
            installation.jdbcUrl(DATABASE),
            Integer.toString(WARMUP_S),
            Integer.toString(seconds),
            Integer.toString(THREADS));
    Child child =
        Child.start(
            Launch.of("dbos", place, command).withEnvironment(environment),
            line -> {
              if (line.startsWith("measured ")) {
                said.complete(line);
              }
            });
    cleanup.add(() -> child.stop("TERM", Duration.ofSeconds(10)));
    child.ended().thenAccept(code -> said.complete(""));
    TimeUnit.SECONDS.sleep(WARMUP_S);
    double megabytes =
        Report.megabytes(Processes.of(Map.of("dbos", child.pid())).get("dbos").ownKb());
    try {
      String line = said.get(WARMUP_S + seconds + PATIENCE.toSeconds(), TimeUnit.SECONDS);
      if (line.isEmpty()) {
        throw new BenchFailedException("DBOS ended: " + String.join("\n  ", child.lastLines()));
      }
      String[] words = line.split(" ");
      return new DbosRound(
          Long.parseLong(words[1]) / (double) seconds,
          Long.parseLong(words[2]) / 1e3,
          Long.parseLong(words[3]) / 1e3,
          megabytes);
    } catch (ExecutionException | TimeoutException e) {
      throw new BenchFailedException("DBOS did not measure", e);
    } finally {
      child.stop("TERM", Duration.ofSeconds(10));
    }
  }
}
