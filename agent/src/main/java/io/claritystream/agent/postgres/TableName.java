package io.claritystream.agent.postgres;

import io.claritystream.protocol.block.TableSchema;

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

  /// For people, and as the platform calls it.
  @Override
  public String toString() {
    return TableSchema.qualified(namespace, name);
  }
}
