package io.claritystream.base.expression;

import io.claritystream.base.expression.ExpressionFault.Kind;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What looks for strings and regular expressions in strings.
final class PatternFunctions {

  static final List<Builtin> ALL =
      List.of(
          Builtin.of("contains", "<s-(sf):b>", PatternFunctions::contains),
          Builtin.of("split", "<s-(sf)n?:a<s>>", PatternFunctions::split),
          Builtin.of("match", "<s-f<s:o>n?:a<o>>", PatternFunctions::match),
          new Builtin(
              "replace", Signature.parse("<s-(sf)(sf)n?:s>", -1), 4, PatternFunctions::replace),
          Builtin.of("eval", "<sx?:x>", PatternFunctions::eval));

  private PatternFunctions() {}

  private static Object eval(@Nullable Object[] given, Run run) {
    throw Values.notAllowed(
        "$eval is not there, because what is evaluated has to be known beforehand; write the"
            + " expression itself.");
  }

  private static Regex regex(Object given, String function) {
    if (given instanceof Regex regex) {
      return regex;
    }
    throw new Stop(
        Kind.TYPE,
        "T1010",
        -1,
        "$" + function + " takes a regular expression such as /[a-z]+/ and no other function.");
  }

  private static @Nullable Object contains(@Nullable Object[] given, Run run) {
    if (given[0] == null || given[1] == null) {
      return null;
    }
    String text = (String) given[0];
    return given[1] instanceof String wanted
        ? StringFunctions.find(text, wanted, 0, run) >= 0
        : regex(given[1], "contains").in(text, run).find();
  }

  private static double limit(@Nullable Object given, String code, String function) {
    if (given == null) {
      return Double.POSITIVE_INFINITY;
    }
    double limit = Math.floor(Values.real(given));
    if (limit < 0) {
      throw Stop.value(code, "The limit of $" + function + " cannot be less than 0.");
    }
    return limit;
  }

  private static @Nullable Object split(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    String text = (String) given[0];
    double limit = limit(given[2], "D3020", "split");
    Items parts = new Items();
    if (given[1] instanceof String mark && mark.isEmpty()) {
      for (int at = 0; at < text.length() && parts.size() < limit; ) {
        int end = text.offsetByCodePoints(at, 1);
        add(parts, text, at, end, run);
        at = end;
      }
      return parts;
    }
    int from = 0;
    if (given[1] instanceof String mark) {
      for (int at = StringFunctions.find(text, mark, 0, run);
          at >= 0 && parts.size() < limit;
          at = StringFunctions.find(text, mark, from, run)) {
        add(parts, text, from, at, run);
        from = at + mark.length();
      }
    } else {
      Regex.Matches matches = regex(given[1], "split").in(text, run);
      while (parts.size() < limit && matches.find()) {
        add(parts, text, from, matches.start(), run);
        from = matches.end();
      }
    }
    if (parts.size() < limit) {
      add(parts, text, from, text.length(), run);
    }
    return parts;
  }

  private static void add(Items parts, String text, int from, int to, Run run) {
    run.step();
    run.useText(to - from);
    parts.append(text.substring(from, to), run);
  }

  private static @Nullable Object match(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    double limit = limit(given[2], "D3040", "match");
    Items found = Items.sequence();
    Regex.Matches matches = regex(given[1], "match").in((String) given[0], run);
    while (found.size() < limit && matches.find()) {
      run.step();
      found.append(matches.describe("index", run), run);
    }
    return found;
  }

  private static @Nullable Object replace(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    if (given[1] instanceof String empty && empty.isEmpty()) {
      throw Stop.value("D3010", "What $replace looks for cannot be the empty string.");
    }
    String text = (String) given[0];
    double limit = limit(given[3], "D3011", "replace");
    StringBuilder result = new StringBuilder();
    int from = 0;
    int count = 0;
    if (given[1] instanceof String wanted) {
      for (int at = StringFunctions.find(text, wanted, 0, run);
          at >= 0 && count < limit;
          at = StringFunctions.find(text, wanted, from, run)) {
        String by =
            given[2] instanceof Callable function
                ? called(function, plain(wanted, at, run), run)
                : (String) given[2];
        put(result, text, from, at, by == null ? "" : by, run);
        from = at + wanted.length();
        count++;
      }
    } else {
      Regex.Matches matches = regex(given[1], "replace").in(text, run);
      while (count < limit && matches.find()) {
        String by =
            given[2] instanceof Callable function
                ? called(function, matches.describe("start", run), run)
                : substituted(matches, given[2] == null ? "" : (String) given[2], run);
        put(result, text, from, matches.start(), by, run);
        from = matches.end();
        count++;
      }
    }
    put(result, text, from, text.length(), "", run);
    run.useText(result.length());
    return result.toString();
  }

  private static void put(StringBuilder result, String text, int from, int to, String by, Run run) {
    run.step();
    run.use(4L * (to - from + by.length()));
    result.append(text, from, to).append(by);
  }

  private static Map<String, Object> plain(String wanted, int at, Run run) {
    run.useMembers(4);
    return Map.of(
        "match",
        wanted,
        "start",
        (long) at,
        "end",
        (long) at + wanted.length(),
        "groups",
        List.of());
  }

  private static String called(Callable function, Map<String, Object> match, Run run) {
    Object by = Items.collapse(function.apply(new Object[] {match}, match, run));
    if (by instanceof String text) {
      return text;
    }
    throw Stop.type(
        "D3012",
        "The function of $replace has to give a string, and gave " + Values.kind(by) + ".");
  }

  /// `$0` is the whole match, `$1` its first group, `$$` a dollar. Of several digits as many count
  /// as there can be groups.
  private static String substituted(Regex.Matches match, String pattern, Run run) {
    int dollar = pattern.indexOf('$');
    if (dollar < 0) {
      return pattern;
    }
    StringBuilder text = new StringBuilder();
    int groups = match.groups();
    int digitsMax = groups == 0 ? 1 : (int) Math.floor(Math.log10(groups)) + 1;
    int from = 0;
    while (dollar >= 0) {
      run.step();
      text.append(pattern, from, dollar);
      from = dollar + 1;
      char next = from < pattern.length() ? pattern.charAt(from) : 0;
      if (next == '$') {
        text.append('$');
        from++;
      } else if (next >= '0' && next <= '9') {
        int end = digitsEnd(pattern, from, next == '0' ? 1 : digitsMax);
        int index = Integer.parseInt(pattern, from, end, 10);
        if (index > groups && end - from > 1) {
          end--;
          index = Integer.parseInt(pattern, from, end, 10);
        }
        String group = index <= groups ? match.group(index) : null;
        run.use(group == null ? 0 : 4L * group.length());
        text.append(group == null ? "" : group);
        from = end;
      } else {
        text.append('$');
      }
      dollar = pattern.indexOf('$', from);
    }
    return text.append(pattern, from, pattern.length()).toString();
  }

  private static int digitsEnd(String pattern, int from, int max) {
    int end = from;
    while (end < pattern.length()
        && end - from < max
        && pattern.charAt(end) >= '0'
        && pattern.charAt(end) <= '9') {
      end++;
    }
    return end;
  }
}
