package io.claritystream.agent.postgres;

import java.util.List;
import java.util.regex.Pattern;

/// Which tables a person chose: `schema.table` or `schema.*`; nothing means all. A `*` stands for
/// any characters, in either part; names are taken as they are stored, without quotes. A table
/// without schema is one of `public`.
public record TableChoice(List<String> patterns) {
  private static final int PATTERNS_MAX = 1_000;

  public static final TableChoice ALL = new TableChoice(List.of());

  public TableChoice {
    patterns = List.copyOf(patterns);
    if (patterns.size() > PATTERNS_MAX) {
      throw new IllegalArgumentException("more than " + PATTERNS_MAX + " tables were named");
    }
    for (var pattern : patterns) {
      if (pattern.isBlank()) {
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

  boolean all() {
    return patterns.isEmpty();
  }

  boolean includes(TableName table) {
    return all() || patterns.stream().anyMatch(pattern -> matches(pattern, table));
  }

  /// The patterns that no table matches: most likely a slip of the pen.
  List<String> unmatched(List<TableName> tables) {
    return patterns.stream()
        .filter(pattern -> tables.stream().noneMatch(table -> matches(pattern, table)))
        .toList();
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
