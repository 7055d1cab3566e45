package io.claritystream.bench;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/// What a measurement was asked for.
///
/// @param json whether the last line is to be one flat object
/// @param given the options that have a number, by name
/// @param flags the options that have none, those that were given
record Options(String name, boolean json, Map<String, Integer> given, Set<String> flags) {

  private static final Map<String, Map<String, Integer>> DEFAULTS =
      Map.of(
          "startup",
          Map.of("settle", 15),
          "freshness",
          Map.of("rate", 1_000, "warmup", 15, "seconds", 30, "ingest-rate", 5_000),
          "ingest",
          Map.of("warmup", 15, "seconds", 30, "sources", 4, "devices", 1_000),
          "cdc",
          Map.of("rows", 1_000_000, "seconds", 30, "updates", 50, "deletes", 500),
          "read",
          Map.of("rows", 10_000_000, "warmup", 20, "seconds", 60, "users", 50),
          "maestro",
          Map.of("seconds", 60, "warmup", 60, "long-seconds", 600, "rows", 10_000_000),
          // No seed: one is chosen, and said.
          "chaos",
          Map.of("rounds", 10, "seed", 0, "kills", 8, "seconds", 20),
          "maestro-chaos",
          Map.of("rounds", 10, "seed", 0, "kills", 4, "seconds", 12));
  private static final Map<String, Set<String>> FLAGS =
      Map.of(
          "ingest",
          Set.of("curve", "profile"),
          "cdc",
          Set.of("peer"),
          "maestro",
          Set.of("profile", "long"));
  private static final int MAX = 100_000_000;

  /// @throws IllegalArgumentException saying what is wrong with them
  static Options parse(String... arguments) {
    if (arguments.length == 0 || !DEFAULTS.containsKey(arguments[0])) {
      throw new IllegalArgumentException(
          "bench needs a name: startup, freshness, ingest, cdc, read, maestro, chaos or"
              + " maestro-chaos");
    }
    String name = arguments[0];
    Map<String, Integer> given = new LinkedHashMap<>(DEFAULTS.getOrDefault(name, Map.of()));
    Set<String> flags = new LinkedHashSet<>();
    boolean json = false;
    for (int i = 1; i < arguments.length; i++) {
      String option = arguments[i];
      String word = option.startsWith("--") ? option.substring(2) : "";
      if (option.equals("--json")) {
        json = true;
      } else if (FLAGS.getOrDefault(name, Set.of()).contains(word)) {
        flags.add(word);
      } else if (given.containsKey(word)) {
        if (++i == arguments.length) {
          throw new IllegalArgumentException(option + " needs a number");
        }
        given.put(word, number(option, arguments[i]));
      } else {
        throw new IllegalArgumentException("bench " + name + " does not know " + option);
      }
    }
    return new Options(name, json, Map.copyOf(given), Set.copyOf(flags));
  }

  int number(String option) {
    Integer value = given.get(option);
    if (value == null) {
      throw new IllegalStateException("bench " + name + " has no option " + option);
    }
    return value;
  }

  boolean flag(String option) {
    return flags.contains(option);
  }

  private static int number(String option, String text) {
    if (!text.matches("\\d{1,9}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > MAX) {
      throw new IllegalArgumentException(option + " needs a number from 1 to " + MAX);
    }
    return Integer.parseInt(text);
  }
}
