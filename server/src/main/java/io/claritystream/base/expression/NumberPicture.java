package io.claritystream.base.expression;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// How a number is written by `$formatNumber`: `#,##0.00`, `0%`, `0.0e0`, with another picture
/// for negative numbers after a semicolon. The characters may be other ones, by options.
final class NumberPicture {

  private static final Map<String, String> DEFAULTS =
      Map.ofEntries(
          Map.entry("decimal-separator", "."),
          Map.entry("grouping-separator", ","),
          Map.entry("exponent-separator", "e"),
          Map.entry("infinity", "Infinity"),
          Map.entry("minus-sign", "-"),
          Map.entry("NaN", "NaN"),
          Map.entry("percent", "%"),
          Map.entry("per-mille", "‰"),
          Map.entry("zero-digit", "0"),
          Map.entry("digit", "#"),
          Map.entry("pattern-separator", ";"));

  /// The signs in use, by what they mean.
  private record Signs(
      char decimal,
      char grouping,
      char exponent,
      String minus,
      char percent,
      char perMille,
      char zero,
      char digit,
      char pattern) {

    static Signs of(Map<?, ?> options) {
      for (Object name : options.keySet()) {
        if (!DEFAULTS.containsKey(String.valueOf(name))) {
          throw Stop.value(
              "D3080",
              "$formatNumber knows no option "
                  + Lexer.clip(String.valueOf(name))
                  + "; it knows "
                  + String.join(", ", DEFAULTS.keySet().stream().sorted().toList())
                  + ".");
        }
      }
      return new Signs(
          one(options, "decimal-separator"),
          one(options, "grouping-separator"),
          one(options, "exponent-separator"),
          text(options, "minus-sign"),
          one(options, "percent"),
          one(options, "per-mille"),
          one(options, "zero-digit"),
          one(options, "digit"),
          one(options, "pattern-separator"));
    }

    private static String text(Map<?, ?> options, String name) {
      Object given = options.get(name);
      if (given == null) {
        return DEFAULTS.getOrDefault(name, "");
      }
      if (given instanceof String text && text.length() <= 16) {
        return text;
      }
      throw Stop.value("D3080", "The option " + name + " of $formatNumber is a short string.");
    }

    private static char one(Map<?, ?> options, String name) {
      String text = text(options, name);
      if (text.length() != 1) {
        throw Stop.value("D3080", "The option " + name + " of $formatNumber is one character.");
      }
      return text.charAt(0);
    }

    boolean isDigit(char c) {
      return c >= zero && c <= zero + 9;
    }

    boolean active(char c) {
      return isDigit(c) || c == decimal || c == grouping || c == digit;
    }
  }

  private final Signs signs;
  private final Part positive;
  private final Part negative;

  private NumberPicture(Signs signs, Part positive, Part negative) {
    this.signs = signs;
    this.positive = positive;
    this.negative = negative;
  }

  static NumberPicture of(String picture, Map<?, ?> options) {
    Signs signs = Signs.of(options);
    int at = picture.indexOf(signs.pattern());
    if (at >= 0 && picture.indexOf(signs.pattern(), at + 1) >= 0) {
      throw Stop.value("D3080", "A picture of $formatNumber has two parts at most.");
    }
    Part positive = new Part(at < 0 ? picture : picture.substring(0, at), signs);
    Part negative =
        at < 0 ? positive.negated(signs.minus()) : new Part(picture.substring(at + 1), signs);
    return new NumberPicture(signs, positive, negative);
  }

  String format(double number) {
    return (number < 0 ? negative : positive).format(Math.abs(number), signs);
  }

  private static final class Part {
    private final String prefix;
    private final String suffix;
    private final int wholeMin;
    private final int fractionMin;
    private final int fractionMax;
    private final int exponentMin;
    private final int scale;
    private final List<Integer> groups = new ArrayList<>();
    private final List<Integer> fractionGroups = new ArrayList<>();

    Part(String picture, Signs signs) {
      int from = 0;
      while (from < picture.length() && !signs.active(picture.charAt(from))) {
        from++;
      }
      int to = picture.length();
      while (to > from && !signs.active(picture.charAt(to - 1))) {
        to--;
      }
      this.prefix = picture.substring(0, from);
      this.suffix = picture.substring(to);
      String active = picture.substring(from, to);
      boolean percent = picture.indexOf(signs.percent()) >= 0;
      boolean perMille = picture.indexOf(signs.perMille()) >= 0;
      this.scale = percent ? 2 : perMille ? 3 : 0;
      int e = exponentPlace(active, signs);
      String mantissa = e < 0 ? active : active.substring(0, e);
      this.exponentMin = e < 0 ? 0 : active.length() - e - 1;
      int dot = mantissa.indexOf(signs.decimal());
      String whole = dot < 0 ? mantissa : mantissa.substring(0, dot);
      String fraction = dot < 0 ? "" : mantissa.substring(dot + 1);
      check(mantissa, whole, fraction, percent && perMille || scale > 0 && e >= 0, signs);
      this.wholeMin = Math.max(count(whole, signs), dot < 0 ? 1 : 0);
      this.fractionMin = count(fraction, signs);
      this.fractionMax = (int) fraction.chars().filter(c -> c != signs.grouping()).count();
      places(new StringBuilder(whole).reverse().toString(), signs, groups);
      places(fraction, signs, fractionGroups);
    }

    private Part(Part other, String minus) {
      this.prefix = minus + other.prefix;
      this.suffix = other.suffix;
      this.wholeMin = other.wholeMin;
      this.fractionMin = other.fractionMin;
      this.fractionMax = other.fractionMax;
      this.exponentMin = other.exponentMin;
      this.scale = other.scale;
      this.groups.addAll(other.groups);
      this.fractionGroups.addAll(other.fractionGroups);
    }

    Part negated(String minus) {
      return new Part(this, minus);
    }

    private static int exponentPlace(String active, Signs signs) {
      int e = active.indexOf(signs.exponent());
      boolean digitsBehind =
          e > 0
              && e + 1 < active.length()
              && active.substring(e + 1).chars().allMatch(c -> signs.isDigit((char) c));
      return digitsBehind ? e : -1;
    }

    private static void check(
        String mantissa, String whole, String fraction, boolean scaledTwice, Signs signs) {
      boolean known = mantissa.chars().allMatch(c -> signs.active((char) c));
      boolean oneDot = fraction.indexOf(signs.decimal()) < 0;
      boolean digits =
          mantissa.chars().anyMatch(c -> signs.isDigit((char) c) || c == signs.digit());
      String group = String.valueOf(signs.grouping());
      boolean grouped =
          !whole.endsWith(group)
              && !fraction.startsWith(group)
              && !mantissa.contains(group + group);
      boolean ordered =
          digitsLast(whole, signs)
              && digitsLast(new StringBuilder(fraction).reverse().toString(), signs);
      if (!known || !oneDot || !digits || !grouped || !ordered || scaledTwice) {
        throw Stop.value(
            "D3085",
            "The picture of $formatNumber cannot be read; write for example #,##0.00 or 0%.");
      }
    }

    private static boolean digitsLast(String text, Signs signs) {
      boolean digit = false;
      for (char c : text.toCharArray()) {
        if (signs.isDigit(c)) {
          digit = true;
        } else if (c == signs.digit() && digit) {
          return false;
        }
      }
      return true;
    }

    private static int count(String text, Signs signs) {
      return (int) text.chars().filter(c -> signs.isDigit((char) c)).count();
    }

    private static void places(String text, Signs signs, List<Integer> into) {
      int digits = 0;
      for (char c : text.toCharArray()) {
        if (c == signs.grouping()) {
          into.add(digits);
        } else {
          digits++;
        }
      }
    }

    String format(double size, Signs signs) {
      if (!Double.isFinite(size)) {
        throw Stop.value("D3001", "A number that is out of range has no text.");
      }
      BigDecimal value = new BigDecimal(Double.toString(size)).movePointRight(scale);
      int exponent = 0;
      if (exponentMin > 0 && value.signum() != 0) {
        exponent = value.precision() - value.scale() - Math.max(wholeMin, 1);
        value = value.movePointLeft(exponent);
      }
      value = value.setScale(fractionMax, RoundingMode.HALF_EVEN);
      String plain = value.toPlainString();
      int dot = plain.indexOf('.');
      String whole = dot < 0 ? plain : plain.substring(0, dot);
      StringBuilder fraction = new StringBuilder(dot < 0 ? "" : plain.substring(dot + 1));
      while (fraction.length() > fractionMin && fraction.charAt(fraction.length() - 1) == '0') {
        fraction.setLength(fraction.length() - 1);
      }
      if (wholeMin == 0 && whole.equals("0") && !fraction.isEmpty()) {
        whole = "";
      }
      whole = "0".repeat(Math.max(0, wholeMin - whole.length())) + whole;
      StringBuilder text = new StringBuilder(prefix);
      text.append(digits(grouped(whole, signs), signs));
      if (!fraction.isEmpty()) {
        for (int i = fractionGroups.size() - 1; i >= 0; i--) {
          if (fractionGroups.get(i) < fraction.length()) {
            fraction.insert(fractionGroups.get(i).intValue(), signs.grouping());
          }
        }
        text.append(signs.decimal()).append(digits(fraction.toString(), signs));
      }
      if (exponentMin > 0) {
        String digits = Integer.toString(Math.abs(exponent));
        text.append(signs.exponent())
            .append(exponent < 0 ? signs.minus() : "")
            .append(digits("0".repeat(Math.max(0, exponentMin - digits.length())) + digits, signs));
      }
      return text.append(suffix).toString();
    }

    /// A distance that is the same all along goes on to the left.
    private String grouped(String whole, Signs signs) {
      if (groups.isEmpty()) {
        return whole;
      }
      StringBuilder text = new StringBuilder(whole);
      int first = groups.getFirst();
      boolean regular = first > 0;
      for (int i = 0; i < groups.size(); i++) {
        regular &= groups.get(i) == first * (i + 1);
      }
      int length = whole.length();
      if (regular) {
        for (int place = first; place < length; place += first) {
          text.insert(length - place, signs.grouping());
        }
      } else {
        for (int place : groups) {
          if (place < length) {
            text.insert(length - place, signs.grouping());
          }
        }
      }
      return text.toString();
    }

    private static String digits(String text, Signs signs) {
      if (signs.zero() == '0') {
        return text;
      }
      StringBuilder other = new StringBuilder(text);
      for (int i = 0; i < other.length(); i++) {
        char c = other.charAt(i);
        if (c >= '0' && c <= '9') {
          other.setCharAt(i, (char) (c - '0' + signs.zero()));
        }
      }
      return other.toString();
    }
  }
}
