package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.ChangeEvent;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/// Empties a table of a model, in portions, because a source's whole history is too much for one.
///
/// An agent that reads a table again clears it first, by an event that stands nowhere in the
/// log. For a table whose deleted rows stay that is no deletion: what is read again takes the place
/// of what is there under the same key, and the rest stays. Without a key nothing can take a place,
/// and only what is read again stays.
final class Emptying {
  private static final int PORTION = 5_000;

  private final RowStates states;
  private final ModelTable table;
  private final ChangeEvent event;

  Emptying(RowStates states, ModelTable table, ChangeEvent event) {
    this.states = states;
    this.table = table;
    this.event = event;
  }

  /// Takes rows, which are then to be gone.
  @FunctionalInterface
  interface Taker {
    void take(List<StoredRow> rows) throws SQLException;
  }

  /// @return whether rows of before stay
  boolean run(Taker taker) throws SQLException {
    var readAgain = event.position() == 0;
    if (table.keep && !readAgain) {
      for (var behind = new byte[0]; behind != null; ) {
        behind = states.release(table.id, behind, PORTION);
      }
      return true;
    }
    if (table.keep && event.schema().keyColumns() > 0) {
      return true;
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
    return false;
  }
}
