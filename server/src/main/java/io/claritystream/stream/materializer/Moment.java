package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Row;

/// Reads moments from text as PostgreSQL writes them with DateStyle ISO, and from ISO 8601:
/// microseconds since 1970 in UTC. A text without a zone is taken as UTC.
final class Moment {
  /// What is not a moment between the years 1 and 9999.
  static final long NONE = Long.MIN_VALUE;

  private static final long DAY_US = 86_400_000_000L;

  private Moment() {}

  /// The moment in a cell; [#NONE] if it holds none.
  ///
  /// @param isEpoch whether it is a number since 1970
  static long ofCell(Row row, int column, boolean isEpoch, Decimal decimal) {
    var length = row.length(column);
    if (length <= 0) {
      return NONE;
    }
    if (!isEpoch) {
      return ofText(row.bytes(), row.offset(column), length);
    }
    return decimal.read(row.bytes(), row.offset(column), length) == Decimal.Read.FINITE
        ? ofEpoch(decimal)
        : NONE;
  }

  static long ofText(byte[] bytes, int offset, int length) {
    var at = offset;
    var end = offset + length;
    if (length < 10 || bytes[at + 4] != '-' || bytes[at + 7] != '-') {
      return NONE;
    }
    var year = number(bytes, at, 4);
    var month = number(bytes, at + 5, 2);
    var day = number(bytes, at + 8, 2);
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) {
      return NONE;
    }
    var us = days(year, month, day) * DAY_US;
    at += 10;
    if (at == end) {
      return us;
    }
    if (bytes[at] != ' ' && bytes[at] != 'T' && bytes[at] != 't' || end - at < 6) {
      return NONE;
    }
    var hour = number(bytes, at + 1, 2);
    var minute = bytes[at + 3] == ':' ? number(bytes, at + 4, 2) : -1;
    if (hour < 0 || hour > 24 || minute < 0 || minute > 59) {
      return NONE;
    }
    at += 6;
    var second = 0;
    var fraction = 0;
    if (at < end && bytes[at] == ':') {
      second = end - at >= 3 ? number(bytes, at + 1, 2) : -1;
      if (second < 0 || second > 60) {
        return NONE;
      }
      at += 3;
      if (at < end && (bytes[at] == '.' || bytes[at] == ',')) {
        at++;
        var digits = 0;
        for (; at < end && bytes[at] >= '0' && bytes[at] <= '9'; at++) {
          if (digits < 6) {
            fraction = fraction * 10 + (bytes[at] - '0');
            digits++;
          }
        }
        for (; digits < 6; digits++) {
          fraction *= 10;
        }
      }
    }
    us += ((hour * 60L + minute) * 60 + second) * 1_000_000L + fraction;
    return at == end ? us : zoned(us, bytes, at, end);
  }

  private static long zoned(long us, byte[] bytes, int from, int end) {
    var at = from;
    while (at < end && bytes[at] == ' ') {
      at++;
    }
    if (end - at == 1 && (bytes[at] == 'Z' || bytes[at] == 'z')) {
      return us;
    }
    // What is left may be "+02", "+0530", "+05:30", "+00:19:32"; " BC" is out of our range.
    if (end - at < 3 || bytes[at] != '+' && bytes[at] != '-') {
      return NONE;
    }
    var sign = bytes[at] == '-' ? 1 : -1;
    var seconds = 0L;
    var unit = 3600;
    at++;
    while (at < end && unit > 0) {
      if (bytes[at] == ':') {
        at++;
      }
      var part = end - at >= 2 ? number(bytes, at, 2) : -1;
      if (part < 0) {
        return NONE;
      }
      seconds += (long) part * unit;
      unit /= 60;
      at += 2;
    }
    return at == end ? us + sign * seconds * 1_000_000L : NONE;
  }

  /// A count since 1970 in seconds, milli-, micro- or nanoseconds, told by its size: until the
  /// year 5138 seconds have at most 11 digits.
  static long ofEpoch(Decimal number) {
    if (number.big != null) {
      return NONE;
    }
    var unscaled = number.unscaled;
    var whole = unscaled / Decimal.POWERS[number.scale];
    var size = Math.abs(whole);
    if (size < 100_000_000_000L) {
      // Seconds, perhaps with a fraction.
      var rest = unscaled % Decimal.POWERS[number.scale];
      var micros =
          number.scale <= 6
              ? rest * Decimal.POWERS[6 - number.scale]
              : rest / Decimal.POWERS[number.scale - 6];
      return whole * 1_000_000L + micros;
    }
    if (size < 100_000_000_000_000L) {
      return whole * 1_000L;
    }
    return size < 100_000_000_000_000_000L ? whole : whole / 1_000L;
  }

  private static int number(byte[] bytes, int offset, int digits) {
    var number = 0;
    for (var i = offset; i < offset + digits; i++) {
      var digit = bytes[i] - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      number = number * 10 + digit;
    }
    return number;
  }

  private static int daysIn(int year, int month) {
    return switch (month) {
      case 2 -> (year & 3) == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
      case 4, 6, 9, 11 -> 30;
      default -> 31;
    };
  }

  /// Days since 1970 in the proleptic Gregorian calendar.
  private static long days(int year, int month, int day) {
    var y = month <= 2 ? year - 1 : year;
    var era = y / 400;
    var yearOfEra = y - era * 400;
    var dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    var dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
    return era * 146_097L + dayOfEra - 719_468;
  }
}
