package io.claritystream.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// What processes use, as `/proc` tells: a program is its process with all its descendants.
final class Processes {
  private static final Path PROC = Path.of("/proc");

  /// The kernel's unit of CPU time as user space sees it, on every Linux that we run on.
  private static final double TICKS_A_SECOND = 100;

  private Processes() {}

  /// @param processes how many there are
  /// @param cpuS CPU time since they began, in seconds; of children that ended as well
  /// @param rssKb what is resident, pages shared by several processes counted for each
  /// @param ownKb what is resident, shared pages divided among those that share them
  record Use(int processes, double cpuS, long rssKb, long ownKb) {
    Use plus(Use other) {
      return new Use(
          processes + other.processes, cpuS + other.cpuS, rssKb + other.rssKb, ownKb + other.ownKb);
    }

    /// What was used since an earlier look; memory is that of now.
    Use since(Use earlier) {
      return new Use(processes, Math.max(0, cpuS - earlier.cpuS), rssKb, ownKb);
    }
  }

  private record Stat(long pid, long parent, double cpuS) {}

  /// The use of each program, by its name. A process that is itself a program counts for that one
  /// only, though another program may have started it.
  static Map<String, Use> of(Map<String, Long> programs) {
    Map<Long, Stat> all = new HashMap<>();
    Map<Long, List<Long>> children = new HashMap<>();
    for (Stat stat : stats()) {
      all.put(stat.pid(), stat);
      children.computeIfAbsent(stat.parent(), _ -> new ArrayList<>()).add(stat.pid());
    }
    Map<String, Use> uses = new LinkedHashMap<>();
    programs.forEach(
        (name, pid) -> {
          Use sum = new Use(0, 0, 0, 0);
          List<Long> open = new ArrayList<>(List.of(pid));
          while (!open.isEmpty()) {
            Long next = open.removeLast();
            Stat stat = all.get(next);
            if (stat == null || !next.equals(pid) && programs.containsValue(next)) {
              continue;
            }
            sum = sum.plus(use(stat));
            open.addAll(children.getOrDefault(next, List.of()));
          }
          uses.put(name, sum);
        });
    return uses;
  }

  private static List<Stat> stats() {
    List<Stat> stats = new ArrayList<>();
    try (Stream<Path> entries = Files.list(PROC)) {
      for (Path entry : entries.toList()) {
        String name = entry.getFileName().toString();
        if (!name.isEmpty() && Character.isDigit(name.charAt(0))) {
          try {
            stats.add(stat(Files.readString(entry.resolve("stat"))));
          } catch (IOException e) {
            // It has ended since it was listed.
            continue;
          }
        }
      }
    } catch (IOException e) {
      throw new BenchFailedException("/proc cannot be read: " + e.getMessage(), e);
    }
    return stats;
  }

  /// A line of `/proc/PID/stat`: the name in parentheses may hold anything, so it is read from
  /// behind.
  static String[] fieldsBehindName(String line) {
    return line.substring(line.lastIndexOf(')') + 2).split(" ");
  }

  private static Stat stat(String line) {
    String[] fields = fieldsBehindName(line);
    long pid = Long.parseLong(line.substring(0, line.indexOf(' ')));
    long ticks = 0;
    // utime, stime, and those of children that were waited for.
    for (int i = 11; i <= 14; i++) {
      ticks += Long.parseLong(fields[i]);
    }
    return new Stat(pid, Long.parseLong(fields[1]), ticks / TICKS_A_SECOND);
  }

  private static Use use(Stat stat) {
    Path process = PROC.resolve(Long.toString(stat.pid()));
    try {
      long rss = kilobytes(process.resolve("status"), "VmRSS:");
      return new Use(1, stat.cpuS(), rss, own(process, rss));
    } catch (IOException e) {
      return new Use(0, stat.cpuS(), 0, 0);
    }
  }

  private static long own(Path process, long otherwise) {
    try {
      return kilobytes(process.resolve("smaps_rollup"), "Pss:");
    } catch (IOException e) {
      // Another user's process; all of it is counted then.
      return otherwise;
    }
  }

  private static long kilobytes(Path file, String label) throws IOException {
    for (String line : Files.readAllLines(file)) {
      if (line.startsWith(label)) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return 0;
  }
}
