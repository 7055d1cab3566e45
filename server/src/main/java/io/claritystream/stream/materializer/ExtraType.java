package io.claritystream.stream.materializer;

/// The types that extras are stored by, a table each.
enum ExtraType {
  TEXT("analytics.extras_text", "text"),
  NUM("analytics.extras_num", "numeric"),
  BOOL("analytics.extras_bool", "boolean"),
  TIME("analytics.extras_time", "timestamptz");

  final String table;
  final String sqlType;

  ExtraType(String table, String sqlType) {
    this.table = table;
    this.sqlType = sqlType;
  }
}
