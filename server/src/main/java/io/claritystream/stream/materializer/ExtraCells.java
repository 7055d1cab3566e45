package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Row;
import org.jspecify.annotations.Nullable;

/// Reads the extras out of rows. Used by one thread.
final class ExtraCells {
  static final int NO_COLUMN = -1;

  private final Documents documents = new Documents();
  private final Decimal decimal = new Decimal();

  /// Takes an extra; `column` is its cell, [#NO_COLUMN] where the cell has several.
  @FunctionalInterface
  interface Taker {
    void take(ExtraKey key, Texts.Typed value, int column);
  }

  /// Knows the value of a cell already, or does not.
  @FunctionalInterface
  interface Known {
    boolean isSame(ExtraKey key, int column);
  }

  /// Admits the keys of a row, as each event does in its turn whether its row counts or not.
  ///
  /// @return how many values find no room, or are not as they came for their size
  int admit(TablePlan plan, Row row) {
    var leftOut = 0;
    for (var extra : plan.extras) {
      if (!row.hasText(extra.column())) {
        continue;
      }
      if (isDocument(extra, row)) {
        leftOut +=
            documents.read(row, extra.column(), extra.path(), plan.keys, (key, type, value) -> {});
      } else if (key(plan, extra) == null || Texts.isBent(row, extra.column(), extra.kind())) {
        leftOut++;
      }
    }
    return leftOut;
  }

  /// @return the same as [#admit]
  int read(TablePlan plan, Row row, Taker taker) {
    return read(plan, row, (key, column) -> false, taker);
  }

  /// @param known says of which cells nothing has to be read; they are not counted
  int read(TablePlan plan, Row row, Known known, Taker taker) {
    var leftOut = 0;
    for (var extra : plan.extras) {
      var column = extra.column();
      if (!row.hasText(column)) {
        continue;
      }
      if (isDocument(extra, row)) {
        leftOut +=
            documents.read(
                row,
                column,
                extra.path(),
                plan.keys,
                (key, type, value) -> taker.take(key, new Texts.Typed(type, value), NO_COLUMN));
        continue;
      }
      var key = key(plan, extra);
      if (key == null) {
        leftOut++;
      } else if (!known.isSame(key, column)) {
        leftOut += Texts.isBent(row, column, extra.kind()) ? 1 : 0;
        taker.take(key, Texts.value(row, column, extra.kind(), decimal), column);
      }
    }
    return leftOut;
  }

  private static boolean isDocument(TablePlan.ExtraColumn extra, Row row) {
    return TablePlan.isDocument(extra.kind()) && !row.hashed(extra.column());
  }

  private static @Nullable ExtraKey key(TablePlan plan, TablePlan.ExtraColumn extra) {
    var key = extra.key();
    return key == null ? plan.keys.key(extra.path()) : key;
  }
}
