package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Row;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The stored value of an extra that comes from readings.
final class LastValue {
  /// Longer cells are read anew instead of remembered.
  private static final int RAW_BYTES_MAX = 256;

  private static final int BYTES_OF_WEIGHT = 64;

  private byte @Nullable [] raw;
  final ExtraType type;
  final String value;

  /// The batch whose newest reading has it too.
  long batch;

  LastValue(Texts.Typed typed) {
    type = typed.type();
    value = typed.text();
  }

  /// Whether the cell has the very bytes that were seen last.
  boolean hasBytesOf(Row row, int column) {
    var known = raw;
    return known != null
        && known.length == row.length(column)
        && !row.hashed(column)
        && Arrays.equals(
            known,
            0,
            known.length,
            row.bytes(),
            row.offset(column),
            row.offset(column) + known.length);
  }

  void remember(Row row, int column) {
    if (row.length(column) > RAW_BYTES_MAX || row.hashed(column)) {
      raw = null;
      return;
    }
    raw =
        Arrays.copyOfRange(
            row.bytes(), row.offset(column), row.offset(column) + row.length(column));
  }

  /// What remembering it costs, one being that of a device or of a series.
  int weight() {
    var known = raw;
    return 1 + (value.length() + (known == null ? 0 : known.length)) / BYTES_OF_WEIGHT;
  }

  boolean is(Texts.Typed typed) {
    return type == typed.type() && value.equals(typed.text());
  }
}
