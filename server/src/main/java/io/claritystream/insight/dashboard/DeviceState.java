package io.claritystream.insight.dashboard;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// How a device reports, by the age of its last reading.
enum DeviceState {
  REPORTING,
  LATE,
  SILENT,
  NEVER;

  static final Duration INTERVAL_MIN = Duration.ofMinutes(1);
  private static final int REPORTING_INTERVALS = 2;
  private static final int LATE_INTERVALS = 10;

  static DeviceState of(@Nullable Instant lastAt, Duration interval, Instant now) {
    if (lastAt == null) {
      return NEVER;
    }
    var age = Duration.between(lastAt, now);
    if (age.compareTo(interval.multipliedBy(REPORTING_INTERVALS)) <= 0) {
      return REPORTING;
    }
    return age.compareTo(interval.multipliedBy(LATE_INTERVALS)) <= 0 ? LATE : SILENT;
  }
}
