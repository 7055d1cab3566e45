package io.claritystream.agent.postgres;

import io.claritystream.protocol.block.TableSchema;

/// A table's name in its two parts, neither quoted.
public record TableName(String namespace, String name) implements Comparable<TableName> {
  /// As SQL wants it.
  String quoted() {
    return quote(namespace) + "." + quote(name);
  }

  /// In one line, whatever the name is: what is printed for a person to paste must be what it says,
  /// and a line break in a name would end one line and begin another.
  static String quote(String identifier) {
    var quoted = '"' + identifier.replace("\"", "\"\"") + '"';
    if (identifier.chars().noneMatch(TableName::isUnseen)) {
      return quoted;
    }
    var escaped = new StringBuilder("U&");
    quoted
        .chars()
        .forEach(
            c -> {
              if (isUnseen(c)) {
                escaped.append("\\%04x".formatted(c));
              } else {
                escaped.append(c == '\\' ? "\\\\" : String.valueOf((char) c));
              }
            });
    return escaped.toString();
  }

  private static boolean isUnseen(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> false;
    };
  }

  @Override
  public int compareTo(TableName other) {
    var order = namespace.compareTo(other.namespace);
    return order != 0 ? order : name.compareTo(other.name);
  }

  /// For people, and as the platform calls it.
  @Override
  public String toString() {
    return TableSchema.qualified(namespace, name);
  }
}
