package io.claritystream.stream.materializer;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Reads decimal numbers from their text, exactly. What fits 18 digits stays a long and a scale;
/// anything else is a `BigDecimal`. Zeros behind the point that say nothing are dropped and -0
/// is 0, so that equal numbers have one form and what is folded does not depend on which came
/// first.
///
/// One instance is read into again and again; used by one thread.
final class Decimal {
  enum Read {
    FINITE,
    NAN,
    INFINITE,
    /// A number with more digits than [#DIGITS_MAX] or more places than [#PLACES_MAX]: sums of such
    /// would cost without bound.
    TOO_LARGE,
    NOT_A_NUMBER
  }

  /// Digits before the point.
  static final int DIGITS_MAX = 1_000;

  /// Digits behind the point.
  static final int PLACES_MAX = 2_000;

  static final long[] POWERS = new long[19];

  static {
    POWERS[0] = 1;
    for (var i = 1; i < POWERS.length; i++) {
      POWERS[i] = POWERS[i - 1] * 10;
    }
  }

  private static final int LONG_DIGITS = 18;

  /// More than a number within the limits needs, with its sign, point and exponent.
  private static final int CHARS_MAX = DIGITS_MAX + PLACES_MAX + 8;

  /// The number is `unscaled` / 10^`scale`, unless [#big] is there.
  long unscaled;

  int scale;
  @Nullable BigDecimal big;

  Read read(byte[] bytes, int offset, int length) {
    big = null;
    var at = offset;
    var end = offset + length;
    if (length == 0) {
      return Read.NOT_A_NUMBER;
    }
    var negative = bytes[at] == '-';
    if (negative || bytes[at] == '+') {
      at++;
    }
    var number = 0L;
    var digits = 0;
    var behind = 0;
    var point = false;
    for (; at < end; at++) {
      var c = bytes[at];
      if (c >= '0' && c <= '9') {
        if (digits == LONG_DIGITS) {
          return readBig(bytes, offset, length);
        }
        number = number * 10 + (c - '0');
        if (number != 0) {
          digits++;
        }
        if (point) {
          behind++;
        }
      } else if (c == '.' && !point) {
        point = true;
      } else {
        return readOther(bytes, offset, length);
      }
    }
    if (digits == 0 && number == 0 && !hasDigit(bytes, offset, length)) {
      return Read.NOT_A_NUMBER;
    }
    if (behind > LONG_DIGITS) {
      return readBig(bytes, offset, length);
    }
    while (behind > 0 && number % 10 == 0) {
      number /= 10;
      behind--;
    }
    unscaled = negative ? -number : number;
    scale = behind;
    return Read.FINITE;
  }

  private static boolean hasDigit(byte[] bytes, int offset, int length) {
    for (var i = offset; i < offset + length; i++) {
      if (bytes[i] >= '0' && bytes[i] <= '9') {
        return true;
      }
    }
    return false;
  }

  private Read readOther(byte[] bytes, int offset, int length) {
    var first = bytes[offset];
    if (first == '-' || first == '+') {
      first = length > 1 ? bytes[offset + 1] : 0;
    }
    if (first == 'N' || first == 'n' || first == 'I' || first == 'i') {
      if (length > 9) {
        return Read.NOT_A_NUMBER;
      }
      var text = new String(bytes, offset, length, StandardCharsets.US_ASCII);
      return switch (text) {
        case "NaN" -> Read.NAN;
        case "Infinity", "-Infinity" -> Read.INFINITE;
        default -> Read.NOT_A_NUMBER;
      };
    }
    return readBig(bytes, offset, length);
  }

  private Read readBig(byte[] bytes, int offset, int length) {
    if (!isNumber(bytes, offset, length)) {
      return Read.NOT_A_NUMBER;
    }
    if (length > CHARS_MAX) {
      return Read.TOO_LARGE;
    }
    try {
      return set(new BigDecimal(new String(bytes, offset, length, StandardCharsets.ISO_8859_1)));
    } catch (NumberFormatException exponentTooLarge) {
      return Read.TOO_LARGE;
    }
  }

  /// Whether it is spelled like a number, however large.
  private static boolean isNumber(byte[] bytes, int offset, int length) {
    var end = offset + length;
    var at = behindSign(bytes, offset, end);
    var point = behindDigits(bytes, at, end);
    var digits = point - at;
    at = point;
    if (at < end && bytes[at] == '.') {
      at = behindDigits(bytes, point + 1, end);
      digits += at - point - 1;
    }
    if (digits > 0 && at < end && (bytes[at] == 'e' || bytes[at] == 'E')) {
      var exponent = behindSign(bytes, at + 1, end);
      at = behindDigits(bytes, exponent, end);
      return at > exponent && at == end;
    }
    return digits > 0 && at == end;
  }

  private static int behindSign(byte[] bytes, int at, int end) {
    return at < end && (bytes[at] == '-' || bytes[at] == '+') ? at + 1 : at;
  }

  private static int behindDigits(byte[] bytes, int from, int end) {
    var at = from;
    while (at < end && bytes[at] >= '0' && bytes[at] <= '9') {
      at++;
    }
    return at;
  }

  private Read set(BigDecimal number) {
    // Checked before anything is spelled out: 1e999999999 has few digits and a huge exponent.
    if ((long) number.precision() - number.scale() > DIGITS_MAX || number.scale() > PLACES_MAX) {
      return Read.TOO_LARGE;
    }
    var plain = number.signum() == 0 ? BigDecimal.ZERO : number.stripTrailingZeros();
    if (plain.scale() < 0) {
      plain = plain.setScale(0);
    }
    if (plain.scale() <= LONG_DIGITS && plain.precision() <= LONG_DIGITS) {
      unscaled = plain.unscaledValue().longValueExact();
      scale = plain.scale();
      big = null;
    } else {
      big = plain;
    }
    return Read.FINITE;
  }

  BigDecimal value() {
    return big != null ? big : BigDecimal.valueOf(unscaled, scale);
  }

  /// Compares two numbers in the form of this class.
  static int compare(
      long leftUnscaled,
      int leftScale,
      @Nullable BigDecimal left,
      long rightUnscaled,
      int rightScale,
      @Nullable BigDecimal right) {
    if (left == null && right == null) {
      if (leftScale == rightScale) {
        return Long.compare(leftUnscaled, rightUnscaled);
      }
      var by = Math.abs(leftScale - rightScale);
      var small = leftScale < rightScale ? leftUnscaled : rightUnscaled;
      var grown = small * POWERS[by];
      if (Math.multiplyHigh(small, POWERS[by]) == grown >> 63) {
        return leftScale < rightScale
            ? Long.compare(grown, rightUnscaled)
            : Long.compare(leftUnscaled, grown);
      }
    }
    var leftBig = left != null ? left : BigDecimal.valueOf(leftUnscaled, leftScale);
    var rightBig = right != null ? right : BigDecimal.valueOf(rightUnscaled, rightScale);
    return leftBig.compareTo(rightBig);
  }
}
