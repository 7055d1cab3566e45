package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.ByteSink;
import io.claritystream.protocol.block.Row;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Gives the stored rows of a table the keys that its newest version tells rows apart by: its
/// source has got another primary key, or another replica identity.
final class Rekeying {
  private static final int PORTION = 5_000;

  /// In front of the new keys until no old one is left: in between they could be the same.
  private static final byte MARK = '!';

  private static final String UNMARK =
      """
      UPDATE analytics.row_state SET key = substring(key FROM 2)
      WHERE table_id = ? AND key >= '\\x21'::bytea AND key < '\\x22'::bytea
      """;

  private final Connection connection;
  private final RowStates states;
  private final Overlay keys;
  private final Emptying.@Nullable Taker untold;

  /// @param untold takes the rows that no key tells any more; null if they stay
  Rekeying(Connection connection, RowStates states, RowKeys keys, Emptying.@Nullable Taker untold) {
    this.connection = connection;
    this.states = states;
    this.keys = new Overlay(keys);
    this.untold = untold;
  }

  void run(TablePlan plan) throws SQLException {
    var portion = new ArrayList<StoredRow>();
    states.ofTable(
        plan.modelTable.id,
        row -> {
          if (row.key() != null) {
            portion.add(row);
          }
          if (portion.size() == PORTION) {
            rekey(plan, portion);
            portion.clear();
          }
        });
    rekey(plan, portion);
    try (var unmark = connection.prepareStatement(UNMARK)) {
      unmark.setInt(1, plan.modelTable.id);
      unmark.executeUpdate();
    }
    plan.modelTable.keyLayout = plan.keyLayout();
  }

  private void rekey(TablePlan plan, List<StoredRow> rows) throws SQLException {
    if (rows.isEmpty()) {
      return;
    }
    var places = new ArrayList<String>(rows.size());
    var anew = new RowSink();
    var gone = new ArrayList<StoredRow>();
    for (var row : rows) {
      var key = marked(plan, row);
      if (untold != null && !isTold(plan, row, key)) {
        gone.add(row);
        continue;
      }
      places.add(row.place());
      anew.add(row.plan(), key, row.born(), row.refers(), row.describes(), row.atUs(), row.row());
    }
    states.delete(places);
    if (!places.isEmpty()) {
      anew.copy(connection);
    }
    if (untold != null && !gone.isEmpty()) {
      untold.take(gone);
    }
  }

  /// Whether the row has all that the newest version's key is made of.
  private static boolean isTold(TablePlan plan, StoredRow row, byte @Nullable [] marked) {
    if (marked == null || marked[1] == '~') {
      return false;
    }
    for (var column : plan.keyColumns) {
      if (plan.columnIn(row.plan(), column) == TablePlan.ABSENT) {
        return false;
      }
    }
    return true;
  }

  /// The key that the newest version of the table would give the row; null if it gives it none.
  private byte @Nullable [] marked(TablePlan plan, StoredRow row) {
    var image = new ByteSink(row.row().imageLength());
    for (var i = 0; i < plan.schema.columns().size(); i++) {
      var column = plan.columnIn(row.plan(), i);
      if (column == TablePlan.ABSENT) {
        Row.writeMarker(Row.NULL, image);
      } else {
        row.row().writeCell(column, image);
      }
    }
    var key =
        keys.key(plan, Row.ofImage(image.toByteArray(), plan.schema.columns().size()), null, true);
    if (key == null) {
      return null;
    }
    var stored = Overlay.stored(key, row.born());
    var marked = new byte[stored.length + 1];
    marked[0] = MARK;
    System.arraycopy(stored, 0, marked, 1, stored.length);
    return marked;
  }
}
