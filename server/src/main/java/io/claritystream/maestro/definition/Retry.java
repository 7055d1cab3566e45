package io.claritystream.maestro.definition;

import java.time.Duration;
import java.util.List;

/// How often and when a failed step is tried again.
///
/// @param count tries beyond the first
/// @param backoff before the second try
/// @param factor by which the wait grows with each try
/// @param jitter the share of a wait that chance decides, 0 to 1
/// @param on errors that are worth another try: `connect`, `timeout`, `http_429`, `http_5xx`
public record Retry(
    int count,
    Duration backoff,
    double factor,
    Duration backoffMax,
    double jitter,
    List<String> on) {

  public static final int COUNT_MAX = 20;
  public static final double FACTOR_MAX = 10;
  public static final Duration BACKOFF_MAX = Duration.ofHours(1);
  static final int ON_MAX = 32;
  static final String ON_PATTERN = "connect|timeout|http_[45]([0-9]{2}|xx)";

  /// One try and no other; the rest is what a step that names a count starts from.
  public static final Retry NONE =
      new Retry(
          0,
          Duration.ofSeconds(1),
          2,
          Duration.ofMinutes(1),
          0.2,
          List.of("connect", "timeout", "http_408", "http_429", "http_5xx"));

  public Retry {
    on = List.copyOf(on);
  }

  /// Whether a failure of this code is worth another try.
  ///
  /// @param code `connect`, `timeout`, `http_503`
  public boolean covers(String code) {
    return on.contains(code)
        || (code.length() == 8
            && code.startsWith("http_")
            && on.contains(code.substring(0, 6) + "xx"));
  }

  /// How long to wait before a try.
  ///
  /// @param failed tries so far, 1 at least
  /// @param chance from 0 to 1
  public Duration delay(int failed, double chance) {
    double wait =
        Math.min(backoff.toMillis() * Math.pow(factor, failed - 1), backoffMax.toMillis());
    return Duration.ofMillis(Math.round(wait * (1 - jitter / 2 + jitter * chance)));
  }
}
