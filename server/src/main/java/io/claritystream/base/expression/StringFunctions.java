package io.claritystream.base.expression;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What makes strings of values, and strings of strings. Lengths and places are counted in
/// characters as people see them in code charts (code points), not in halves of them.
final class StringFunctions {

  static final List<Builtin> ALL =
      List.of(
          Builtin.single("string", "<x-b?:s>", StringFunctions::string),
          Builtin.of(
              "length", "<s-:n>", (g, run) -> g[0] == null ? null : count((String) g[0], run)),
          Builtin.of("substring", "<s-nn?:s>", StringFunctions::substring),
          Builtin.of("substringBefore", "<s-s:s>", (g, run) -> around(g, run, true)),
          Builtin.of("substringAfter", "<s-s:s>", (g, run) -> around(g, run, false)),
          Builtin.of("lowercase", "<s-:s>", (g, run) -> cased(g[0], run, false)),
          Builtin.of("uppercase", "<s-:s>", (g, run) -> cased(g[0], run, true)),
          Builtin.of("trim", "<s-:s>", StringFunctions::trim),
          Builtin.of("pad", "<s-ns?:s>", StringFunctions::pad),
          Builtin.of("join", "<a<s>s?:s>", StringFunctions::join));

  private StringFunctions() {}

  private static @Nullable Object string(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    boolean pretty = Boolean.TRUE.equals(given[1]);
    return pretty && (given[0] instanceof List<?> || given[0] instanceof java.util.Map<?, ?>)
        ? Texts.json(given[0], true, run)
        : Texts.string(given[0], run);
  }

  static long count(String text, Run run) {
    run.steps(text.length() / 64);
    return text.codePointCount(0, text.length());
  }

  private static @Nullable Object substring(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    String text = (String) given[0];
    long length = count(text, run);
    double start = given[1] == null ? 0 : Math.floor(Values.real(given[1]));
    if (length + start < 0) {
      start = 0;
    }
    double from = start < 0 ? length + start : start;
    double end = length;
    if (given[2] != null) {
      double wanted = Values.real(given[2]);
      if (wanted <= 0) {
        return "";
      }
      end = start >= 0 ? start + wanted : length + start + wanted;
    }
    int first = (int) Math.min(from, length);
    int last = (int) Math.min(Math.ceil(end), length);
    if (first >= last) {
      return "";
    }
    int begin = text.offsetByCodePoints(0, first);
    String part = text.substring(begin, text.offsetByCodePoints(begin, last - first));
    run.useText(part.length());
    return part;
  }

  private static @Nullable Object around(@Nullable Object[] given, Run run, boolean before) {
    if (given[0] == null) {
      return null;
    }
    String text = (String) given[0];
    if (given[1] == null) {
      return text;
    }
    String mark = (String) given[1];
    int at = find(text, mark, 0, run);
    if (at < 0) {
      return text;
    }
    String part = before ? text.substring(0, at) : text.substring(at + mark.length());
    run.useText(part.length());
    return part;
  }

  /// Where a text stands in another. Searching costs up to the product of their lengths.
  static int find(String text, String wanted, int from, Run run) {
    if (wanted.length() <= 16) {
      int at = text.indexOf(wanted, from);
      run.steps(((at < 0 ? text.length() : at) - from) / 32 + 1);
      return at;
    }
    char first = wanted.charAt(0);
    int at = text.indexOf(first, from);
    int searched = from;
    while (at >= 0) {
      run.steps(1 + wanted.length() / 64 + (at - searched) / 32);
      if (text.startsWith(wanted, at)) {
        return at;
      }
      searched = at;
      at = text.indexOf(first, at + 1);
    }
    run.steps((text.length() - searched) / 32);
    return -1;
  }

  private static @Nullable Object cased(@Nullable Object given, Run run, boolean upper) {
    if (given == null) {
      return null;
    }
    String text = (String) given;
    run.steps(text.length() / 32);
    run.useText(text.length());
    return upper ? text.toUpperCase(Locale.ROOT) : text.toLowerCase(Locale.ROOT);
  }

  private static @Nullable Object trim(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    String text = (String) given[0];
    run.steps(text.length() / 16);
    run.useText(text.length());
    StringBuilder trimmed = new StringBuilder();
    boolean gap = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        gap = !trimmed.isEmpty();
      } else {
        if (gap) {
          trimmed.append(' ');
          gap = false;
        }
        trimmed.append(c);
      }
    }
    return trimmed.toString();
  }

  /// A positive width pads on the right, a negative one on the left.
  private static @Nullable Object pad(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    String text = (String) given[0];
    double width = given[1] == null ? 0 : Math.rint(Values.real(given[1]));
    String fill = given[2] == null || ((String) given[2]).isEmpty() ? " " : (String) given[2];
    double missing = Math.abs(width) - count(text, run);
    if (missing <= 0) {
      return text;
    }
    run.useText((long) Math.min(missing, 1e12) * 2 + text.length());
    run.steps((long) missing / 4);
    int[] characters = fill.codePoints().limit((int) missing).toArray();
    StringBuilder padding = new StringBuilder();
    for (int i = 0; i < (int) missing; i++) {
      padding.appendCodePoint(characters[i % characters.length]);
    }
    return width > 0 ? text + padding : padding + text;
  }

  private static @Nullable Object join(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    List<?> parts = (List<?>) given[0];
    String between = given[1] == null ? "" : (String) given[1];
    long length = 0;
    for (Object part : parts) {
      run.step();
      length += ((String) part).length() + between.length();
    }
    run.useText(length);
    StringBuilder joined = new StringBuilder((int) length);
    for (Object part : parts) {
      joined.append(joined.isEmpty() && part == parts.getFirst() ? "" : between).append(part);
    }
    return joined.toString();
  }
}
