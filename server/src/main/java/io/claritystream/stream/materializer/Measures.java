package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.ValueKind;
import io.claritystream.stream.materializer.Mapping.Value;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/// Tells the numbers that measure something from those that name, count or classify.
final class Measures {
  private static final int COLUMNS_MAX = 1_000;

  private static final Set<String> CODES =
      Set.of(
          "code",
          "status",
          "state",
          "mode",
          "quality",
          "flag",
          "flags",
          "version",
          "revision",
          "type",
          "level_code",
          "error",
          "year",
          "month",
          "seq",
          "sequence",
          "index",
          "idx",
          "rank",
          "zip",
          "phone",
          "no",
          "nr",
          "number",
          "id",
          "class",
          "category",
          "shift");

  private Measures() {}

  /// The columns that are metrics, save those that have another place already.
  static List<Value> of(TableFacts table, Collection<String> taken) {
    var values = new ArrayList<Value>();
    for (var column : table.columns()) {
      if (isMeasure(table, column)
          && !taken.contains(column.name())
          && values.size() < COLUMNS_MAX) {
        values.add(value(table, column));
      }
    }
    return values;
  }

  static boolean isMeasure(TableFacts table, Column column) {
    if (!column.kind().numeric() || column.key() || table.refers(column.name())) {
      return false;
    }
    var words = Words.of(column.name());
    if (words.isEmpty()) {
      return true;
    }
    var last = words.getLast();
    if (column.kind() != ValueKind.FLOAT && CODES.contains(last)) {
      return false;
    }
    return !(last.equals("id") || TimeColumns.isTimeNumber(column));
  }

  static Value value(TableFacts table, Column column) {
    var named = Units.of(column.name(), column.comment(), table.columnNames());
    return new Value(column.name(), Keys.shortened(column.name()), named.name(), named.unit());
  }
}
