package io.claritystream.insight.dashboard;

import io.claritystream.base.http.ApiTime;
import io.claritystream.base.http.Problem;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Which extras are wanted.
///
/// @param fromNumber the smallest number, itself included, as is `toNumber`
/// @param contains whatever its letters' case
record ExtraFilter(
    @Nullable UUID entity,
    @Nullable String key,
    @Nullable ExtraType type,
    @Nullable String table,
    @Nullable BigDecimal fromNumber,
    @Nullable BigDecimal toNumber,
    @Nullable Instant fromTime,
    @Nullable Instant toTime,
    @Nullable String prefix,
    @Nullable String contains) {
  private static final int CHARS_MAX = 200;
  private static final int NUMBER_CHARS_MAX = 100;
  private static final int NUMBER_DIGITS_MAX = 1_000;

  /// Of a text's place, what room its end needs.
  private static final int PLACE_BYTES_MAX = 59;

  /// As they were sent; throws a problem that says what is wrong with them.
  record Sent(
      @Nullable UUID entity,
      @Nullable String key,
      @Nullable String type,
      @Nullable String table,
      @Nullable String from,
      @Nullable String to,
      @Nullable String prefix,
      @Nullable String contains) {

    ExtraFilter read() {
      limit("key", key);
      limit("table", table);
      limit("prefix", prefix);
      limit("contains", contains);
      var wanted =
          type == null
              ? null
              : ExtraType.of(type)
                  .orElseThrow(() -> Problem.invalid("type", "must be text, num, bool or time"));
      var ranged = from != null || to != null;
      var texts = prefix != null || contains != null;
      if (ranged && texts) {
        throw Problem.invalid(
            "from", "and to are for numbers and times, prefix and contains for texts: choose one");
      }
      if ((ranged || texts) && key == null && entity == null) {
        throw Problem.invalid("key", "or entity_id must be there to look for values");
      }
      if (prefix != null && prefix.isEmpty()) {
        throw Problem.invalid("prefix", "must have a character");
      }
      if (contains != null && contains.length() < 2) {
        throw Problem.invalid("contains", "must have two characters at least");
      }
      var of = texts ? ExtraType.TEXT : ranged ? rangeType(wanted) : wanted;
      if (wanted != null && wanted != of) {
        throw Problem.invalid("type", "is not one that prefix and contains are for: those of text");
      }
      var time = ranged && of == ExtraType.TIME;
      var number = ranged && of == ExtraType.NUM;
      var filter =
          new ExtraFilter(
              entity,
              key,
              of,
              table,
              number ? number("from", from) : null,
              number ? number("to", to) : null,
              time ? time("from", from) : null,
              time ? time("to", to) : null,
              prefix,
              contains);
      if (filter.isEmptyRange()) {
        throw Problem.invalid("to", "must not be before from");
      }
      return filter;
    }

    private ExtraType rangeType(@Nullable ExtraType wanted) {
      if (wanted == ExtraType.NUM || wanted == ExtraType.TIME) {
        return wanted;
      }
      if (wanted != null) {
        throw Problem.invalid("type", "must be num or time where from or to is given");
      }
      var either = from != null ? from : to;
      return either != null && ApiTime.parse(either).isPresent() ? ExtraType.TIME : ExtraType.NUM;
    }

    private static void limit(String name, @Nullable String text) {
      if (text != null && text.length() > CHARS_MAX) {
        throw Problem.invalid(name, "must have at most " + CHARS_MAX + " characters");
      }
    }

    private static @Nullable Instant time(String name, @Nullable String text) {
      return text == null
          ? null
          : ApiTime.parse(text).orElseThrow(() -> Problem.invalid(name, NOT_READ));
    }

    private static @Nullable BigDecimal number(String name, @Nullable String text) {
      if (text == null) {
        return null;
      }
      if (text.length() > NUMBER_CHARS_MAX) {
        throw Problem.invalid(name, "must have at most " + NUMBER_CHARS_MAX + " characters");
      }
      try {
        var number = new BigDecimal(text);
        if (Math.abs((long) number.scale()) > NUMBER_DIGITS_MAX) {
          throw Problem.invalid(name, "must have at most " + NUMBER_DIGITS_MAX + " digits");
        }
        return number;
      } catch (NumberFormatException notANumber) {
        throw Problem.invalid(name, NOT_READ);
      }
    }

    private static final String NOT_READ =
        "must be a number as 7.5, or a time as 2026-11-21T06:00:00Z, both ends alike";
  }

  /// Whether it takes looking at a value, or at its entity, to know whether it is wanted.
  boolean sifts() {
    return table != null || contains != null || fromNumber != null || toNumber != null;
  }

  /// The least place that a wanted value of the type can have.
  String lowest(ExtraType of) {
    if (of == ExtraType.NUM && fromNumber != null) {
      return Double.toString(fromNumber.doubleValue());
    }
    if (of == ExtraType.TIME && fromTime != null) {
      return fromTime.toString();
    }
    return of == ExtraType.TEXT && prefix != null ? placeOf(prefix) : of.lowest;
  }

  /// The greatest place that a wanted value of the type can have.
  String highest(ExtraType of) {
    if (of == ExtraType.NUM && toNumber != null) {
      return Double.toString(toNumber.doubleValue());
    }
    if (of == ExtraType.TIME && toTime != null) {
      return toTime.toString();
    }
    return of == ExtraType.TEXT && prefix != null ? placeOf(prefix) + "\udbff\udfff" : of.highest;
  }

  private boolean isEmptyRange() {
    return fromNumber != null && toNumber != null && fromNumber.compareTo(toNumber) > 0
        || fromTime != null && toTime != null && fromTime.isAfter(toTime);
  }

  /// The beginning of a text, short enough that something may follow it within a place.
  private static String placeOf(String text) {
    var bytes = 0;
    for (var at = 0; at < text.length(); ) {
      var next = text.offsetByCodePoints(at, 1);
      bytes += text.substring(at, next).getBytes(StandardCharsets.UTF_8).length;
      if (bytes > PLACE_BYTES_MAX) {
        return text.substring(0, at);
      }
      at = next;
    }
    return text;
  }
}
