package io.claritystream.bench;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;

/// Many rounds of chaos about executions, counted; a round that was not sound names the seed that
/// repeats it.
final class MaestroChaosRounds {
  private static final int SEED_MAX = 99_999_999;

  private final Options options;
  private final Path home;
  private final Cleanup cleanup;
  private final Report report;

  MaestroChaosRounds(Options options, Path home, Cleanup cleanup, Report report) {
    this.options = options;
    this.home = home;
    this.cleanup = cleanup;
    this.report = report;
  }

  void run() throws SQLException, InterruptedException {
    int rounds = options.number("rounds");
    int seed = options.number("seed");
    if (seed == 0) {
      seed = ThreadLocalRandom.current().nextInt(1, SEED_MAX - rounds);
    }
    report.step("starting PostgreSQL and two servers");
    MaestroChaos chaos = cleanup.add(new MaestroChaos(home));
    cleanup.explainBy(chaos::explanation);
    Map<String, Long> sums = new TreeMap<>();
    Map<String, Long> outcomes = new TreeMap<>();
    List<List<String>> table = new ArrayList<>();
    List<String> details = new ArrayList<>();
    List<Long> failed = new ArrayList<>();
    for (int n = 0; n < rounds; n++) {
      report.step("round %d of %d, seed %d".formatted(n + 1, rounds, seed + n));
      MaestroChaos.Round round =
          chaos.round(seed + n, options.number("kills"), options.number("seconds"));
      MaestroOracle.Findings found = round.findings();
      sums.merge("executions", found.executions(), Long::sum);
      sums.merge("accepted", round.accepted(), Long::sum);
      sums.merge("canceled", round.canceled(), Long::sum);
      sums.merge("refused", round.refused(), Long::sum);
      sums.merge("effects", round.effects(), Long::sum);
      sums.merge("events", (long) round.events().size(), Long::sum);
      sums.merge("looked_at_ended", found.looked(), Long::sum);
      sums.merge("lost", found.lost(), Long::sum);
      sums.merge("stuck", found.stuck(), Long::sum);
      sums.merge("changed_after_end", found.changedAfterEnd(), Long::sum);
      sums.merge("doubled_effects", found.doubledEffects(), Long::sum);
      found.outcomes().forEach((outcome, count) -> outcomes.merge(outcome, count, Long::sum));
      table.add(row(round));
      if (!round.sound()) {
        failed.add(round.seed());
        details.add("seed " + round.seed() + ": " + String.join(", ", round.events()));
        found.details().forEach(detail -> details.add("seed " + round.seed() + ": " + detail));
        details.add(chaos.explanation());
      }
    }
    report.figure("rounds", rounds).figure("seed", seed);
    sums.forEach(report::figure);
    outcomes.forEach((outcome, count) -> report.figure("ended_" + outcome, count));
    report.figures().set("failed_seeds", Api.JSON.valueToTree(failed));
    report.table(
        "Servers and PostgreSQL killed and stopped under load",
        List.of(
            "seed",
            "events",
            "executions",
            "effects",
            "lost",
            "stuck",
            "changed after end",
            "doubled effects"),
        table);
    details.forEach(report::note);
    if (!failed.isEmpty()) {
      report.note(
          "repeat with ./clarity bench maestro-chaos --rounds 1 --seed " + failed.getFirst());
    }
  }

  private static List<String> row(MaestroChaos.Round round) {
    MaestroOracle.Findings found = round.findings();
    return List.of(
        Long.toString(round.seed()),
        Integer.toString(round.events().size()),
        Report.number(found.executions(), 0),
        Report.number(round.effects(), 0),
        Long.toString(found.lost()),
        Long.toString(found.stuck()),
        Long.toString(found.changedAfterEnd()),
        Long.toString(found.doubledEffects()));
  }
}
