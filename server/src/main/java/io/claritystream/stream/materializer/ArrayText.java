package io.claritystream.stream.materializer;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Builds the text of a PostgreSQL array, a parameter of `unnest`.
final class ArrayText {
  private static final char[] HEX = "0123456789abcdef".toCharArray();
  private static final long MINUTE_S = 60;

  private final StringBuilder text;
  private long day = Long.MIN_VALUE;
  private String dayText = "";

  ArrayText(int expectedElements, int charsEach) {
    text = new StringBuilder(Math.max(16, expectedElements * charsEach));
    text.append('{');
  }

  private StringBuilder next() {
    return text.length() > 1 ? text.append(',') : text;
  }

  ArrayText add(long number) {
    next().append(number);
    return this;
  }

  ArrayText add(boolean value) {
    next().append(value ? 't' : 'f');
    return this;
  }

  ArrayText addNull() {
    next().append("NULL");
    return this;
  }

  ArrayText add(@Nullable UUID id) {
    if (id == null) {
      return addNull();
    }
    var out = next();
    hex(out, id.getMostSignificantBits());
    hex(out, id.getLeastSignificantBits());
    return this;
  }

  private static void hex(StringBuilder out, long bits) {
    for (var shift = 60; shift >= 0; shift -= 4) {
      out.append(HEX[(int) (bits >>> shift) & 15]);
    }
  }

  ArrayText add(@Nullable String value) {
    if (value == null) {
      return addNull();
    }
    var out = next().append('"');
    for (var i = 0; i < value.length(); i++) {
      var c = value.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\');
      }
      out.append(c);
    }
    out.append('"');
    return this;
  }

  /// Bytes as `bytea` reads them.
  ArrayText addBytes(byte[] bytes, int offset, int length) {
    var out = next().append("\"\\\\x");
    for (var i = offset; i < offset + length; i++) {
      out.append(HEX[bytes[i] >> 4 & 15]).append(HEX[bytes[i] & 15]);
    }
    out.append('"');
    return this;
  }

  /// A number in plain digits.
  ArrayText number(long unscaled, int scale, @Nullable BigDecimal big) {
    var out = next();
    if (big != null) {
      out.append(big.toPlainString());
      return this;
    }
    if (scale == 0) {
      out.append(unscaled);
      return this;
    }
    var magnitude = unscaled;
    if (unscaled < 0) {
      out.append('-');
      magnitude = -unscaled;
    }
    var power = Decimal.POWERS[scale];
    out.append(magnitude / power).append('.');
    var rest = magnitude % power;
    for (var at = scale - 1; at > 0 && rest < Decimal.POWERS[at]; at--) {
      out.append('0');
    }
    out.append(rest);
    return this;
  }

  /// A moment, microseconds since 1970.
  ArrayText addMoment(long us) {
    var out = next();
    var seconds = Math.floorDiv(us, 1_000_000L);
    var dayNow = Math.floorDiv(seconds, 86_400L);
    if (dayNow != day) {
      day = dayNow;
      dayText =
          Instant.ofEpochSecond(dayNow * 86_400L).atOffset(ZoneOffset.UTC).toLocalDate().toString();
    }
    var ofDay = (int) (seconds - dayNow * 86_400L);
    out.append('"').append(dayText).append(' ');
    two(out, ofDay / 3600);
    out.append(':');
    two(out, ofDay / 60 % 60);
    out.append(':');
    two(out, ofDay % 60);
    var micros = (int) (us - seconds * 1_000_000L);
    if (micros != 0) {
      out.append('.');
      for (var at = 5; at > 0 && micros < Decimal.POWERS[at]; at--) {
        out.append('0');
      }
      out.append(micros);
    }
    out.append("+00\"");
    return this;
  }

  ArrayText addMinute(int minute) {
    return addMoment(minute * MINUTE_S * 1_000_000L);
  }

  private static void two(StringBuilder out, int number) {
    out.append((char) ('0' + number / 10)).append((char) ('0' + number % 10));
  }

  String end() {
    return text.append('}').toString();
  }
}
