package io.claritystream.bench;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// How long a backlog took from the moment its log was read until all of it was where it belongs,
/// and what each program used for it.
///
/// @param fromCommandS from when the reader was told to begin; its own start is in it
record Drain(long rows, double seconds, double fromCommandS, Map<String, Processes.Use> uses) {
  private static final long BEGIN_PATIENCE_S = 120;
  private static final long END_PATIENCE_S = 3_600;
  private static final long POLL_MS = 10;

  /// A look at a database.
  interface Look {
    boolean yes() throws SQLException;
  }

  /// @param begun whether the backlog is being read
  /// @param done whether all of it is there
  /// @param programs the processes by name
  static Drain watch(long rows, Runnable begin, Look begun, Look done, Programs programs)
      throws SQLException, InterruptedException {
    long commandNs = System.nanoTime();
    begin.run();
    await(begun, BEGIN_PATIENCE_S, "nobody began to read the backlog");
    long fromNs = System.nanoTime();
    Map<String, Long> pids = programs.pids();
    Map<String, Processes.Use> before = Processes.of(pids);
    await(done, END_PATIENCE_S, "the backlog did not arrive");
    long toNs = System.nanoTime();
    Map<String, Processes.Use> uses = new LinkedHashMap<>();
    Processes.of(pids)
        .forEach(
            (name, use) ->
                uses.put(
                    name, use.since(before.getOrDefault(name, new Processes.Use(0, 0, 0, 0)))));
    return new Drain(rows, (toNs - fromNs) / 1e9, (toNs - commandNs) / 1e9, uses);
  }

  /// The processes as they are when asked.
  interface Programs {
    Map<String, Long> pids();
  }

  private static void await(Look look, long patienceS, String otherwise)
      throws SQLException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(patienceS);
    while (!look.yes()) {
      if (System.nanoTime() > deadline) {
        throw new BenchFailedException(otherwise + " in " + patienceS + " s");
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MS);
    }
  }

  double rowsPerS() {
    return rows / seconds;
  }

  double cpuS() {
    return uses.values().stream().mapToDouble(Processes.Use::cpuS).sum();
  }

  /// @param prefix begins each of its figures
  void print(Report report, String prefix, String title) {
    report
        .figure(prefix + "rows", rows)
        .figure(prefix + "rows_per_s", rowsPerS())
        .figure(prefix + "rows_per_s_from_command", rows / fromCommandS)
        .figure(prefix + "cpu_s_per_100k", cpuS() * 100_000 / rows);
    List<List<String>> table = new ArrayList<>();
    double sum = 0;
    for (Map.Entry<String, Processes.Use> program : uses.entrySet()) {
      Processes.Use use = program.getValue();
      sum += use.cpuS();
      String key = prefix + "cpu_s_per_100k_" + program.getKey();
      report.figure(key, use.cpuS() * 100_000 / rows);
      report.figure(prefix + "rss_mb_" + program.getKey(), Report.megabytes(use.rssKb()));
      table.add(row(program.getKey(), use.cpuS(), sum, Report.megabytes(use.rssKb())));
    }
    table.add(row("all", sum, sum, Double.NaN));
    report.table(
        "%s: %s changes in %s s: %s/s (%s/s from the command)"
            .formatted(
                title,
                Report.number(rows, 0),
                Report.number(seconds, 1),
                Report.number(rowsPerS(), 0),
                Report.number(rows / fromCommandS, 0)),
        List.of(
            "hop",
            "CPU s",
            "CPU s per 100,000",
            "µs a row",
            "µs so far",
            "cores while it ran",
            "RSS MB"),
        table);
    int cores = Runtime.getRuntime().availableProcessors();
    report.note(
        "%s µs a row in all hops: %d cores could carry %s rows/s; they were %s %% busy with it"
            .formatted(
                Report.number(sum * 1e6 / rows, 1),
                cores,
                Report.number(cores * rows / Math.max(sum, 1e-9), 0),
                Report.number(100 * sum / (seconds * cores), 0)));
  }

  private List<String> row(String name, double cpuS, double sumS, double megabytes) {
    return List.of(
        name,
        Report.number(cpuS, 1),
        Report.number(cpuS * 100_000 / rows, 2),
        Report.number(cpuS * 1e6 / rows, 1),
        Report.number(sumS * 1e6 / rows, 1),
        Report.number(cpuS / seconds, 2),
        Double.isNaN(megabytes) ? "" : Report.number(megabytes, 0));
  }
}
