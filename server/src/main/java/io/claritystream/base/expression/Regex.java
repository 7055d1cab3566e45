package io.claritystream.base.expression;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A regular expression, matched by RE2J in a time that grows evenly with the text. As a function
/// it gives its first match in a text.
final class Regex implements Callable {

  /// Of the compiled program: each character of a text costs up to so many steps.
  private static final int PROGRAM_MAX = 2_000;

  /// Of all in one expression, as [RegexSize] counts before they are compiled.
  private static final int ALL_PROGRAMS_MAX = 10_000;

  private static final int ALL_CLASSES_MAX = 20_000;

  private final Pattern pattern;
  private final RegexSize size;
  private final int cost;

  private Regex(Pattern pattern, RegexSize size) {
    this.pattern = pattern;
    this.size = size;
    this.cost = 1 + pattern.programSize() / 8;
  }

  /// @param before what those that came before it in the expression come to
  static Regex compile(String source, String flags, int position, RegexSize before) {
    String text = source.replace("\\/", "/");
    boolean ignoresCase = flags.indexOf('i') >= 0;
    RegexSize size;
    try {
      size = RegexSize.of(text, ignoresCase);
    } catch (Stop endless) {
      throw endless.at(position);
    }
    RegexSize all = before.plus(size);
    if (all.program() > ALL_PROGRAMS_MAX || all.classes() > ALL_CLASSES_MAX) {
      throw tooLarge(position);
    }
    int options = ignoresCase ? Pattern.CASE_INSENSITIVE : 0;
    options |= flags.indexOf('m') >= 0 ? Pattern.MULTILINE : 0;
    Pattern pattern;
    try {
      pattern = Pattern.compile(text, options);
    } catch (PatternSyntaxException wrong) {
      throw Stop.syntax(
          "S0303",
          position,
          "The regular expression cannot be used: "
              + wrong.getDescription()
              + "; lookahead, lookbehind and back references are not there.");
    } catch (StackOverflowError tooDeep) {
      throw Syntax.tooNested(position);
    }
    if (pattern.programSize() > PROGRAM_MAX) {
      throw tooLarge(position);
    }
    return new Regex(pattern, size);
  }

  private static Stop tooLarge(int position) {
    return Stop.tooLarge(
            "The regular expression is too large; use smaller repetitions such as {1,20}, and"
                + " fewer classes.")
        .at(position);
  }

  /// Counted before it was read.
  RegexSize size() {
    return size;
  }

  /// Goes through the matches in a text.
  final class Matches {
    private final String text;
    private final Matcher matcher;

    private Matches(String text, Run run) {
      this.text = text;
      this.matcher = pattern.matcher(new Counted(text, run, cost));
    }

    boolean find() {
      if (!matcher.find()) {
        return false;
      }
      if (matcher.end() == matcher.start()) {
        throw Stop.value(
            "D1004",
            "The regular expression matches nothing at all, such as an empty text; use + in place"
                + " of *.");
      }
      return true;
    }

    int start() {
      return matcher.start();
    }

    int end() {
      return matcher.end();
    }

    int groups() {
      return matcher.groupCount();
    }

    /// Nothing where the group took no part.
    @Nullable String group(int index) {
      int start = matcher.start(index);
      return start < 0 ? null : text.substring(start, matcher.end(index));
    }

    /// As `$match` and the function of `$replace` see it.
    Map<String, Object> describe(String indexName, Run run) {
      run.useMembers(4);
      run.useText(end() - start());
      Map<String, Object> match = new LinkedHashMap<>();
      match.put("match", text.substring(start(), end()));
      match.put(indexName, (long) start());
      if (!indexName.equals("index")) {
        match.put("end", (long) end());
      }
      Items groups = new Items(groups());
      for (int i = 1; i <= groups(); i++) {
        String group = group(i);
        run.useText(group == null ? 0 : group.length());
        groups.append(group == null ? "" : group, run);
      }
      match.put("groups", groups);
      return match;
    }
  }

  Matches in(String text, Run run) {
    return new Matches(text, run);
  }

  @Override
  public @Nullable Object apply(@Nullable Object[] arguments, @Nullable Object input, Run run) {
    if (arguments.length == 0 || arguments[0] == null) {
      return null;
    }
    if (!(arguments[0] instanceof String text)) {
      throw Stop.type("T0410", "A regular expression is matched with a string.");
    }
    Matches matches = in(text, run);
    return matches.find() ? matches.describe("start", run) : null;
  }

  @Override
  public int arity() {
    return 1;
  }

  /// Counts what the matcher reads, so that a match can be ended while it goes on.
  private record Counted(String text, Run run, int cost) implements CharSequence {

    Counted {
      Objects.requireNonNull(run);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public char charAt(int index) {
      run.steps(cost);
      return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      run.useText(end - start);
      return text.substring(start, end);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
