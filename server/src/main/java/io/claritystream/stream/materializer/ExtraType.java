package io.claritystream.stream.materializer;

/// The types that extras are stored by, a table each.
enum ExtraType {
  TEXT("text", "text"),
  NUM("num", "numeric"),
  BOOL("bool", "boolean"),
  TIME("time", "timestamptz");

  /// Behind `analytics.extras_`.
  final String table;
  final String sqlType;

  ExtraType(String table, String sqlType) {
    this.table = table;
    this.sqlType = sqlType;
  }
}
