package io.claritystream.base.expression;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Values as text, as `$string` and `&` write them.
final class Texts {

  private static final MathContext DIGITS = new MathContext(15, RoundingMode.HALF_UP);

  private Texts() {}

  static String string(Object value, Run run) {
    return switch (value) {
      case String text -> text;
      case Boolean bool -> bool.toString();
      case Callable function -> "";
      case Number number -> {
        if (number instanceof Double real && !Double.isFinite(real)) {
          throw Stop.value(
              "D3001", "A number that is out of range has no text; do not divide by 0.");
        }
        yield number(number);
      }
      case List<?> list -> json(list, false, run);
      case Map<?, ?> map -> json(map, false, run);
      default -> "null";
    };
  }

  static String json(Object value, boolean pretty, Run run) {
    Writer writer = new Writer(run, pretty);
    writer.write(value, 0);
    return writer.text.toString();
  }

  /// Whole numbers with all their digits, others rounded to 15.
  static String number(Number number) {
    if (!(number instanceof Double) && !(number instanceof BigDecimal)) {
      return number.toString();
    }
    BigDecimal exact =
        number instanceof BigDecimal decimal ? decimal : new BigDecimal(number.doubleValue());
    BigDecimal rounded = exact.round(DIGITS).stripTrailingZeros();
    if (rounded.signum() == 0) {
      return "0";
    }
    int exponent = rounded.precision() - rounded.scale() - 1;
    if (exponent > -7 && exponent < 21) {
      return rounded.toPlainString();
    }
    String digits = rounded.unscaledValue().abs().toString();
    return (rounded.signum() < 0 ? "-" : "")
        + digits.charAt(0)
        + (digits.length() > 1 ? "." + digits.substring(1) : "")
        + "e"
        + (exponent < 0 ? "-" : "+")
        + Math.abs(exponent);
  }

  private static final class Writer {
    private final Run run;
    private final boolean pretty;
    private final StringBuilder text = new StringBuilder();
    private int paid;

    Writer(Run run, boolean pretty) {
      this.run = run;
      this.pretty = pretty;
    }

    void write(@Nullable Object value, int depth) {
      run.step();
      Run.valueDepth(depth);
      switch (value) {
        case Map<?, ?> map -> members(map, depth);
        case List<?> list -> items(list, depth);
        case String string -> {
          run.useText(string.length());
          quote(string, text);
        }
        case null -> text.append("null");
        case Number number -> {
          Values.isNumber(number);
          text.append(number(number));
        }
        case Callable function -> text.append("\"\"");
        default -> text.append(value);
      }
      pay();
    }

    /// A StringBuilder that grows holds the old text and the new one.
    private void pay() {
      run.use(4L * (text.length() - paid));
      paid = text.length();
    }

    private void members(Map<?, ?> map, int depth) {
      text.append('{');
      boolean first = true;
      for (Map.Entry<?, ?> member : map.entrySet()) {
        text.append(first ? "" : ",");
        line(depth + 1);
        quote((String) member.getKey(), text);
        text.append(pretty ? ": " : ":");
        write(member.getValue(), depth + 1);
        first = false;
      }
      if (!first) {
        line(depth);
      }
      text.append('}');
    }

    private void items(List<?> list, int depth) {
      text.append('[');
      boolean first = true;
      for (Object item : list) {
        text.append(first ? "" : ",");
        line(depth + 1);
        write(item, depth + 1);
        first = false;
      }
      if (!first) {
        line(depth);
      }
      text.append(']');
    }

    private void line(int depth) {
      if (pretty) {
        text.append('\n').repeat("  ", depth);
      }
    }
  }

  static void quote(String string, StringBuilder into) {
    into.append('"');
    for (int i = 0; i < string.length(); i++) {
      char c = string.charAt(i);
      switch (c) {
        case '"' -> into.append("\\\"");
        case '\\' -> into.append("\\\\");
        case '\n' -> into.append("\\n");
        case '\r' -> into.append("\\r");
        case '\t' -> into.append("\\t");
        case '\b' -> into.append("\\b");
        case '\f' -> into.append("\\f");
        default -> {
          if (c < ' ') {
            into.append("\\u00").append(c < 16 ? "0" : "1").append(Character.forDigit(c & 15, 16));
          } else {
            into.append(c);
          }
        }
      }
    }
    into.append('"');
  }
}
