package io.claritystream.base.expression;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads a time by a [DatePicture]: what a text may look like becomes one regular expression, with
/// a group for each mark.
final class DateReader {

  private static final Pattern ISO =
      Pattern.compile(
          "([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\\.([0-9]{1,9}))?)?"
              + "(Z|[+-][0-9]{2}:?[0-9]{2})?)?)?)?");
  private static final int TEXT_MAX = 512;

  private final DatePicture picture;
  private final Pattern pattern;

  DateReader(DatePicture picture) {
    this.picture = picture;
    StringBuilder regex = new StringBuilder();
    for (DatePicture.Part part : picture.parts) {
      regex.append(part.component() == 0 ? Pattern.quote(part.word()) : "(" + regex(part) + ")");
    }
    this.pattern = Pattern.compile(regex.toString(), Pattern.CASE_INSENSITIVE);
  }

  static Object iso(String text) {
    Matcher matcher = ISO.matcher(text.length() <= TEXT_MAX ? text : "");
    if (!matcher.matches()) {
      throw notATime(text);
    }
    try {
      LocalDateTime time =
          LocalDateTime.of(
              Integer.parseInt(matcher.group(1)),
              number(matcher, 2, 1),
              number(matcher, 3, 1),
              number(matcher, 4, 0),
              number(matcher, 5, 0),
              number(matcher, 6, 0),
              (int) fraction(matcher.group(7), 9));
      String zone = matcher.group(8);
      ZoneOffset offset = zone == null || zone.equals("Z") ? ZoneOffset.UTC : ZoneOffset.of(zone);
      return time.toInstant(offset).toEpochMilli();
    } catch (DateTimeException wrong) {
      throw notATime(text);
    }
  }

  private static Stop notATime(String text) {
    return Stop.value(
        "D3110",
        "$toMillis reads times such as 2026-01-31T12:00:00Z, and was given \""
            + Lexer.clip(text)
            + "\"; for others give it a picture.");
  }

  private static int number(Matcher matcher, int group, int otherwise) {
    String text = matcher.group(group);
    return text == null ? otherwise : Integer.parseInt(text);
  }

  /// The digits behind a point, as a number of so many digits.
  private static long fraction(@Nullable String digits, int wanted) {
    if (digits == null) {
      return 0;
    }
    String padded = digits + "0".repeat(wanted);
    return Long.parseLong(padded.substring(0, wanted));
  }

  private static String regex(DatePicture.Part part) {
    if (part.component() == 'Z' || part.component() == 'z') {
      return (part.component() == 'z' ? "GMT" : "") + "(?:Z|[-+][0-9]+(?::[0-9]+)?)";
    }
    IntegerPicture integer = part.integer();
    if (integer == null) {
      return "[a-z]+";
    }
    if (part.component() == 'f' && integer.style != IntegerPicture.Style.DIGITS) {
      throw Stop.value("D3133", "Parts of a second are read in digits; use [f001].");
    }
    return switch (integer.style) {
      case LETTERS -> "[a-z]+";
      case ROMAN -> "[mdclxvi]+";
      case WORDS -> "[a-z]+(?:[-, ]+[a-z]+)*?";
      case DIGITS -> digits(part, integer);
    };
  }

  private static String digits(DatePicture.Part part, IntegerPicture integer) {
    StringBuilder one = new StringBuilder("[").append(integer.zero).append('-');
    one.append((char) (integer.zero + 9));
    for (char separator : integer.separators()) {
      one.append("\\x{").append(Integer.toHexString(separator)).append('}');
    }
    one.append(']');
    one.append(part.exactDigits() > 0 ? "{" + part.exactDigits() + "}" : "+");
    return one + (integer.ordinal ? "(?:th|st|nd|rd)" : "");
  }

  /// Nothing where the text does not look like the picture.
  @Nullable Object read(String text, Instant now, Run run) {
    if (text.length() > TEXT_MAX) {
      return null;
    }
    run.steps(text.length() * 16L);
    Matcher matcher = pattern.matcher(text);
    if (!matcher.matches()) {
      return null;
    }
    Map<Character, Long> found = new HashMap<>();
    int group = 0;
    for (DatePicture.Part part : picture.parts) {
      if (part.component() != 0) {
        Long value = value(part, matcher.group(++group));
        if (value == null) {
          return null;
        }
        found.put(part.component(), value);
      }
    }
    return found.isEmpty() ? null : time(found, now);
  }

  private static @Nullable Long value(DatePicture.Part part, String text) {
    return switch (part.component()) {
      case 'Z', 'z' -> zone(text);
      case 'f' -> fraction(part.integer().plainDigits(text), 3);
      case 'P' -> text.equalsIgnoreCase("pm") ? 1L : text.equalsIgnoreCase("am") ? 0L : null;
      case 'C', 'E' -> 0L;
      case 'M', 'x' ->
          part.names() != null
              ? DateNames.find(DateNames.MONTHS, text, part.widthMax())
              : part.integer().parse(text);
      case 'F' ->
          part.names() != null
              ? DateNames.find(DateNames.DAYS, text, part.widthMax())
              : part.integer().parse(text);
      default -> part.integer().parse(text);
    };
  }

  /// In minutes.
  private static @Nullable Long zone(String text) {
    String plain = text.toUpperCase(java.util.Locale.ROOT).replace("GMT", "");
    if (plain.equals("Z")) {
      return 0L;
    }
    int sign = plain.charAt(0) == '-' ? -1 : 1;
    String digits = plain.substring(1);
    int colon = digits.indexOf(':');
    String hours =
        colon >= 0
            ? digits.substring(0, colon)
            : digits.length() > 2 ? digits.substring(0, digits.length() - 2) : digits;
    String minutes =
        colon >= 0
            ? digits.substring(colon + 1)
            : digits.length() > 2 ? digits.substring(digits.length() - 2) : "0";
    if (hours.length() > 2 || minutes.length() > 2) {
      return null;
    }
    return sign * (Long.parseLong(hours) * 60 + Long.parseLong(minutes));
  }

  private static Long time(Map<Character, Long> found, Instant now) {
    boolean dayOfYear = found.containsKey('d');
    boolean week =
        found.containsKey('X')
            || found.containsKey('x')
            || found.containsKey('W')
            || found.containsKey('w');
    if (week) {
      throw Stop.value("D3136", "A time cannot be read from weeks; use [Y], [M] and [D].");
    }
    boolean twelve = found.containsKey('h') || found.containsKey('P');
    fill(found, (dayOfYear ? "Yd" : "YMD") + (twelve ? "Phmsf" : "Hmsf"), now);
    long hour = twelve ? found.get('h') % 12 + found.get('P') * 12 : found.get('H');
    try {
      LocalDate date =
          dayOfYear
              ? LocalDate.of(Math.toIntExact(found.get('Y')), 1, 1).plusDays(found.get('d') - 1)
              : LocalDate.of(Math.toIntExact(found.get('Y')), 1, 1)
                  .plusMonths(found.get('M') - 1)
                  .plusDays(found.get('D') - 1);
      return date.atStartOfDay(ZoneOffset.UTC)
              .plusHours(hour)
              .plusMinutes(found.get('m'))
              .plusSeconds(found.get('s'))
              .toInstant()
              .toEpochMilli()
          + found.get('f')
          - found.getOrDefault('Z', found.getOrDefault('z', 0L)) * 60_000;
    } catch (ArithmeticException | DateTimeException outOfRange) {
      throw Stop.value("D3110", "The time is out of range.");
    }
  }

  /// What stands left of the largest unit given is as it is now, what stands right of the smallest
  /// begins. In between nothing may be missing.
  private static void fill(Map<Character, Long> found, String units, Instant now) {
    OffsetDateTime today = now.atOffset(ZoneOffset.UTC);
    boolean started = false;
    boolean ended = false;
    for (char unit : units.toCharArray()) {
      if (found.containsKey(unit)) {
        if (ended) {
          throw Stop.value(
              "D3136",
              "The picture leaves out a unit between others, so that the time is not certain.");
        }
        started = true;
      } else if (started) {
        found.put(unit, unit == 'M' || unit == 'D' || unit == 'd' ? 1L : 0L);
        ended = true;
      } else {
        found.put(
            unit,
            switch (unit) {
              case 'Y' -> (long) today.getYear();
              case 'M' -> (long) today.getMonthValue();
              case 'D' -> (long) today.getDayOfMonth();
              case 'd' -> (long) today.getDayOfYear();
              case 'H' -> (long) today.getHour();
              case 'P' -> today.getHour() >= 12 ? 1L : 0L;
              case 'h' -> today.getHour() % 12L;
              case 'm' -> (long) today.getMinute();
              default -> (long) today.getSecond();
            });
      }
    }
  }
}
