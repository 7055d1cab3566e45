package io.claritystream.bench;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;

/// `./clarity bench NAME`: measures, prints what it found, and leaves nothing behind.
///
/// Exit codes: 1 if it could not be measured, 2 if it was asked in a way it does not understand.
public final class Bench {
  private static final double BUSY = 1;

  private Bench() {}

  public static void main(String[] arguments) {
    Options options;
    try {
      options = Options.parse(arguments);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage() + " (./clarity bench --help)");
      System.exit(2);
      return;
    }
    Path home = Path.of(System.getProperty("clarity.home", ".")).toAbsolutePath().normalize();
    Report report = new Report(options.name(), System.out);
    busy(report);
    Cleanup cleanup = new Cleanup();
    int exit = 0;
    try (cleanup) {
      measure(options, home, cleanup, report);
    } catch (InterruptedException e) {
      exit = 1;
    } catch (Exception e) {
      if (e instanceof BenchFailedException) {
        System.err.println(e.getMessage());
      } else {
        e.printStackTrace();
      }
      exit = 1;
    }
    if (exit == 0 && options.json()) {
      report.json();
    }
    System.exit(exit);
  }

  /// Whoever reads the figures later has to know whether the machine had other things to do.
  private static void busy(Report report) {
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    report.figure("load_average_before", load);
    if (load > BUSY) {
      report.step(
          "the machine is busy (load average %s): the figures will be too"
              .formatted(Report.number(load, 1)));
    }
  }

  private static void measure(Options options, Path home, Cleanup cleanup, Report report)
      throws Exception {
    try {
      switch (options.name()) {
        case "startup" -> new Startup(options, home, cleanup, report).run();
        case "freshness" -> new Freshness(options, home, cleanup, report).run();
        case "ingest" -> new Ingest(options, home, cleanup, report).run();
        case "cdc" -> new Cdc(options, home, cleanup, report).run();
        case "read" -> new Read(options, home, cleanup, report).run();
        case "maestro" -> new Maestro(options, home, cleanup, report).run();
        case "chaos" -> new ChaosRounds(options, home, cleanup, report).run();
        case "maestro-chaos" -> new MaestroChaosRounds(options, home, cleanup, report).run();
        default -> throw new IllegalStateException(options.name());
      }
    } catch (Exception e) {
      cleanup.explain(System.err);
      throw e;
    }
  }
}
