package io.claritystream.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/// How many executions a second a server carries from webhook to end, each step durable, and what
/// that costs; how long one waits for its first step at 500 a second; and beside it, by turns in
/// the same run, DBOS on the same work and the bare limit in plain SQL.
final class Maestro {
  private static final int CONNECTIONS = 64;
  private static final int ROUNDS = 3;
  private static final int START_PER_S = 500;
  private static final double WARMUP_S = 3;

  private final Options options;
  private final Path home;
  private final Cleanup cleanup;
  private final Report report;

  Maestro(Options options, Path home, Cleanup cleanup, Report report) {
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
    Api api = new Api(installation.url());
    api.awaitReady();
    api.register();
    HookedWorkflows.widen(installation);
    HookedWorkflows.Hooked two = HookedWorkflows.make(api, 2);
    HookedWorkflows.Hooked three = HookedWorkflows.make(api, 3);
    HookLoad load = cleanup.add(new HookLoad(installation.url(), CONNECTIONS));
    OpenExecutions open = cleanup.add(new OpenExecutions(installation));
    HookLoad.Pace fast = new HookLoad.Pace.AsAnswered(open::tooMany);
    int seconds = options.number("seconds");
    int part = Math.max(3, seconds / 3);
    report.step("warming up for " + options.number("warmup") + " s");
    ExecutionRound warm = round(installation, load, two, fast, 0, options.number("warmup"));
    report.step("%s/s while it warmed up".formatted(Report.number(warm.perS(), 0)));
    starts(installation, load, two, part);
    if (options.flag("profile")) {
      profile(installation, place, load, two, fast);
      return;
    }
    List<ExecutionRound> twos = new ArrayList<>();
    List<ExecutionRound> threes = new ArrayList<>();
    List<DbosRound> peers = new ArrayList<>();
    List<Double> limits = new ArrayList<>();
    for (int n = 1; n <= ROUNDS; n++) {
      report.step("round %d of %d: two steps for %d s".formatted(n, ROUNDS, seconds));
      twos.add(round(installation, load, two, fast, WARMUP_S, seconds));
      report.step("DBOS for %d s".formatted(part));
      peers.add(DbosRound.run(cleanup, installation, place, part));
      report.step("three steps for %d s".formatted(part));
      threes.add(round(installation, load, three, fast, WARMUP_S, part));
      report.step("the bare limit for %d s".formatted(part));
      limits.add(QueueLimit.perS(installation, part));
    }
    report.figure("open_max", open.most());
    print(twos, threes, peers, limits);
    if (options.flag("long")) {
      double perS = median(twos, ExecutionRound::perS);
      LongRun.run(installation, load, two, perS, options.number("long-seconds"), report);
      // The other installation is to have the machine for itself.
      installation.close();
      new ExecutionLists(home, report).run(options.number("rows"), seconds);
    }
  }

  private static ExecutionRound round(
      Installation installation,
      HookLoad load,
      HookedWorkflows.Hooked workflow,
      HookLoad.Pace pace,
      double warmupS,
      int seconds)
      throws SQLException, InterruptedException {
    return ExecutionRound.run(
        installation, load, new ExecutionRound.Plan(workflow, pace, warmupS, seconds));
  }

  /// At a rate that leaves room, whatever the server answers.
  private void starts(
      Installation installation, HookLoad load, HookedWorkflows.Hooked workflow, int seconds)
      throws SQLException, InterruptedException {
    report.step("%d a second for %d s".formatted(START_PER_S, seconds));
    ExecutionRound round =
        round(
            installation, load, workflow, new HookLoad.Pace.AtRate(START_PER_S), WARMUP_S, seconds);
    Histogram starts;
    try (Connection superuser = installation.superuser()) {
      starts = round.starts(superuser, workflow.id());
    }
    Histogram answers = round.calls().micros();
    report
        .figure("start_ms_p50", starts.getValueAtPercentile(50) / 1e3)
        .figure("start_ms_p99", starts.getValueAtPercentile(99) / 1e3)
        .figure("answer_ms_p50", answers.getValueAtPercentile(50) / 1e3)
        .figure("answer_ms_p99", answers.getValueAtPercentile(99) / 1e3);
    report.table(
        "At %d calls a second (to reach: the first step begins after p50 5 ms, p99 25 ms)"
            .formatted(START_PER_S),
        Report.spreadHeader("from when the call was due"),
        List.of(
            Report.spread("until the first step begins", starts),
            Report.spread("until the webhook is answered", answers)));
    costs(round, "_at_" + START_PER_S);
  }

  private void profile(
      Installation installation,
      Path place,
      HookLoad load,
      HookedWorkflows.Hooked workflow,
      HookLoad.Pace pace)
      throws SQLException, IOException, InterruptedException {
    ServerProfile profile = new ServerProfile(installation, place);
    profile.start();
    report.step("measuring for " + options.number("seconds") + " s");
    ExecutionRound round = round(installation, load, workflow, pace, 1, options.number("seconds"));
    profile.stop();
    report.figure("executions_per_s", round.perS());
    costs(round, "");
    profile.print(report);
  }

  private void print(
      List<ExecutionRound> twos,
      List<ExecutionRound> threes,
      List<DbosRound> peers,
      List<Double> limits) {
    double perS = figures("executions_per_s", twos, ExecutionRound::perS);
    figures("executions_per_s_3", threes, ExecutionRound::perS);
    double peer = figures("dbos_per_s", peers, DbosRound::perS);
    double limit = figures("limit_per_s", limits, value -> value);
    report
        .figure("ratio_dbos", perS / peer)
        .figure("ratio_limit", perS / limit)
        .figure("dbos_ms_p50", median(peers, DbosRound::p50Ms))
        .figure("dbos_ms_p99", median(peers, DbosRound::p99Ms))
        .figure("rss_mb_dbos", median(peers, DbosRound::rssMb))
        .figure("refused", twos.stream().mapToLong(round -> round.calls().refused()).sum());
    costs(
        twos.stream()
            .sorted(java.util.Comparator.comparingDouble(ExecutionRound::perS))
            .toList()
            .get(twos.size() / 2),
        "");
    report.table(
        "By turns, a second (to reach: 4,000, and twice DBOS)",
        List.of("", "median", "rounds"),
        List.of(
            row("two steps", twos, ExecutionRound::perS),
            row("three steps", threes, ExecutionRound::perS),
            row("DBOS, two steps", peers, DbosRound::perS),
            row("put in and completed in plain SQL", limits, value -> value)));
  }

  /// @param suffix of the figures' names
  private void costs(ExecutionRound round, String suffix) {
    List<List<String>> rows = new ArrayList<>();
    for (Map.Entry<String, Processes.Use> program : round.uses().entrySet()) {
      Processes.Use use = program.getValue();
      String key = program.getKey();
      report
          .figure("cpu_us_per_execution_" + key + suffix, round.cpuUs(key))
          .figure("rss_mb_" + key + suffix, Report.megabytes(use.ownKb()));
      rows.add(
          List.of(
              key,
              Report.number(round.cpuUs(key), 0),
              Report.number(use.cpuS() / round.seconds(), 2),
              Report.number(Report.megabytes(use.ownKb()), 0)));
    }
    report.figure("cpu_us_per_execution" + suffix, round.cpuUs());
    rows.add(List.of("all", Report.number(round.cpuUs(), 0), "", ""));
    report.table(
        "%s executions of two steps in %s s: %s/s"
            .formatted(
                Report.number(round.ended(), 0),
                Report.number(round.seconds(), 1),
                Report.number(round.perS(), 0)),
        List.of("program", "CPU µs an execution", "cores", "memory MB"),
        rows);
  }

  /// Prints the median and each value; the values say what the median is worth.
  private <T> double figures(String key, List<T> rounds, ToDoubleFunction<T> value) {
    double median = median(rounds, value);
    report.figure(key, median);
    for (int i = 0; i < rounds.size(); i++) {
      report.figure(key + "_round_" + (i + 1), value.applyAsDouble(rounds.get(i)));
    }
    return median;
  }

  private static <T> double median(List<T> rounds, ToDoubleFunction<T> value) {
    return rounds.stream().mapToDouble(value).sorted().toArray()[rounds.size() / 2];
  }

  private static <T> List<String> row(String name, List<T> rounds, ToDoubleFunction<T> value) {
    return List.of(
        name,
        Report.number(median(rounds, value), 0),
        String.join(
            "  ", rounds.stream().map(r -> Report.number(value.applyAsDouble(r), 0)).toList()));
  }
}
