package io.claritystream.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;

/// From the gateway's doorstep to bronze and read models, durable: how many change events a second,
/// what it costs, and how that compares with PostgreSQL's own COPY of the same rows into the same
/// indexed table.
final class Ingest {
  private static final int BATCH_EVENTS = 4_000;
  private static final int[] CURVE = {100, 250, 1_000, 4_000, 8_000};
  private static final int CURVE_WARMUP_S = 3;
  private static final int COPY_ROWS_MAX = 500_000;
  private static final long DRAIN_MS = 120_000;

  private final Options options;
  private final Path home;
  private final Cleanup cleanup;
  private final Report report;
  private volatile boolean stopped;
  private volatile int batchEvents = BATCH_EVENTS;

  Ingest(Options options, Path home, Cleanup cleanup, Report report) {
    this.options = options;
    this.home = home;
    this.cleanup = cleanup;
    this.report = report;
  }

  void run() throws Exception {
    Path place = Place.make(cleanup).path();
    report.step("starting an installation");
    Installation installation = Installation.start(cleanup, home, place.resolve("data"), false);
    if (options.flag("profile")) {
      ServerProfile.countStatements(installation);
    }
    installation.liftQuota();
    Api api = new Api(installation.url());
    api.awaitReady();
    api.register();
    Link link = cleanup.add(Link.pair(installation, api));
    List<Sender> senders = new ArrayList<>();
    for (int i = 0; i < options.number("sources"); i++) {
      SourceStream stream = cleanup.add(SourceStream.open(link, link.register("load-" + (i + 1))));
      senders.add(new Sender(stream, new Mix(i, options.number("devices"))));
    }
    senders.forEach(Sender::start);
    report.step("warming up for " + options.number("warmup") + " s");
    wait(options.number("warmup"), senders);
    double eventsPerS = measured(installation, place, senders);
    if (options.flag("curve")) {
      curve(installation, senders);
    }
    stopped = true;
    report.step("waiting for all that was sent");
    long sent = 0;
    for (Sender sender : senders) {
      sent += sender.drain();
    }
    verify(installation, sent);
    copy(installation, place, eventsPerS);
  }

  /// The measurement itself, and what it cost.
  private double measured(Installation installation, Path place, List<Sender> senders)
      throws SQLException, IOException, InterruptedException {
    ServerProfile profile = new ServerProfile(installation, place);
    try (Connection superuser = installation.superuser()) {
      if (options.flag("profile")) {
        profile.start();
      }
      report.step("measuring for " + options.number("seconds") + " s");
      String from = Indexes.position(superuser);
      Load load = load(installation, senders, options.number("seconds"));
      String to = Indexes.position(superuser);
      if (options.flag("profile")) {
        profile.stop();
      }
      load.print(report);
      if (options.flag("profile")) {
        profile.print(report);
      }
      Indexes.print(superuser, from, to, report);
      return load.eventsPerS();
    }
  }

  /// How much batches of other sizes carry: what an agent sends depends on how busy its source is.
  private void curve(Installation installation, List<Sender> senders) throws InterruptedException {
    List<List<String>> rows = new ArrayList<>();
    for (int size : CURVE) {
      report.step("batches of " + size);
      batchEvents = size;
      wait(CURVE_WARMUP_S, senders);
      Load load = load(installation, senders, Math.max(2, options.number("seconds") / 3));
      report
          .figure("events_per_s_batch_" + size, load.eventsPerS())
          .figure("cpu_us_per_event_batch_" + size, load.cpuUsPerEvent());
      rows.add(
          List.of(
              Report.number(size, 0),
              Report.number(load.eventsPerS(), 0),
              Report.number(load.cpuUsPerEvent(), 1)));
    }
    report.table(
        "By the size of batches", List.of("events a batch", "events/s", "CPU µs an event"), rows);
  }

  /// What happened between two looks.
  private record Load(double seconds, long events, Map<String, Processes.Use> uses) {
    double eventsPerS() {
      return events / seconds;
    }

    double cpuUsPerEvent() {
      return uses.values().stream().mapToDouble(Processes.Use::cpuS).sum()
          * 1e6
          / Math.max(1, events);
    }

    void print(Report report) {
      report.figure("events_per_s", eventsPerS()).figure("seconds", seconds);
      List<List<String>> rows = new ArrayList<>();
      double cpuS = 0;
      for (Map.Entry<String, Processes.Use> program : uses.entrySet()) {
        Processes.Use use = program.getValue();
        String key = program.getKey();
        report.figure("cpu_s_" + key, use.cpuS());
        report.figure("rss_mb_" + key, Report.megabytes(use.ownKb()));
        cpuS += use.cpuS();
        rows.add(row(program.getKey(), use.cpuS(), Report.megabytes(use.ownKb())));
      }
      rows.add(row("all", cpuS, Double.NaN));
      report.figure("cpu_us_per_event", cpuUsPerEvent());
      report.table(
          "%s events in %s s: %s events/s durable in bronze and read models"
              .formatted(
                  Report.number(events, 0),
                  Report.number(seconds, 1),
                  Report.number(eventsPerS(), 0)),
          List.of("program", "CPU s", "cores", "CPU µs an event", "memory MB"),
          rows);
    }

    private List<String> row(String name, double cpuS, double megabytes) {
      return List.of(
          name,
          Report.number(cpuS, 1),
          Report.number(cpuS / seconds, 2),
          Report.number(cpuS * 1e6 / events, 1),
          Double.isNaN(megabytes) ? "" : Report.number(megabytes, 0));
    }
  }

  private Load load(Installation installation, List<Sender> senders, int seconds)
      throws InterruptedException {
    Map<String, Long> programs = new LinkedHashMap<>(installation.pids());
    programs.put("load generator", ProcessHandle.current().pid());
    Map<String, Processes.Use> before = Processes.of(programs);
    long durableBefore = durable(senders);
    long from = System.nanoTime();
    wait(seconds, senders);
    long durableAfter = durable(senders);
    long to = System.nanoTime();
    Map<String, Processes.Use> uses = new LinkedHashMap<>();
    Processes.of(programs)
        .forEach(
            (name, use) ->
                uses.put(
                    name, use.since(before.getOrDefault(name, new Processes.Use(0, 0, 0, 0)))));
    return new Load((to - from) / 1e9, durableAfter - durableBefore, uses);
  }

  private static void wait(int seconds, List<Sender> senders) throws InterruptedException {
    for (int i = 0; i < seconds * 10; i++) {
      TimeUnit.MILLISECONDS.sleep(100);
      senders.forEach(Sender::requireSound);
    }
  }

  private static long durable(List<Sender> senders) {
    return senders.stream().mapToLong(sender -> sender.stream.durableSeq()).sum();
  }

  /// Sends as fast as one source's window lets it.
  private final class Sender {
    private final SourceStream stream;
    private final Mix mix;
    private final Thread thread;
    private volatile long lastSeq;
    private volatile String failure = "";

    Sender(SourceStream stream, Mix mix) {
      this.stream = stream;
      this.mix = mix;
      thread = Thread.ofPlatform().name("sends").daemon().unstarted(this::send);
    }

    void start() {
      thread.start();
    }

    private void send() {
      try {
        lastSeq = stream.send(mix::describe);
        while (!stopped) {
          lastSeq = stream.send((block, nowUs) -> mix.events(block, batchEvents, nowUs));
        }
      } catch (BenchFailedException | IllegalStateException e) {
        // gRPC answers a send on a call that has ended with the latter.
        failure = String.valueOf(e.getMessage());
      } catch (InterruptedException e) {
        failure = "interrupted";
      }
    }

    void requireSound() {
      if (!failure.isEmpty()) {
        throw new BenchFailedException(failure);
      }
    }

    /// Waits until all that was sent is durable; how many that were.
    long drain() throws InterruptedException {
      thread.join();
      requireSound();
      stream.awaitDurable(lastSeq, DRAIN_MS);
      return lastSeq;
    }
  }

  /// A rate says little of a pipeline that loses or repeats.
  private void verify(Installation installation, long sent) throws SQLException {
    try (Connection connection = installation.database("service")) {
      long bronze = Sql.number(connection, "SELECT count(*) FROM bronze.cdc_events");
      long dead = Sql.number(connection, "SELECT count(*) FROM control.dead_letter");
      long folded =
          Sql.number(
              connection,
              """
              SELECT coalesce(sum(reads + inserts + updates + deletes + truncates + clears), 0)
              FROM analytics.table_state
              """);
      report.figure("events_sent", sent).figure("events_in_bronze", bronze);
      report.figure("dead_letters", dead);
      if (bronze != sent || folded != sent || dead > 0) {
        throw new BenchFailedException(
            "%d events were sent; bronze has %d, the read models counted %d, %d are dead letters"
                .formatted(sent, bronze, folded, dead));
      }
    }
  }

  /// The same rows, by binary COPY in one transaction, into a table with the same indexes; the
  /// better of two.
  private void copy(Installation installation, Path place, double eventsPerS)
      throws SQLException, IOException {
    report.step("COPY of the same rows");
    Path file = place.resolve("rows.copy");
    try (Connection service = installation.database("service");
        OutputStream out = Files.newOutputStream(file)) {
      service
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyOut(
              "COPY (SELECT * FROM bronze.cdc_events ORDER BY event_id DESC LIMIT "
                  + COPY_ROWS_MAX
                  + ") TO STDOUT (FORMAT binary)",
              out);
    }
    double best = 0;
    try (Connection owner = installation.database("migrator");
        Statement statement = owner.createStatement()) {
      statement.execute("CREATE SCHEMA bench");
      for (int round = 0; round < 2; round++) {
        statement.execute(
            "CREATE TABLE bench.cdc_events"
                + " (LIKE bronze.cdc_events INCLUDING DEFAULTS INCLUDING INDEXES)");
        long from = System.nanoTime();
        long rows;
        try (InputStream in = Files.newInputStream(file)) {
          rows =
              owner
                  .unwrap(PGConnection.class)
                  .getCopyAPI()
                  .copyIn("COPY bench.cdc_events FROM STDIN (FORMAT binary)", in, 1 << 18);
        }
        best = Math.max(best, rows / ((System.nanoTime() - from) / 1e9));
        statement.execute("DROP TABLE bench.cdc_events");
      }
      statement.execute("DROP SCHEMA bench");
    }
    report.figure("copy_rows_per_s", best).figure("ratio", eventsPerS / best);
    report.note(
        "COPY of the same rows into the same indexed table: %s rows/s; ratio %s (to reach: 0.2)"
            .formatted(Report.number(best, 0), Report.number(eventsPerS / best, 2)));
  }
}
