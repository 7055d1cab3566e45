package io.claritystream.maestro.engine;

import java.time.Clock;
import java.util.List;

/// Ends claimed executions that cannot be run here or anywhere, without a run of them.
final class Unrunnable {
  private final Journal journal;
  private final Clock clock;
  private final Runnable adrift;

  /// @param adrift told if one could not be ended: it may be held by this node still, and nobody
  ///     here works on it
  Unrunnable(Journal journal, Clock clock, Runnable adrift) {
    this.journal = journal;
    this.clock = clock;
    this.adrift = adrift;
  }

  /// Fails one; nobody waits for it.
  ///
  /// @param lines its journal
  void fail(int node, Claims.Claimed one, List<LogLine> lines, String outcome, String message) {
    Thread.ofVirtual()
        .name("execution-end")
        .start(
            () -> {
              var end = end(one, lines, outcome, message);
              if (!(journal.write(end, node) instanceof JournalEntry.Outcome.Committed)) {
                adrift.run();
              }
            });
  }

  private JournalEntry.End end(
      Claims.Claimed one, List<LogLine> lines, String outcome, String message) {
    var now = clock.instant();
    var stepsDone =
        lines.stream()
            .filter(
                line ->
                    line.kind() == LogLine.Kind.SUCCEEDED || line.kind() == LogLine.Kind.HANDLED)
            .count();
    var told =
        new LogLine(
            lines.isEmpty() ? 0 : lines.getLast().logId() + 1,
            now,
            LogLine.Level.ERROR,
            LogLine.Kind.NOTE,
            null,
            0,
            message,
            0,
            null,
            null,
            null);
    return new JournalEntry.End(
        one.intake().ref(),
        one.leaseEpoch(),
        List.of(told),
        ExecutionStatus.FAILED,
        now,
        outcome,
        null,
        message,
        (int) stepsDone,
        one.workerUs());
  }
}
