package io.claritystream.insight.dashboard;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// How a device reports: by the age of its last reading, where its source is being read. A snapshot
/// brings readings of former times, so nothing is late by them; from a removed source nothing is
/// expected any more.
enum DeviceState {
  REPORTING,
  LATE,
  SILENT,
  NEVER,
  /// Its source's snapshot is being taken in, and no reading of now has come so far.
  LOADING,
  /// Its source was removed.
  REMOVED;

  private static final Duration INTERVAL_MIN = Duration.ofMinutes(1);
  private static final int REPORTING_INTERVALS = 2;
  private static final int LATE_INTERVALS = 10;

  /// What is read more often than each minute, or of which nobody knows how often, is expected each
  /// minute.
  static Duration interval(int medianS) {
    var median = Duration.ofSeconds(medianS);
    return median.compareTo(INTERVAL_MIN) < 0 ? INTERVAL_MIN : median;
  }

  /// @param source the state of the device's source, as its own page has it
  static DeviceState of(String source, @Nullable Instant lastAt, Duration interval, Instant now) {
    if (source.equals("removed")) {
      return REMOVED;
    }
    var byAge = of(lastAt, interval, now);
    return source.equals("snapshotting") && byAge != REPORTING ? LOADING : byAge;
  }

  private static DeviceState of(@Nullable Instant lastAt, Duration interval, Instant now) {
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
