package io.claritystream.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/// Whether an engine slows down as it goes on: minutes at a good part of what it can, beside a
/// transaction that has been open since before, so that nothing that was deleted can be taken away.
/// That is what a forgotten session or a long report does to a queue.
final class LongRun {
  private static final double PART = 0.7;

  private LongRun() {}

  /// @param perSMax what the same workflow reached
  static void run(
      Installation installation,
      HookLoad load,
      HookedWorkflows.Hooked workflow,
      double perSMax,
      int seconds,
      Report report)
      throws SQLException, InterruptedException {
    double perS = PART * perSMax;
    report.step("%s/s for %d s beside an open snapshot".formatted(Report.number(perS, 0), seconds));
    try (Connection snapshot = installation.superuser();
        Connection superuser = installation.superuser()) {
      snapshot.setAutoCommit(false);
      snapshot.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      Sql.number(snapshot, "SELECT count(*) FROM maestro.execution_open");
      ExecutionRound round =
          ExecutionRound.run(
              installation,
              load,
              new ExecutionRound.Plan(workflow, new HookLoad.Pace.AtRate(perS), 0, seconds));
      long minuteUs = Math.min(60, seconds / 2) * 1_000_000L;
      long endUs = round.fromUs() + seconds * 1_000_000L;
      long first =
          ExecutionRound.endedBetween(
              superuser, workflow.id(), round.fromUs(), round.fromUs() + minuteUs);
      long last = ExecutionRound.endedBetween(superuser, workflow.id(), endUs - minuteUs, endUs);
      double firstPerS = first * 1e6 / minuteUs;
      double lastPerS = last * 1e6 / minuteUs;
      report
          .figure("decay_ratio", lastPerS / firstPerS)
          .figure("long_seconds", seconds)
          .figure("long_per_s_first", firstPerS)
          .figure("long_per_s_last", lastPerS)
          .figure("long_skipped", round.calls().skipped())
          .figure("long_answer_ms_p99", round.calls().micros().getValueAtPercentile(99) / 1e3)
          .figure(
              "long_open_mb",
              Sql.number(superuser, "SELECT pg_table_size('maestro.execution_open')") / 1e6);
      report.table(
          "%d s beside an open snapshot, %s calls a second: last minute to first %s (to reach: 0.9)"
              .formatted(seconds, Report.number(perS, 0), Report.number(lastPerS / firstPerS, 2)),
          List.of("executions that ended", "a second"),
          List.of(
              List.of("in the first minute", Report.number(firstPerS, 0)),
              List.of("in the last", Report.number(lastPerS, 0))));
      snapshot.rollback();
    }
  }
}
