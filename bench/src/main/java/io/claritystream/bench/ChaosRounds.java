package io.claritystream.bench;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/// Many rounds of chaos, counted; a round that was not sound names the seed that repeats it.
final class ChaosRounds {
  private static final int SEED_MAX = 99_999_999;

  private final Options options;
  private final Path home;
  private final Cleanup cleanup;
  private final Report report;

  ChaosRounds(Options options, Path home, Cleanup cleanup, Report report) {
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
    report.step("starting an installation, a customer's PostgreSQL and its agent");
    Chaos chaos = cleanup.add(new Chaos(home));
    cleanup.explainBy(chaos::explanation);
    List<List<String>> table = new ArrayList<>();
    List<String> details = new ArrayList<>();
    List<Long> seeds = new ArrayList<>();
    long events = 0;
    long kills = 0;
    long lost = 0;
    long doubled = 0;
    long compared = 0;
    long mismatched = 0;
    long ahead = 0;
    long samples = 0;
    for (int n = 1; n <= rounds; n++) {
      report.step("round %d of %d, seed %d".formatted(n, rounds, seed + n - 1L));
      Chaos.Round round =
          chaos.round(n, seed + n - 1L, options.number("kills"), options.number("seconds"));
      events += round.findings().events();
      kills += round.kills();
      lost += round.findings().lost();
      doubled += round.findings().doubled();
      compared += round.findings().compared();
      mismatched += round.findings().mismatched();
      ahead += round.ahead() == null ? 0 : 1;
      samples += round.samples();
      table.add(row(n, round));
      if (!round.sound()) {
        seeds.add(round.seed());
        round.details().forEach(detail -> details.add("seed " + round.seed() + ": " + detail));
      }
    }
    report
        .figure("rounds", rounds)
        .figure("seed", seed)
        .figure("events", events)
        .figure("kills", kills)
        .figure("lost", lost)
        .figure("doubled", doubled)
        .figure("compared", compared)
        .figure("mismatched", mismatched)
        .figure("slot_ahead", ahead)
        .figure("slot_samples", samples);
    report.figures().set("failed_seeds", Api.JSON.valueToTree(seeds));
    report.table(
        "Every process killed at random, all changes folded",
        List.of(
            "round",
            "seed",
            "kills",
            "events",
            "lost",
            "doubled",
            "compared",
            "mismatched",
            "slot ahead"),
        table);
    details.forEach(report::note);
    if (!seeds.isEmpty()) {
      report.note("repeat with ./clarity bench chaos --rounds 1 --seed " + seeds.getFirst());
    }
  }

  private static List<String> row(int number, Chaos.Round round) {
    return List.of(
        Integer.toString(number),
        Long.toString(round.seed()),
        Integer.toString(round.kills()),
        Report.number(round.findings().events(), 0),
        Long.toString(round.findings().lost()),
        Long.toString(round.findings().doubled()),
        Report.number(round.findings().compared(), 0),
        Long.toString(round.findings().mismatched()),
        round.ahead() == null ? "no" : "yes");
  }
}
