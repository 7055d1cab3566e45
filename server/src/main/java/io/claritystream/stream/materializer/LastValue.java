package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Row;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The value an extra had last, and what this batch writes of it.
final class LastValue {
  /// Longer cells are read anew instead of remembered.
  private static final int RAW_BYTES_MAX = 256;

  private static final int BYTES_OF_WEIGHT = 64;

  private byte @Nullable [] raw;
  ExtraType type;
  String value;

  /// What is to be written, in the batch that made it.
  @Nullable ExtraWrite write;

  long batch;

  LastValue(ExtraType type, String value) {
    this.type = type;
    this.value = value;
  }

  /// Whether the cell has the very bytes that were seen last.
  boolean hasBytesOf(Row row, int column) {
    var known = raw;
    return known != null
        && known.length == row.length(column)
        && Arrays.equals(
            known,
            0,
            known.length,
            row.bytes(),
            row.offset(column),
            row.offset(column) + known.length);
  }

  void remember(Row row, int column) {
    if (row.length(column) > RAW_BYTES_MAX) {
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

  boolean is(ExtraType otherType, String otherValue) {
    return type == otherType && value.equals(otherValue);
  }
}
