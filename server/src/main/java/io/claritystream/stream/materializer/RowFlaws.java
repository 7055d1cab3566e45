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
record RowFlaws(boolean failed, boolean incomplete, boolean timeReplaced, boolean withoutSession) {
  static final RowFlaws NONE = new RowFlaws(false, false, false, false);

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
