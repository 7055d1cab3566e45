package io.claritystream.base.expression;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What arguments a function takes, as the language writes it: `<s-nn?:s>` takes a string (or the
/// current thing, where it is left out), a number and perhaps another. What comes after the colon
/// tells people what comes back, and nothing is made of it.
final class Signature {

  /// @param accepts the symbols of what is taken; `m`, nothing, is always taken
  /// @param list whether one thing becomes a list of one
  /// @param of what a list has to hold, 0 for anything
  private record Parameter(
      String accepts, boolean list, char of, boolean optional, boolean repeated, boolean context) {

    boolean takes(@Nullable Object value) {
      return accepts.indexOf(Values.symbol(value)) >= 0;
    }
  }

  private final List<Parameter> parameters;

  private Signature(List<Parameter> parameters) {
    this.parameters = List.copyOf(parameters);
  }

  int size() {
    return parameters.size();
  }

  /// Whether there are values that fit, if so many are given.
  boolean mayTake(int given) {
    return given >= least() && given <= most();
  }

  private int least() {
    return (int) parameters.stream().filter(each -> !each.optional && !each.context).count();
  }

  private int most() {
    return parameters.stream().anyMatch(Parameter::repeated) ? Integer.MAX_VALUE : size();
  }

  /// Says so of a number that it cannot take.
  String wrongCount(String function, int given) {
    boolean few = given < least();
    int limit = few ? least() : most();
    return shown(function)
        + " takes "
        + limit
        + (limit == 1 ? " argument at " : " arguments at ")
        + (few ? "least" : "most")
        + ", and was given "
        + (given == 0 ? "none" : given)
        + ".";
  }

  static Signature parse(String text, int position) {
    List<Parameter> parameters = new ArrayList<>();
    int at = 1;
    while (at < text.length() && text.charAt(at) != ':' && text.charAt(at) != '>') {
      char c = text.charAt(at);
      String accepts;
      if (c == '(') {
        int end = text.indexOf(')', at);
        if (end < 0 || text.substring(at, end).indexOf('<') >= 0) {
          throw Stop.syntax(
              "S0402", position, "The signature " + Lexer.clip(text) + " cannot be read.");
        }
        accepts = text.substring(at + 1, end) + "m";
        at = end;
      } else {
        accepts =
            switch (c) {
              case 's', 'n', 'b', 'l', 'o' -> c + "m";
              case 'a', 'x' -> "asnblfom";
              case 'j' -> "asnblom";
              case 'f' -> "f";
              default ->
                  throw Stop.syntax(
                      "S0401",
                      position,
                      "The signature "
                          + Lexer.clip(text)
                          + " knows s n b l a o f j x, and not "
                          + c
                          + ".");
            };
      }
      at++;
      char of = 0;
      if (at < text.length() && text.charAt(at) == '<') {
        if (c != 'a' && c != 'f') {
          throw Stop.syntax(
              "S0401", position, "In a signature only a and f can say what they hold.");
        }
        int end = closing(text, at);
        of = c == 'a' ? text.charAt(at + 1) : 0;
        at = end + 1;
      }
      boolean optional = false;
      boolean repeated = false;
      boolean context = false;
      while (at < text.length() && "?+-".indexOf(text.charAt(at)) >= 0) {
        optional |= text.charAt(at) == '?';
        repeated |= text.charAt(at) == '+';
        context |= text.charAt(at) == '-';
        at++;
      }
      parameters.add(new Parameter(accepts, c == 'a', of, optional, repeated, context));
    }
    return new Signature(parameters);
  }

  private static int closing(String text, int open) {
    int depth = 0;
    for (int at = open; at < text.length(); at++) {
      depth += text.charAt(at) == '<' ? 1 : text.charAt(at) == '>' ? -1 : 0;
      if (depth == 0) {
        return at;
      }
    }
    return text.length() - 1;
  }

  /// The arguments as the function wants them, one for each parameter at least.
  @Nullable Object[] fit(
      String function, @Nullable Object[] given, @Nullable Object input, Run run) {
    int[] counts = counts(function, given, run);
    Object[] fitted = new Object[Math.max(parameters.size(), given.length)];
    int from = 0;
    int to = 0;
    for (int i = 0; i < counts.length; i++) {
      Parameter parameter = parameters.get(i);
      if (counts[i] == 0) {
        fitted[to++] = parameter.context ? current(function, i, parameter, input) : null;
      }
      for (int taken = 0; taken < counts[i]; taken++) {
        Object value = given[from];
        if (parameter.list && value != null) {
          value = asList(function, from, parameter, value, run);
        }
        fitted[to++] = value;
        from++;
      }
    }
    return fitted;
  }

  private static Object asList(
      String function, int index, Parameter parameter, Object value, Run run) {
    if (value instanceof List<?> list) {
      if (parameter.of != 0) {
        run.steps(list.size());
        for (Object item : list) {
          if (parameter.of != 'x' && Values.symbol(Values.of(item)) != parameter.of) {
            throw wrongItems(function, index, parameter);
          }
        }
      }
      return list;
    }
    if (parameter.of != 0 && parameter.of != 'x' && Values.symbol(value) != parameter.of) {
      throw wrongItems(function, index, parameter);
    }
    run.useItems(1);
    return Items.sequenceOf(value);
  }

  private static @Nullable Object current(
      String function, int index, Parameter parameter, @Nullable Object input) {
    Object current = Simple.unwrap(input);
    if (!parameter.takes(current)) {
      throw Stop.type(
          "T0411",
          "Argument "
              + (index + 1)
              + " of "
              + shown(function)
              + " is left out, and the current value, "
              + Values.kind(current)
              + ", cannot stand for it.");
    }
    return current;
  }

  /// How many arguments each parameter takes, the first ones as many as they can.
  private int[] counts(String function, @Nullable Object[] given, Run run) {
    int[] counts = new int[parameters.size()];
    if (given.length == counts.length && eachTakesItsOwn(given)) {
      Arrays.fill(counts, 1);
      return counts;
    }
    // fits[p][a]: the parameters from p on can take the arguments from a on.
    run.steps((long) (counts.length + 1) * (given.length + 1));
    boolean[][] fits = new boolean[counts.length + 1][given.length + 1];
    fits[counts.length][given.length] = true;
    for (int p = counts.length - 1; p >= 0; p--) {
      Parameter parameter = parameters.get(p);
      for (int a = given.length; a >= 0; a--) {
        boolean taken =
            a < given.length
                && parameter.takes(given[a])
                && (fits[p + 1][a + 1] || parameter.repeated && fits[p][a + 1]);
        fits[p][a] = taken || (parameter.optional || parameter.context) && fits[p + 1][a];
      }
    }
    if (!fits[0][0]) {
      throw mismatch(function, given);
    }
    int a = 0;
    for (int p = 0; p < counts.length; p++) {
      Parameter parameter = parameters.get(p);
      while (a < given.length
          && parameter.takes(given[a])
          && (counts[p] == 0 || parameter.repeated)
          && (fits[p + 1][a + 1] || parameter.repeated && fits[p][a + 1])) {
        counts[p]++;
        a++;
      }
    }
    return counts;
  }

  private boolean eachTakesItsOwn(@Nullable Object[] given) {
    for (int i = 0; i < given.length; i++) {
      if (!parameters.get(i).takes(given[i])) {
        return false;
      }
    }
    return true;
  }

  private Stop mismatch(String function, @Nullable Object[] given) {
    for (int i = 0; i < given.length && i < parameters.size(); i++) {
      if (!parameters.get(i).takes(given[i])) {
        return Stop.type(
            "T0410",
            "Argument "
                + (i + 1)
                + " of "
                + shown(function)
                + " is "
                + Values.kind(given[i])
                + "; it has to be "
                + expected(parameters.get(i))
                + ".");
      }
    }
    return Stop.type(
        "T0410",
        mayTake(given.length)
            ? "The arguments of " + shown(function) + " do not fit in their order."
            : wrongCount(function, given.length));
  }

  private static Stop wrongItems(String function, int index, Parameter parameter) {
    return Stop.type(
        "T0412",
        "Argument "
            + (index + 1)
            + " of "
            + shown(function)
            + " has to be a list of "
            + switch (parameter.of) {
              case 'n' -> "numbers";
              case 's' -> "strings";
              case 'o' -> "objects";
              case 'b' -> "booleans";
              default -> "lists";
            }
            + ".");
  }

  private static String shown(String function) {
    return function.equals("function") ? "the function" : "$" + function;
  }

  private static String expected(Parameter parameter) {
    if (parameter.list) {
      return "a list";
    }
    StringBuilder words = new StringBuilder();
    for (int i = 0; i < parameter.accepts.length(); i++) {
      String word =
          switch (parameter.accepts.charAt(i)) {
            case 's' -> "a string";
            case 'n' -> "a number";
            case 'b' -> "a boolean";
            case 'o' -> "an object";
            case 'f' -> "a function";
            case 'l' -> "null";
            case 'a' -> "a list";
            default -> "";
          };
      if (!word.isEmpty()) {
        words.append(words.isEmpty() ? "" : " or ").append(word);
      }
    }
    return words.toString();
  }
}
