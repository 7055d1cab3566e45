package io.claritystream.embedded.demo;

import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What the simulator is told on its command line.
///
/// @param history how far back a new database begins
/// @param keep how long readings are kept
record PlantArguments(
    String jdbc, String user, Path passwordFile, long seed, Duration history, Duration keep) {
  static final String USAGE =
      """
      usage: Plant --jdbc URL --user NAME --password-file FILE --seed N
                   [--history 24h] [--keep 168h]
      """;

  private static final Pattern SPAN = Pattern.compile("(\\d{1,5})([hm])");
  private static final Duration HISTORY_MAX = Duration.ofHours(24);

  PlantArguments {
    if (history.compareTo(HISTORY_MAX) > 0) {
      throw new IllegalArgumentException("--history is at most 24h");
    }
    if (keep.compareTo(Duration.ofHours(1)) < 0) {
      throw new IllegalArgumentException("--keep is at least 1h");
    }
  }

  /// @throws IllegalArgumentException saying what is wrong with them
  static PlantArguments parse(String... arguments) {
    String jdbc = null;
    String user = null;
    String passwordFile = null;
    String seed = null;
    String history = "24h";
    String keep = "168h";
    for (int i = 0; i < arguments.length; i += 2) {
      if (i + 1 == arguments.length) {
        throw new IllegalArgumentException(arguments[i] + " needs a value");
      }
      String value = arguments[i + 1];
      switch (arguments[i]) {
        case "--jdbc" -> jdbc = value;
        case "--user" -> user = value;
        case "--password-file" -> passwordFile = value;
        case "--seed" -> seed = value;
        case "--history" -> history = value;
        case "--keep" -> keep = value;
        default -> throw new IllegalArgumentException("unknown option " + arguments[i]);
      }
    }
    return new PlantArguments(
        given("--jdbc", jdbc),
        given("--user", user),
        Path.of(given("--password-file", passwordFile)),
        number(given("--seed", seed)),
        span("--history", history),
        span("--keep", keep));
  }

  private static String given(String option, @Nullable String value) {
    if (value == null || value.isBlank()) {
      throw new IllegalArgumentException(option + " is missing");
    }
    return value;
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("--seed is a whole number, not " + text, e);
    }
  }

  private static Duration span(String option, String text) {
    Matcher span = SPAN.matcher(text);
    if (!span.matches()) {
      throw new IllegalArgumentException(option + " is given as 24h or 90m, not " + text);
    }
    long amount = Long.parseLong(span.group(1));
    return span.group(2).equals("h") ? Duration.ofHours(amount) : Duration.ofMinutes(amount);
  }
}
