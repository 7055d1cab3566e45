package io.claritystream.base.http;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/// A time as clients send it: RFC 3339, of the years 1 to 9999, whatever else Java and PostgreSQL
/// could tell apart.
public final class ApiTime {
  private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant BEYOND_LAST = Instant.parse("+10000-01-01T00:00:00Z");

  /// Empty if it is none.
  public static Optional<Instant> parse(String text) {
    try {
      Instant time = OffsetDateTime.parse(text).toInstant();
      return time.isBefore(FIRST) || !time.isBefore(BEYOND_LAST)
          ? Optional.empty()
          : Optional.of(time);
    } catch (DateTimeParseException notATime) {
      return Optional.empty();
    }
  }

  private ApiTime() {}
}
