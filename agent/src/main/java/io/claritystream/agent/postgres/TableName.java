package io.claritystream.agent.postgres;

/// A table's name in its two parts, neither quoted.
public record TableName(String namespace, String name) implements Comparable<TableName> {
  /// As SQL wants it.
  String quoted() {
    return quote(namespace) + "." + quote(name);
  }

  static String quote(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }

  @Override
  public int compareTo(TableName other) {
    var order = namespace.compareTo(other.namespace);
    return order != 0 ? order : name.compareTo(other.name);
  }

  /// For people.
  @Override
  public String toString() {
    return namespace + "." + name;
  }
}
