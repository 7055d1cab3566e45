package io.claritystream.bench;

import io.claritystream.embedded.Postgres;
import io.claritystream.embedded.PostgresSettings;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// From a customer's PostgreSQL to bronze and read models: how fast a backlog in its log is
/// drained, what each hop costs, what the agent keeps in memory under a steady load; and, if asked,
/// the same rows through Debezium, Kafka and a JDBC sink on the same machine afterwards.
final class Cdc {
  private static final String SOURCE = "plant";
  private static final int STEADY_ROWS_PER_S = 5_000;
  private static final int STEADY_TICKS_PER_S = 50;
  private static final int STEADY_WARMUP_S = 5;
  private static final long DRAINED_PATIENCE_S = 120;

  private final Options options;
  private final Path home;
  private final Cleanup cleanup;
  private final Report report;

  Cdc(Options options, Path home, Cleanup cleanup, Report report) {
    this.options = options;
    this.home = home;
    this.cleanup = cleanup;
    this.report = report;
  }

  void run() throws Exception {
    Path place = Place.make(cleanup).path();
    Drain ours;
    // What is measured later has the machine to itself.
    try (Cleanup first = new Cleanup()) {
      ours = ours(first, place);
    }
    if (options.flag("peer")) {
      try (Cleanup second = new Cleanup()) {
        Drain peer = new Peer(options, home, second, report).run(place);
        report.figure("ratio_to_peer", ours.rowsPerS() / peer.rowsPerS());
        report.note(
            "%s times the rows a second of the peer, with %s of its CPU a row"
                .formatted(
                    Report.number(ours.rowsPerS() / peer.rowsPerS(), 2),
                    Report.number(ours.cpuS() / ours.rows() / (peer.cpuS() / peer.rows()), 2)));
      }
    }
  }

  private Drain ours(Cleanup scope, Path place) throws SQLException, InterruptedException {
    report.step("starting an installation");
    Installation installation = Installation.start(scope, home, place.resolve("data"), false);
    installation.liftQuota();
    Api api = new Api(installation.url());
    api.register();
    report.step("starting a customer's PostgreSQL and its agent");
    Postgres postgres =
        scope.add(
            Postgres.start(
                PostgresSettings.of(place.resolve("customer"), PostgresSettings.Purpose.CUSTOMER)));
    PlantTable table = PlantTable.create(postgres);
    PairedAgent agent = PairedAgent.pair(scope, home, place, installation, api);
    agent.addSource(SOURCE, postgres, PlantTable.DATABASE, "");
    agent.run();
    agent.awaitStreaming(api, SOURCE);
    try (Connection customer = table.connect();
        Connection platform = installation.database("service")) {
      agent.stop();
      report.step("writing the backlog: %d rows".formatted(options.number("rows")));
      long before = durable(platform);
      long changes =
          table.write(options.number("rows"), options.number("updates"), options.number("deletes"));
      report.step("draining it");
      Drain drain =
          Drain.watch(
              changes,
              agent::run,
              () -> PlantTable.followed(customer),
              () -> durable(platform) >= before + changes,
              () -> programs(installation, postgres, agent));
      verify(platform, before + changes);
      drain.print(report, "", "Drained from the customer's PostgreSQL to bronze and read models");
      steady(customer, platform, agent, before + changes);
      return drain;
    }
  }

  private static Map<String, Long> programs(
      Installation installation, Postgres postgres, PairedAgent agent) {
    Map<String, Long> pids = new LinkedHashMap<>();
    pids.put("customer postgres", postgres.child().pid());
    pids.put("agent", agent.pid());
    Map<String, Long> platform = installation.pids();
    for (String name : new String[] {"edge", "server", "kafka", "postgres"}) {
      Long pid = platform.get(name);
      if (pid == null) {
        throw new BenchFailedException("./clarity up did not say the process of " + name);
      }
      pids.put(name.equals("postgres") ? "platform postgres" : name, pid);
    }
    return pids;
  }

  /// How many changes are in bronze and in the read models.
  private static long durable(Connection platform) throws SQLException {
    return Sql.number(
        platform, "SELECT sum(least(bronze_seq, applied_seq)) FROM control.checkpoint_source");
  }

  /// A rate says little of a pipeline that loses or repeats.
  private void verify(Connection platform, long expected) throws SQLException {
    long bronze = Sql.number(platform, "SELECT count(*) FROM bronze.cdc_events");
    long folded =
        Sql.number(
            platform,
            "SELECT sum(reads + inserts + updates + deletes + truncates)"
                + " FROM analytics.table_state");
    long dead = Sql.number(platform, "SELECT count(*) FROM control.dead_letter");
    report.figure("events_in_bronze", bronze).figure("dead_letters", dead);
    if (bronze != expected || folded != expected || dead > 0) {
      throw new BenchFailedException(
          "%d changes were captured; bronze has %d, the read models counted %d, %d are dead letters"
              .formatted(expected, bronze, folded, dead));
    }
  }

  private void steady(Connection customer, Connection platform, PairedAgent agent, long before)
      throws SQLException, InterruptedException {
    int seconds = options.number("seconds");
    report.step("%d rows a second for %d s".formatted(STEADY_ROWS_PER_S, seconds));
    int batch = STEADY_ROWS_PER_S / STEADY_TICKS_PER_S;
    long tickUs = 1_000_000 / STEADY_TICKS_PER_S;
    long beganUs = Clocks.nowUs();
    long ticks = (long) (STEADY_WARMUP_S + seconds) * STEADY_TICKS_PER_S;
    long rssKb = 0;
    for (long tick = 0; tick < ticks; tick++) {
      Clocks.sleepUntilUs(beganUs + tick * tickUs);
      PlantTable.writeNow(customer, tick * batch, batch);
      if (tick % STEADY_TICKS_PER_S == 0 && tick >= (long) STEADY_WARMUP_S * STEADY_TICKS_PER_S) {
        Processes.Use use = Processes.of(Map.of("agent", agent.pid())).get("agent");
        rssKb = Math.max(rssKb, use == null ? 0 : use.rssKb());
      }
    }
    double rate = ticks * batch / ((Clocks.nowUs() - beganUs) / 1e6);
    long expected = before + ticks * batch;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DRAINED_PATIENCE_S);
    while (durable(platform) < expected) {
      if (System.nanoTime() > deadline) {
        throw new BenchFailedException("the steady load did not arrive");
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
    report.figure("steady_rows_per_s", rate).figure("agent_rss_mb", Report.megabytes(rssKb));
    report.note(
        "At %s rows a second the agent keeps at most %s MB resident"
            .formatted(Report.number(rate, 0), Report.number(Report.megabytes(rssKb), 0)));
  }
}
