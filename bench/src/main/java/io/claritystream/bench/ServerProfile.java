package io.claritystream.bench;

import io.claritystream.embedded.Machine;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordingFile;

/// Where the time goes while it is measured: in the server by its flight recorder, in its database
/// by `pg_stat_statements`.
final class ServerProfile {
  private static final String OURS = "io.claritystream.";
  private static final int SHOWN = 20;
  private static final int FRAMES_MAX = 512;
  private static final int QUERY_CHARS = 90;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Installation installation;
  private final Path recording;
  private long serverPid;

  ServerProfile(Installation installation, Path place) {
    this.installation = installation;
    recording = place.resolve("server.jfr");
  }

  /// PostgreSQL only counts statements if told so before it starts: it is told, and started again.
  static void countStatements(Installation installation) throws SQLException, InterruptedException {
    Long before = installation.pids().get("postgres");
    if (before == null) {
      throw new BenchFailedException("./clarity up did not say the process of PostgreSQL");
    }
    try (Connection superuser = installation.superuser()) {
      Sql.run(superuser, "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
    }
    try {
      new ProcessBuilder("/bin/sh", "-c", "kill -INT " + before).start().waitFor();
    } catch (IOException e) {
      throw new BenchFailedException("PostgreSQL could not be asked to end", e);
    }
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (before.equals(installation.pids().get("postgres")) || !counts(installation)) {
      if (System.nanoTime() > deadline) {
        throw new BenchFailedException("PostgreSQL did not come again");
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private static boolean counts(Installation installation) {
    try (Connection superuser = installation.superuser()) {
      Sql.run(superuser, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
      return Sql.number(superuser, "SELECT count(*) FROM pg_stat_statements") >= 0;
    } catch (SQLException e) {
      return false;
    }
  }

  void start() throws SQLException {
    Long pid = installation.pids().get("server");
    if (pid == null) {
      throw new BenchFailedException("./clarity up did not say the process of the server");
    }
    serverPid = pid;
    // A request passes more frames than are kept otherwise, and what it began with would be
    // missing.
    jcmd("JFR.configure", "stackdepth=" + FRAMES_MAX);
    jcmd("JFR.start", "name=bench", "settings=profile");
    try (Connection superuser = installation.superuser()) {
      Sql.run(superuser, "SELECT pg_stat_statements_reset()");
    }
  }

  /// Ends it, and keeps what was found.
  void stop() {
    jcmd("JFR.stop", "name=bench", "filename=" + recording);
  }

  private void jcmd(String... words) {
    List<String> command = new ArrayList<>();
    command.add(Machine.java().resolveSibling("jcmd").toString());
    command.add(Long.toString(serverPid));
    command.addAll(List.of(words));
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new BenchFailedException("the server's flight recorder did not answer " + words[0]);
      }
    } catch (IOException e) {
      throw new BenchFailedException("the program jcmd is missing beside java", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchFailedException("interrupted", e);
    }
  }

  void print(Report report) throws SQLException, IOException {
    Map<String, Long> packages = new HashMap<>();
    Map<String, Long> methods = new HashMap<>();
    long samples = 0;
    try (RecordingFile file = new RecordingFile(recording)) {
      while (file.hasMoreEvents()) {
        RecordedEvent event = file.readEvent();
        if (event.getEventType().getName().equals("jdk.ExecutionSample")
            && event.getStackTrace() != null) {
          List<RecordedFrame> frames = event.getStackTrace().getFrames();
          samples++;
          methods.merge(name(frames.getFirst()), 1L, Long::sum);
          packages.merge(
              frames.stream()
                  .map(frame -> frame.getMethod().getType().getName())
                  .filter(type -> type.startsWith(OURS))
                  .findFirst()
                  .map(type -> type.substring(OURS.length()))
                  .orElse("(others: HTTP, gRPC, Kafka's and PostgreSQL's threads)"),
              1L,
              Long::sum);
        }
      }
    }
    print(report, "The server's time by the class of ours that is nearest", packages, samples);
    print(report, "The server's time by method", methods, samples);
    statements(report);
  }

  private static String name(RecordedFrame frame) {
    String type = frame.getMethod().getType().getName();
    return type + "." + frame.getMethod().getName();
  }

  private static void print(Report report, String title, Map<String, Long> counts, long all) {
    report.table(
        title + " (" + all + " samples)",
        List.of("", "%"),
        counts.entrySet().stream()
            .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
            .limit(SHOWN)
            .map(
                entry ->
                    List.of(
                        entry.getKey(),
                        Report.number(100.0 * entry.getValue() / Math.max(all, 1), 1)))
            .toList());
  }

  private void statements(Report report) throws SQLException {
    List<List<String>> rows = new ArrayList<>();
    try (Connection superuser = installation.superuser();
        Statement statement = superuser.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                SELECT regexp_replace(query, '\\s+', ' ', 'g') AS query, calls, total_exec_time, rows,
                  100 * total_exec_time / sum(total_exec_time) OVER () AS share, wal_bytes
                FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 20
                """)) {
      while (row.next()) {
        String query = row.getString("query");
        rows.add(
            List.of(
                query.length() > QUERY_CHARS ? query.substring(0, QUERY_CHARS) + "…" : query,
                Report.number(row.getLong("calls"), 0),
                Report.number(row.getDouble("total_exec_time"), 0),
                Report.number(row.getDouble("share"), 1),
                Report.number(row.getLong("rows"), 0),
                Report.number(row.getDouble("wal_bytes") / 1e6, 1)));
      }
    }
    report.table(
        "The database's time by statement",
        List.of("statement", "calls", "ms", "%", "rows", "log MB"),
        rows);
  }
}
