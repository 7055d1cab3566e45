package io.claritystream.base.expression;

import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.IsoFields;
import java.time.temporal.TemporalAdjusters;
import org.jspecify.annotations.Nullable;

/// Writes a time by a [DatePicture].
final class DateText {

  static final DatePicture ISO =
      DatePicture.of("[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]");

  private DateText() {}

  static String format(double millis, DatePicture picture, @Nullable String zone) {
    OffsetDateTime time;
    try {
      time = Instant.ofEpochMilli((long) millis).atOffset(offset(zone));
    } catch (DateTimeException outOfRange) {
      throw Stop.value("D3110", "The time is out of range.");
    }
    if (Math.abs(millis) > 8.64e15) {
      throw Stop.value("D3110", "The time is out of range.");
    }
    StringBuilder text = new StringBuilder();
    for (DatePicture.Part part : picture.parts) {
      text.append(part.component() == 0 ? part.word() : component(part, time));
    }
    return text.toString();
  }

  /// `+0130` as the language writes it.
  private static ZoneOffset offset(@Nullable String zone) {
    if (zone == null || zone.isEmpty() || zone.equals("0000")) {
      return ZoneOffset.UTC;
    }
    try {
      int value = Integer.parseInt(zone);
      if (zone.length() <= 5) {
        return ZoneOffset.ofHoursMinutes(value / 100, value % 100);
      }
    } catch (NumberFormatException | DateTimeException wrong) {
      // Said below.
    }
    throw Stop.value("D3134", "A time zone is given as +0130 or -0500.");
  }

  private static String component(DatePicture.Part part, OffsetDateTime time) {
    return switch (part.component()) {
      case 'Y' -> number(part, year(part, time.getYear()));
      case 'X' -> number(part, year(part, time.get(IsoFields.WEEK_BASED_YEAR)));
      case 'M' -> named(part, time.getMonthValue());
      case 'x' -> named(part, thursday(time).getMonthValue());
      case 'D' -> number(part, time.getDayOfMonth());
      case 'd' -> number(part, time.getDayOfYear());
      case 'F' ->
          part.names() != null
              ? DateNames.written(DateNames.DAYS.get(time.getDayOfWeek().getValue() - 1), part)
              : number(part, time.getDayOfWeek().getValue());
      case 'W' -> number(part, time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
      case 'w' -> number(part, (thursday(time).getDayOfMonth() - 1) / 7 + 1);
      case 'H' -> number(part, time.getHour());
      case 'h' -> number(part, time.getHour() % 12 == 0 ? 12 : time.getHour() % 12);
      case 'P' -> DateNames.written(time.getHour() >= 12 ? "pm" : "am", part);
      case 'm' -> number(part, time.getMinute());
      case 's' -> number(part, time.getSecond());
      case 'f' -> number(part, time.getNano() / 1_000_000);
      case 'Z', 'z' -> zone(part, time.getOffset().getTotalSeconds() / 60);
      default -> "ISO";
    };
  }

  /// Weeks belong to the month and year that their Thursday lies in.
  private static OffsetDateTime thursday(OffsetDateTime time) {
    return time.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY)).plusDays(3);
  }

  private static long year(DatePicture.Part part, int year) {
    return part.yearDigits() > 0 ? year % (long) Math.pow(10, part.yearDigits()) : year;
  }

  private static String named(DatePicture.Part part, int month) {
    return part.names() != null
        ? DateNames.written(DateNames.MONTHS.get(month - 1), part)
        : number(part, month);
  }

  private static String number(DatePicture.Part part, long value) {
    return part.integer().format(BigInteger.valueOf(value), part.digitsMin());
  }

  private static String zone(DatePicture.Part part, int minutes) {
    if (minutes == 0 && part.zulu()) {
      return "Z";
    }
    IntegerPicture integer = part.integer();
    int hours = Math.abs(minutes) / 60;
    int rest = Math.abs(minutes) % 60;
    BigInteger both = BigInteger.valueOf(hours * 100L + rest);
    String text;
    if (integer.hasSeparators()) {
      text = integer.format(both);
    } else if (integer.mandatory <= 2) {
      text = integer.format(BigInteger.valueOf(hours)) + (rest == 0 ? "" : ":%02d".formatted(rest));
    } else if (integer.mandatory <= 4) {
      text = integer.format(both);
    } else {
      throw Stop.value("D3134", "A time zone has four digits at most; use [Z0101] or [Z01:01].");
    }
    return (part.component() == 'z' ? "GMT" : "") + (minutes < 0 ? "-" : "+") + text;
  }
}
