package io.claritystream.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.HdrHistogram.Histogram;

/// One run of a workflow under load: what ended in the time, and what it cost. Everything that was
/// accepted is there at last and has succeeded, with each step in its journal, or it is no
/// measurement.
///
/// @param calls of the whole run, the warm-up's among them
/// @param ended executions that ended with success between the two looks, as the database says
/// @param uses of each program between the two looks
/// @param fromUs when the time began to count
/// @param first an id below all of this run's
record ExecutionRound(
    HookLoad.Calls calls,
    double seconds,
    long ended,
    Map<String, Processes.Use> uses,
    long fromUs,
    UUID first) {

  /// How a round is run.
  ///
  /// @param warmupS before the time counts
  /// @param seconds that count
  record Plan(
      HookedWorkflows.Hooked workflow, HookLoad.Pace pace, double warmupS, double seconds) {}

  static ExecutionRound run(Installation installation, HookLoad load, Plan plan)
      throws SQLException, InterruptedException {
    Map<String, Long> programs = new LinkedHashMap<>(installation.pids());
    programs.put("load generator", ProcessHandle.current().pid());
    UUID first = lowestId(Clocks.nowUs());
    Looks looks = new Looks(programs, plan);
    Thread thread = Thread.ofPlatform().name("looks-at-processes").daemon().start(looks);
    HookLoad.Calls calls = load.call(plan.workflow.path(), plan.pace, plan.warmupS + plan.seconds);
    thread.join();
    try (Connection superuser = installation.superuser()) {
      OpenExecutions.awaitNone(superuser);
      verify(superuser, plan.workflow, first, calls.accepted());
      return new ExecutionRound(
          calls,
          (looks.toUs - looks.fromUs) / 1e6,
          endedBetween(superuser, plan.workflow.id(), looks.fromUs, looks.toUs),
          looks.uses(),
          looks.fromUs,
          first);
    }
  }

  double perS() {
    return ended / seconds;
  }

  double cpuUs(String program) {
    Processes.Use use = uses.get(program);
    return use == null ? 0 : use.cpuS() * 1e6 / Math.max(1, ended);
  }

  double cpuUs() {
    return uses.keySet().stream().mapToDouble(this::cpuUs).sum();
  }

  /// Ids begin with the millisecond in which they were made.
  private static UUID lowestId(long us) {
    return new UUID(us / 1_000 << 16, 0);
  }

  /// A rate says little of an engine that loses or repeats.
  private static void verify(
      Connection superuser, HookedWorkflows.Hooked workflow, UUID first, long accepted)
      throws SQLException {
    try (PreparedStatement statement =
        superuser.prepareStatement(
            """
            SELECT count(*), count(*) FILTER (WHERE status = 'success' AND steps_done = ?),
              (SELECT count(*) FROM maestro.execution_log WHERE execution_id >= ?)
            FROM maestro.execution_ended WHERE execution_id >= ? AND workflow_id = ?
            """)) {
      statement.setInt(1, workflow.steps());
      statement.setObject(2, first);
      statement.setObject(3, first);
      statement.setObject(4, workflow.id());
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        long ended = row.getLong(1);
        long succeeded = row.getLong(2);
        long lines = row.getLong(3);
        if (ended != accepted
            || succeeded != accepted
            || lines != accepted * (1 + workflow.steps())) {
          throw new BenchFailedException(
              "%d executions were accepted, %d have ended, %d with success; their journals have %d lines"
                  .formatted(accepted, ended, succeeded, lines));
        }
      }
    }
  }

  static long endedBetween(Connection superuser, UUID workflow, long fromUs, long toUs)
      throws SQLException {
    try (PreparedStatement statement =
        superuser.prepareStatement(
            """
            SELECT count(*) FROM maestro.execution_ended
            WHERE workflow_id = ? AND status = 'success'
              AND finished_at >= timestamptz 'epoch' + ? * interval '1 microsecond'
              AND finished_at < timestamptz 'epoch' + ? * interval '1 microsecond'
            """)) {
      statement.setObject(1, workflow);
      statement.setLong(2, fromUs);
      statement.setLong(3, toUs);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  /// From when a call was due until its first step began, by the machine's one clock: the caller
  /// wrote the one into the body, and the journal has the other, as the time at which the step had
  /// succeeded less what it took.
  Histogram starts(Connection superuser, UUID workflow) throws SQLException {
    Histogram micros = Report.micros();
    try (PreparedStatement statement =
        superuser.prepareStatement(
            """
            SELECT extract(epoch FROM s."timestamp") * 1000000 - s.duration_us - due_us
            FROM maestro.execution_ended e
            JOIN maestro.execution_log t ON t.execution_id = e.execution_id AND t.log_id = 0
            JOIN maestro.execution_log s ON s.execution_id = e.execution_id AND s.log_id = 1
            CROSS JOIN LATERAL (SELECT (t.recorded::jsonb #>> '{body,due_us}')::bigint AS due_us) AS call
            WHERE e.execution_id >= ? AND e.workflow_id = ? AND due_us >= ?
            """)) {
      statement.setObject(1, first);
      statement.setObject(2, workflow);
      statement.setLong(3, fromUs);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          Report.record(micros, (long) row.getDouble(1));
        }
      }
    }
    return micros;
  }

  /// Looks at the clock and at what the programs have used, when the time begins to count and when
  /// it ends.
  private static final class Looks implements Runnable {
    private final Map<String, Long> programs;
    private final long beginUs;
    private final long endUs;
    private volatile Map<String, Processes.Use> before = Map.of();
    private volatile Map<String, Processes.Use> after = Map.of();
    private volatile long fromUs;
    private volatile long toUs;

    private Looks(Map<String, Long> programs, Plan plan) {
      this.programs = programs;
      beginUs = Clocks.nowUs() + (long) (plan.warmupS * 1e6);
      endUs = beginUs + (long) (plan.seconds * 1e6);
    }

    @Override
    public void run() {
      try {
        Clocks.sleepUntilUs(beginUs);
        before = Processes.of(programs);
        fromUs = Clocks.nowUs();
        Clocks.sleepUntilUs(endUs);
        toUs = Clocks.nowUs();
        after = Processes.of(programs);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private Map<String, Processes.Use> uses() {
      Map<String, Processes.Use> uses = new LinkedHashMap<>();
      after.forEach(
          (name, use) ->
              uses.put(name, use.since(before.getOrDefault(name, new Processes.Use(0, 0, 0, 0)))));
      return uses;
    }
  }
}
