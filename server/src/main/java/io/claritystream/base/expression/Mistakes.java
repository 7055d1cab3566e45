package io.claritystream.base.expression;

import io.claritystream.base.expression.ExpressionFault.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What is wrong for certain with calls of functions, found by reading the expression: a function
/// that there is not, and a number of arguments that a built-in one never takes. Whatever the
/// expression could make true while it is evaluated is let pass.
final class Mistakes {

  private static final int MAX = 10;

  /// So many letters of a name may be wrong for another to be meant.
  private static final int DISTANCE_MAX = 3;

  private final List<ExpressionFault> found = new ArrayList<>();

  /// The variables that the expression gives a value to, wherever.
  private final Set<String> bound = new HashSet<>();

  /// Its strings: as a member's name, one can name a function of the expression's own.
  private final Set<String> strings = new HashSet<>();

  private Mistakes() {}

  static List<ExpressionFault> of(Syntax tree) {
    Mistakes mistakes = new Mistakes();
    mistakes.collect(tree);
    mistakes.walk(tree, 0);
    return List.copyOf(mistakes.found);
  }

  private void collect(Syntax syntax) {
    switch (syntax.type) {
      case BIND -> bound.add(syntax.part(0).text);
      case FOCUS, INDEX -> bound.add(syntax.part(1).text);
      case LAMBDA ->
          syntax.parts.subList(0, syntax.parts.size() - 1).forEach(each -> bound.add(each.text));
      case STRING -> strings.add(String.valueOf(syntax.value));
      default -> {}
    }
    syntax.parts.forEach(this::collect);
  }

  /// @param more arguments that a call is given beside those in its brackets
  private void walk(Syntax syntax, int more) {
    if (found.size() >= MAX) {
      return;
    }
    if (syntax.type == Syntax.Type.CALL) {
      called(syntax.part(0), syntax.position);
      count(syntax, more);
    }
    if (syntax.type == Syntax.Type.APPLY) {
      Syntax right = syntax.part(1);
      if (right.type == Syntax.Type.VARIABLE) {
        called(right, right.position);
      }
      walk(syntax.part(0), 0);
      walk(right, 1);
    } else {
      syntax.parts.forEach(part -> walk(part, 0));
    }
  }

  private void called(Syntax function, int position) {
    if (function.type == Syntax.Type.VARIABLE && !function.text.isEmpty()) {
      String name = function.text;
      if (!name.equals("$") && !bound.contains(name) && Functions.find(name) == null) {
        add(function.position, unknown("$" + Lexer.clip(name), nearest(name)));
      }
    } else if (function.type == Syntax.Type.NAME
        && !strings.contains(function.text)
        && Functions.find(function.text) != null) {
      add(position, unknown(function.text, function.text));
    }
  }

  private static String unknown(String shown, @Nullable String meant) {
    return "There is no function "
        + shown
        + (meant == null ? "; see the list of functions." : "; the nearest is $" + meant + ".");
  }

  private void count(Syntax call, int more) {
    Syntax function = call.part(0);
    if (function.type != Syntax.Type.VARIABLE
        || bound.contains(function.text)
        || call.parts.stream().anyMatch(part -> part.type == Syntax.Type.PLACEHOLDER)) {
      return;
    }
    Builtin builtin = Functions.find(function.text);
    int given = call.parts.size() - 1 + more;
    if (builtin != null && !builtin.signature().mayTake(given)) {
      found.add(
          new ExpressionFault(
              new Stop(
                  Kind.TYPE,
                  "T0410",
                  function.position,
                  builtin.signature().wrongCount(builtin.name(), given))));
    }
  }

  private void add(int position, String message) {
    found.add(new ExpressionFault(new Stop(Kind.UNDEFINED_FUNCTION, "T1006", position, message)));
  }

  private static @Nullable String nearest(String name) {
    String wanted = name.toLowerCase(Locale.ROOT);
    String nearest = null;
    int least = Math.min(DISTANCE_MAX, Math.max(1, wanted.length() / 2)) + 1;
    for (String known : Functions.list().keySet().stream().sorted().toList()) {
      int distance = distance(wanted, known.toLowerCase(Locale.ROOT), least);
      if (distance < least) {
        least = distance;
        nearest = known;
      }
    }
    return nearest;
  }

  /// How many letters have to be put in, taken out or changed; no more than `most` is counted.
  private static int distance(String from, String to, int most) {
    if (Math.abs(from.length() - to.length()) >= most) {
      return most;
    }
    int[] above = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      above[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int[] row = new int[to.length() + 1];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int changed = above[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(changed, 1 + Math.min(above[j], row[j - 1]));
      }
      above = row;
    }
    return above[to.length()];
  }
}
