package io.claritystream.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// From the command to ready and to the first event on a dashboard, with an empty data directory
/// and with the one it leaves; and what all processes keep in memory, with the demo live.
final class Startup {
  private static final long EVENT_PATIENCE_S = 180;

  /// What the demo brings of a customer's own is not the platform's.
  private static final Set<String> CUSTOMERS = Set.of("customer-postgres", "plant", "agent");

  private final Options options;
  private final Path home;
  private final Cleanup cleanup;
  private final Report report;

  Startup(Options options, Path home, Cleanup cleanup, Report report) {
    this.options = options;
    this.home = home;
    this.cleanup = cleanup;
    this.report = report;
  }

  private record Start(double readyS, double firstEventS, Map<String, Processes.Use> uses) {}

  void run() throws IOException, InterruptedException {
    Path data = Place.make(cleanup).path().resolve("data");
    report.step("first start, with an empty data directory");
    Start first = start(data, false);
    report.step("second start, with the data of the first");
    Start second = start(data, true);
    report
        .figure("ready_s", first.readyS())
        .figure("first_event_s", first.firstEventS())
        .figure("second_ready_s", second.readyS())
        .figure("second_first_event_s", second.firstEventS());
    report.table(
        "From the command, in seconds",
        List.of("", "ready", "first event on a dashboard"),
        List.of(row("first start, empty data", first), row("second start, its data", second)));
    memory(first.uses());
  }

  private static List<String> row(String name, Start start) {
    return List.of(name, Report.number(start.readyS(), 2), Report.number(start.firstEventS(), 2));
  }

  private Start start(Path data, boolean again) throws IOException, InterruptedException {
    Instant began = Instant.now();
    try (Installation installation = Installation.start(cleanup, home, data, true)) {
      double firstEventS = firstEvent(installation, began);
      Map<String, Processes.Use> uses = Map.of();
      if (!again) {
        report.step("settling for " + options.number("settle") + " s");
        TimeUnit.SECONDS.sleep(options.number("settle"));
        uses = Processes.of(installation.pids());
      }
      return new Start(installation.readyS(), firstEventS, uses);
    }
  }

  /// When a dashboard that is open from the moment one can sign in shows a value: one pushed to it,
  /// or one that came since the command, when the page asks what there is.
  private double firstEvent(Installation installation, Instant began)
      throws IOException, InterruptedException {
    JsonNode demo = installation.said().path("demo");
    String password = Files.readString(Path.of(demo.path("password_file").asText())).strip();
    Api api = new Api(installation.url());
    api.signIn(demo.path("email").asText(), password);
    CountDownLatch seen = new CountDownLatch(1);
    try (Api.Live live = api.live(data -> seen.countDown())) {
      for (long waited = 0; waited < EVENT_PATIENCE_S * 10; waited++) {
        if (seen.await(100, TimeUnit.MILLISECONDS)
            || arrivedSince(began, api.get("/v1/overview").path("newest_event_at"))) {
          return (System.nanoTime() - installation.startedNs()) / 1e9;
        }
        if (live.broken()) {
          throw new BenchFailedException("the live stream ended before anything came");
        }
      }
    }
    throw new BenchFailedException("no event reached a dashboard in " + EVENT_PATIENCE_S + " s");
  }

  private static boolean arrivedSince(Instant began, JsonNode newest) {
    return newest.isTextual() && Instant.parse(newest.asText()).isAfter(began);
  }

  private void memory(Map<String, Processes.Use> uses) {
    List<List<String>> rows = new ArrayList<>();
    long own = 0;
    long rss = 0;
    for (Map.Entry<String, Processes.Use> program : uses.entrySet()) {
      Processes.Use use = program.getValue();
      boolean customers = CUSTOMERS.contains(program.getKey());
      if (!customers) {
        own += use.ownKb();
        rss += use.rssKb();
      }
      report.figure("rss_mb_" + program.getKey(), Report.megabytes(use.ownKb()));
      rows.add(
          List.of(
              program.getKey() + (customers ? " (the customer's)" : ""),
              Integer.toString(use.processes()),
              Report.number(Report.megabytes(use.ownKb()), 0),
              Report.number(Report.megabytes(use.rssKb()), 0),
              Report.number(use.cpuS(), 1)));
    }
    rows.add(
        List.of(
            "all but the customer's",
            "",
            Report.number(Report.megabytes(own), 0),
            Report.number(Report.megabytes(rss), 0),
            ""));
    report.figure("rss_mb_total", Report.megabytes(own));
    report.figure("rss_mb_summed", Report.megabytes(rss));
    report.table(
        "Resident memory, the demo live (MB; shared pages counted once, and for each process)",
        List.of("program", "processes", "once", "each", "CPU s"),
        rows);
  }
}
