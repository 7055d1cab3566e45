package io.claritystream.stream.materializer;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/// Empties a table of a model, in portions, because a source's whole history is too much for one.
final class Emptying {
  private static final int PORTION = 5_000;

  private final RowStates states;
  private final ModelTable table;

  Emptying(RowStates states, ModelTable table) {
    this.states = states;
    this.table = table;
  }

  /// Takes rows, which are then to be gone.
  @FunctionalInterface
  interface Taker {
    void take(List<StoredRow> rows) throws SQLException;
  }

  void run(Taker taker) throws SQLException {
    if (table.keep) {
      for (var behind = new byte[0]; behind != null; ) {
        behind = states.release(table.id, behind, PORTION);
      }
      return;
    }
    var portion = new ArrayList<StoredRow>();
    states.ofTable(
        table.id,
        row -> {
          portion.add(row);
          if (portion.size() == PORTION) {
            taker.take(portion);
            portion.clear();
          }
        });
    if (!portion.isEmpty()) {
      taker.take(portion);
    }
  }
}
