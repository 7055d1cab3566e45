package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.ChangeEvent;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/// Empties a table of a model, in portions, because a source's whole history is too much for one.
///
/// An agent that reads a table again clears it first, by an event that stands nowhere in the
/// log. For a table whose deleted rows stay that is no deletion: what is read again takes the place
/// of what is there under the same key, and the rest stays. What no key tells goes, as nothing
/// that is read could take its place.
///
/// An event that clears a table and tells none of its columns says that it is captured no more. Of
/// a table whose deleted rows stay those stay then, and they alone: the others were not deleted,
/// and may be read under another name.
final class Emptying {
  private static final int PORTION = 5_000;

  private final RowStates states;
  private final ModelTable table;
  private final ChangeEvent event;

  /// What no key tells of a table whose deleted rows stay goes with the first row of it that is
  /// read in an epoch. A new copy of all tables begins with no event that clears them.
  static void untold(RowStates states, ModelTable table, int epoch, Taker taker)
      throws SQLException {
    inPortions(taker, each -> states.untoldInTable(table.id, Ordinal.of(epoch, 0), each));
  }

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
    inPortions(taker, this::ask);
    return table.keep;
  }

  private void ask(RowStates.Taker each) throws SQLException {
    if (!table.keep) {
      states.ofTable(table.id, each);
    } else if (event.schema().columns().isEmpty()) {
      states.thereInTable(table.id, each);
    } else {
      states.untoldInTable(table.id, Long.MAX_VALUE, each);
    }
  }

  @FunctionalInterface
  private interface Question {
    void ask(RowStates.Taker each) throws SQLException;
  }

  private static void inPortions(Taker taker, Question question) throws SQLException {
    var portion = new ArrayList<StoredRow>();
    question.ask(
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
