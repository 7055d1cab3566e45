package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Row;
import io.claritystream.protocol.block.ValueKind;
import io.claritystream.protocol.text.ShortText;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Locale;

/// Values as extras store them.
final class Texts {
  private static final int TEXT_CHARS_MAX = 10_000;
  private static final int NUMBER_DIGITS_MAX = 400;

  /// A value and its type; equal values have equal texts.
  record Typed(ExtraType type, String text) {}

  private Texts() {}

  /// A text as people read and search it: no longer than 10,000 characters, and as PostgreSQL takes
  /// it. Whole it is in the raw event, and in the row's image.
  static String stored(String text) {
    return ShortText.storable(text, TEXT_CHARS_MAX);
  }

  /// Whether [#stored] is less than the text.
  static boolean isCut(String text) {
    return text.length() > TEXT_CHARS_MAX && text.codePointCount(0, text.length()) > TEXT_CHARS_MAX;
  }

  /// Whether [#value] is less than the cell says, or a number stays text, because of its size. Asks
  /// no more than a length where it is not.
  static boolean isBent(Row row, int column, ValueKind kind) {
    var length = row.length(column);
    if (length <= NUMBER_DIGITS_MAX / 2 || row.hashed(column)) {
      // Of such a number neither its digits nor its places are too many: no database spells an
      // exponent beyond those of a float8, and such a one fits.
      return false;
    }
    if (!kind.numeric() && length <= TEXT_CHARS_MAX) {
      return false;
    }
    var text = row.text(column);
    return text != null && (kind.numeric() ? isBent(number(text)) : isCut(text));
  }

  /// Whether what was read as a number stays text.
  static boolean isBent(Typed number) {
    return number.type() == ExtraType.TEXT;
  }

  /// The cell's value; the cell has a text. What its kind promises and PostgreSQL cannot hold in
  /// that type stays text.
  static Typed value(Row row, int column, ValueKind kind, Decimal decimal) {
    var text = row.text(column);
    if (text == null) {
      throw new IllegalArgumentException("the cell has no text");
    }
    if (row.hashed(column)) {
      return new Typed(ExtraType.TEXT, stored(text));
    }
    return switch (kind) {
      case BOOL ->
          switch (text) {
            case "t", "true" -> new Typed(ExtraType.BOOL, "t");
            case "f", "false" -> new Typed(ExtraType.BOOL, "f");
            default -> new Typed(ExtraType.TEXT, stored(text));
          };
      case INT, NUMERIC, FLOAT -> number(text);
      case TIMESTAMP, TIMESTAMPTZ, DATE -> {
        var us = Moment.ofText(row.bytes(), row.offset(column), row.length(column));
        yield us == Moment.NONE
            ? new Typed(ExtraType.TEXT, stored(text))
            : new Typed(ExtraType.TIME, moment(us));
      }
      case OTHER, TEXT, TIME, JSON, JSONB, UUID, BINARY, ARRAY ->
          new Typed(ExtraType.TEXT, stored(text));
    };
  }

  /// A number; a text if it has more than 400 digits and places.
  static Typed number(String text) {
    if (text.equals("NaN") || text.equals("Infinity") || text.equals("-Infinity")) {
      return new Typed(ExtraType.NUM, text);
    }
    try {
      var number = new BigDecimal(text);
      var digits = (long) number.precision() + Math.abs((long) number.scale());
      if (digits <= NUMBER_DIGITS_MAX) {
        return new Typed(ExtraType.NUM, number.toPlainString());
      }
    } catch (NumberFormatException notANumber) {
      // A text, then.
    }
    return new Typed(ExtraType.TEXT, stored(text));
  }

  static String moment(long us) {
    return Instant.ofEpochSecond(
            Math.floorDiv(us, 1_000_000L), Math.floorMod(us, 1_000_000L) * 1_000L)
        .toString()
        .toUpperCase(Locale.ROOT);
  }
}
