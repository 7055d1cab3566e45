package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Row;

/// What of a row is shown otherwise than it came, or not at all. It follows from the row alone, so
/// that it can be taken back with the row: a table has the flaws of the rows that are there,
/// however often they were told.
///
/// @param failed whether nothing could be made of it
/// @param incomplete whether it has cells that were never told
/// @param timeReplaced whether it is a reading that stands at the time of its commit
/// @param withoutSession whether it does not say when the session was that it is
/// @param valuesLeftOut how many of its values are not among the extras, or not as they came, for
///     their place or size; what its minutes leave out is counted with those, see [Minutes]
record RowFlaws(
    boolean failed,
    boolean incomplete,
    boolean timeReplaced,
    boolean withoutSession,
    int valuesLeftOut) {
  static final RowFlaws NONE = new RowFlaws(false, false, false, false, 0);

  static boolean isLacking(Row row) {
    for (var i = 0; i < row.size(); i++) {
      if (row.length(i) == Row.UNCHANGED) {
        return true;
      }
    }
    return false;
  }

  boolean isNone() {
    return equals(NONE);
  }
}
