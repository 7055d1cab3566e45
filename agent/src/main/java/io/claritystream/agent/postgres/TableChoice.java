package io.claritystream.agent.postgres;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Which tables a person chose: `schema.table` or `schema.*`; nothing means all. A `*` stands for
/// any characters, in either part; names are taken as they are stored, without quotes. A table
/// without schema is one of `public`. What begins with `!` is left out, whatever else includes it.
public record TableChoice(List<String> patterns) {
  private static final int PATTERNS_MAX = 1_000;
  private static final String NOT = "!";

  public static final TableChoice ALL = new TableChoice(List.of());

  public TableChoice {
    patterns = List.copyOf(patterns);
    if (patterns.size() > PATTERNS_MAX) {
      throw new IllegalArgumentException("more than " + PATTERNS_MAX + " tables were named");
    }
    for (var pattern : patterns) {
      if (pattern.isBlank() || pattern.equals(NOT)) {
        throw new IllegalArgumentException("the name of a table is empty");
      }
    }
  }

  /// From `a.b,c.*`.
  public static TableChoice parse(String list) {
    return list.isBlank()
        ? ALL
        : new TableChoice(List.of(list.split(",", -1)).stream().map(String::strip).toList());
  }

  boolean includes(TableName table) {
    return (all() || named().anyMatch(pattern -> matches(pattern, table)))
        && excluded().noneMatch(pattern -> matches(pattern, table));
  }

  /// Whether all tables are included that are not excluded.
  boolean all() {
    return named().findAny().isEmpty();
  }

  private Stream<String> named() {
    return patterns.stream().filter(pattern -> !pattern.startsWith(NOT));
  }

  private Stream<String> excluded() {
    return patterns.stream()
        .filter(pattern -> pattern.startsWith(NOT))
        .map(pattern -> pattern.substring(NOT.length()));
  }

  /// The patterns that no table matches: most likely a slip of the pen. One that excludes a table
  /// that is not there yet is none.
  List<String> unmatched(List<TableName> tables) {
    return named()
        .filter(pattern -> tables.stream().noneMatch(table -> matches(pattern, table)))
        .toList();
  }

  /// With these as well, whatever left them out before.
  ///
  /// @throws IllegalArgumentException if what leaves one out leaves out others too
  public TableChoice with(TableChoice more) {
    var result = new ArrayList<>(patterns);
    for (var pattern : more.patterns) {
      result.removeIf(other -> other.startsWith(NOT) && covers(pattern, other.substring(1)));
      for (var other : result) {
        if (other.startsWith(NOT) && covers(other.substring(1), pattern)) {
          throw new IllegalArgumentException(
              pattern + " was left out with " + other.substring(1) + "; add that first");
        }
      }
      if (!all() && result.stream().noneMatch(other -> same(other, pattern))) {
        result.add(pattern);
      }
    }
    return new TableChoice(result);
  }

  /// Without these, whatever else includes them.
  public TableChoice without(TableChoice less) {
    var result = new ArrayList<>(patterns);
    for (var pattern : less.patterns) {
      // The last one that is named stays, for a choice that names nothing is one of all tables.
      var others = result.stream().filter(other -> !other.startsWith(NOT)).toList();
      var named = others.size() > 1 && result.removeIf(other -> same(other, pattern));
      if (!named || others.stream().anyMatch(other -> other.contains("*"))) {
        result.add(NOT + pattern);
      }
    }
    return new TableChoice(result.stream().distinct().toList());
  }

  private static boolean same(String one, String other) {
    return whole(one).equals(whole(other));
  }

  /// Whether every table of the second pattern is one of the first.
  private static boolean covers(String wide, String narrow) {
    return glob(whole(wide), whole(narrow));
  }

  private static String whole(String pattern) {
    return pattern.contains(".") ? pattern : "public." + pattern;
  }

  private static boolean matches(String pattern, TableName table) {
    return glob(pattern, table.toString())
        || glob(pattern, table.namespace() + "." + table.name())
        || !pattern.contains(".") && glob("public." + pattern, table.toString());
  }

  private static boolean glob(String pattern, String text) {
    if (!pattern.contains("*")) {
      return pattern.equals(text);
    }
    var parts = pattern.split("\\*", -1);
    var regex = new StringBuilder();
    for (var i = 0; i < parts.length; i++) {
      regex.append(i == 0 ? "" : ".*").append(Pattern.quote(parts[i]));
    }
    return Pattern.compile(regex.toString(), Pattern.DOTALL).matcher(text).matches();
  }

  /// As [#parse(String)] reads it.
  public String text() {
    return String.join(",", patterns);
  }
}
