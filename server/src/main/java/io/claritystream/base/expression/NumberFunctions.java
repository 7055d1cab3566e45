package io.claritystream.base.expression;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What reads, rounds, computes and writes numbers.
final class NumberFunctions {

  static final List<Builtin> ALL =
      List.of(
          Builtin.of("number", "<(nsb)-:n>", NumberFunctions::number),
          Builtin.of("abs", "<n-:n>", (g, run) -> g[0] == null ? null : of(Math.abs(real(g[0])))),
          Builtin.of(
              "floor", "<n-:n>", (g, run) -> g[0] == null ? null : of(Math.floor(real(g[0])))),
          Builtin.of("ceil", "<n-:n>", (g, run) -> g[0] == null ? null : of(Math.ceil(real(g[0])))),
          Builtin.of("round", "<n-n?:n>", NumberFunctions::round),
          Builtin.of("sqrt", "<n-:n>", NumberFunctions::sqrt),
          Builtin.of("power", "<n-n:n>", NumberFunctions::power),
          Builtin.of("random", "<:n>", (g, run) -> run.random().nextDouble()),
          Builtin.of("formatBase", "<n-n?:s>", NumberFunctions::formatBase),
          Builtin.of("formatNumber", "<n-so?:s>", NumberFunctions::formatNumber),
          Builtin.of("formatInteger", "<n-s:s>", NumberFunctions::formatInteger),
          Builtin.of("parseInteger", "<s-s:n>", NumberFunctions::parseInteger));

  private static final Pattern DECIMAL =
      Pattern.compile("-?[0-9]+(?:\\.[0-9]+)?(?:[Ee][-+]?[0-9]+)?");
  private static final int DIGITS_MAX = 400;

  private NumberFunctions() {}

  static double real(Object number) {
    double real = Values.real(number);
    Values.isNumber(real);
    return real;
  }

  private static Object of(double number) {
    return Values.number(number);
  }

  private static @Nullable Object number(@Nullable Object[] given, Run run) {
    return switch (given[0]) {
      case null -> null;
      case Boolean bool -> bool ? 1L : 0L;
      case String text -> parsed(text, run);
      default -> given[0];
    };
  }

  private static Object parsed(String text, Run run) {
    run.steps(text.length() / 8);
    if (text.length() <= DIGITS_MAX) {
      if (text.length() > 2 && text.charAt(0) == '0') {
        int radix =
            switch (text.charAt(1)) {
              case 'x', 'X' -> 16;
              case 'o', 'O' -> 8;
              case 'b', 'B' -> 2;
              default -> 10;
            };
        if (radix != 10 && text.charAt(2) != '-' && text.charAt(2) != '+') {
          try {
            return of(new BigInteger(text.substring(2), radix).doubleValue());
          } catch (NumberFormatException none) {
            throw notANumber(text);
          }
        }
      }
      if (DECIMAL.matcher(text).matches()) {
        double value = Double.parseDouble(text);
        if (Double.isFinite(value)) {
          return whole(text, value);
        }
      }
    }
    throw notANumber(text);
  }

  /// An id of eighteen digits keeps them.
  private static Object whole(String text, double value) {
    return text.length() <= 18 && text.chars().allMatch(c -> c == '-' || c >= '0' && c <= '9')
        ? Long.valueOf(text)
        : of(value);
  }

  private static Stop notANumber(String text) {
    return Stop.value("D3030", "$number cannot read a number in \"" + Lexer.clip(text) + "\".");
  }

  /// Halves go to the even neighbour.
  private static @Nullable Object round(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    double precision = given[1] == null ? 0 : real(given[1]);
    double value = real(given[0]);
    if (Math.abs(precision) > DIGITS_MAX) {
      return precision > 0 ? given[0] : (Object) 0L;
    }
    return of(
        new BigDecimal(Double.toString(value))
            .setScale((int) precision, RoundingMode.HALF_EVEN)
            .doubleValue());
  }

  private static @Nullable Object sqrt(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    if (real(given[0]) < 0) {
      throw Stop.value("D3060", "$sqrt takes no negative number.");
    }
    return of(Math.sqrt(real(given[0])));
  }

  private static @Nullable Object power(@Nullable Object[] given, Run run) {
    if (given[0] == null || given[1] == null) {
      return null;
    }
    double power = StrictMath.pow(real(given[0]), real(given[1]));
    if (!Double.isFinite(power)) {
      throw Stop.value("D3061", "What $power would give is out of range.");
    }
    return of(power);
  }

  private static @Nullable Object formatBase(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    double radix = given[1] == null ? 10 : Math.rint(real(given[1]));
    if (radix < 2 || radix > 36) {
      throw Stop.value("D3100", "The base of $formatBase lies between 2 and 36.");
    }
    run.useText(1_024);
    return new BigDecimal(Math.rint(real(given[0]))).toBigInteger().toString((int) radix);
  }

  private static @Nullable Object formatNumber(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    Map<?, ?> options = given[2] == null ? Map.of() : (Map<?, ?>) given[2];
    run.useText(Limits.PICTURE_LENGTH);
    return NumberPicture.of(picture(given[1]), options).format(real(given[0]));
  }

  private static @Nullable Object formatInteger(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    run.useText(Limits.PICTURE_LENGTH);
    return run.prepared(IntegerPicture.class, picture(given[1]), IntegerPicture::of)
        .format(new BigDecimal(Math.floor(real(given[0]))).toBigInteger());
  }

  private static @Nullable Object parseInteger(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    String text = (String) given[0];
    if (text.length() > Limits.PICTURE_LENGTH) {
      throw Stop.tooLarge("What $parseInteger reads is too long for a number.");
    }
    run.useText(Limits.PICTURE_LENGTH);
    return run.prepared(IntegerPicture.class, picture(given[1]), IntegerPicture::of).parse(text);
  }

  static String picture(@Nullable Object given) {
    String picture = given == null ? "" : (String) given;
    if (picture.length() > Limits.PICTURE_LENGTH) {
      throw Stop.tooLarge(
          "A picture is longer than " + Limits.PICTURE_LENGTH + " characters; shorten it.");
    }
    return picture;
  }
}
