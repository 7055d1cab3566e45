package io.claritystream.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/// What a measurement was asked for.
///
/// @param json whether the last line is to be one flat object
/// @param given the other options, by name
record Options(String name, boolean json, Map<String, Integer> given) {

  private static final Map<String, Map<String, Integer>> DEFAULTS =
      Map.of(
          "startup", Map.of("settle", 15),
          "freshness", Map.of("rate", 1_000, "warmup", 15, "seconds", 30, "ingest-rate", 5_000),
          "ingest", Map.of("warmup", 15, "seconds", 30, "sources", 4, "devices", 1_000));
  private static final int MAX = 1_000_000;

  /// @throws IllegalArgumentException saying what is wrong with them
  static Options parse(String... arguments) {
    if (arguments.length == 0 || !DEFAULTS.containsKey(arguments[0])) {
      throw new IllegalArgumentException("bench needs a name: startup, freshness or ingest");
    }
    String name = arguments[0];
    Map<String, Integer> given = new LinkedHashMap<>(DEFAULTS.getOrDefault(name, Map.of()));
    boolean json = false;
    for (int i = 1; i < arguments.length; i++) {
      String option = arguments[i];
      if (option.equals("--json")) {
        json = true;
      } else if (option.startsWith("--") && given.containsKey(option.substring(2))) {
        if (++i == arguments.length) {
          throw new IllegalArgumentException(option + " needs a number");
        }
        given.put(option.substring(2), number(option, arguments[i]));
      } else {
        throw new IllegalArgumentException("bench " + name + " does not know " + option);
      }
    }
    return new Options(name, json, Map.copyOf(given));
  }

  int number(String option) {
    Integer value = given.get(option);
    if (value == null) {
      throw new IllegalStateException("bench " + name + " has no option " + option);
    }
    return value;
  }

  private static int number(String option, String text) {
    if (!text.matches("\\d{1,7}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > MAX) {
      throw new IllegalArgumentException(option + " needs a number from 1 to " + MAX);
    }
    return Integer.parseInt(text);
  }
}
