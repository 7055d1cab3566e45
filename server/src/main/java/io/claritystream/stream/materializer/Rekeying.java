package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.ByteSink;
import io.claritystream.protocol.block.Row;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Gives the stored rows of a table the keys that its newest version tells rows apart by: its
/// source has got another primary key, or another replica identity.
///
/// A row that was stored before a column came which the key is made of now has no such key: what
/// the column says in it nobody told. Until it is read again it is there, and no event finds it.
///
/// Several rows may get one key, as one that vanished while nobody looked is there still. The
/// youngest is the one that the key means.
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
  private final Emptying.Taker surplus;
  private final RowKeys rowKeys;
  private final Set<Lacks> lacking = new HashSet<>();

  /// @param surplus takes the elder rows of one key, where deleted rows do not stay
  Rekeying(Connection connection, RowStates states, RowKeys keys, Emptying.Taker surplus) {
    this.connection = connection;
    this.states = states;
    this.keys = new Overlay(keys);
    rowKeys = keys;
    this.surplus = surplus;
  }

  void run(TablePlan plan) throws SQLException {
    var portion = new ArrayList<StoredRow>();
    states.thereInTable(
        plan.modelTable.id,
        row -> {
          portion.add(row);
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
    plan.modelTable.keyLayout(
        plan.identity == TablePlan.Identity.IMAGE
            ? ImageKeys.of(plan.version, lacking).layout()
            : plan.keyLayout());
  }

  private void rekey(TablePlan plan, List<StoredRow> rows) throws SQLException {
    if (rows.isEmpty()) {
      return;
    }
    var youngest = new HashMap<ByteBuffer, StoredRow>();
    var elder = new ArrayList<StoredRow>();
    for (var row : rows) {
      var key = ByteBuffer.wrap(marked(plan, row));
      var other = youngest.get(key);
      if (other == null || other.born() < row.born()) {
        youngest.put(key, row);
      }
      if (other != null) {
        elder.add(other.born() < row.born() ? other : row);
      }
    }
    var placed = new ArrayList<StoredRow>();
    lookAtPlaced(plan, youngest, elder, placed);
    var keep = plan.modelTable.keep;
    if (!keep && !(elder.isEmpty() && placed.isEmpty())) {
      var gone = new ArrayList<>(elder);
      gone.addAll(placed);
      surplus.take(gone);
      rows = rows.stream().filter(row -> !elder.contains(row)).toList();
    }
    states.delete(rows.stream().map(StoredRow::place).toList());
    if (keep) {
      states.release(placed.stream().map(StoredRow::place).toList());
    }
    var anew = new RowSink();
    youngest.forEach((key, row) -> add(anew, row, key.array()));
    if (keep) {
      elder.forEach(row -> add(anew, row, null));
    }
    if (!anew.isEmpty()) {
      anew.copy(connection);
    }
  }

  /// Compares with the rows of former portions. Those that are elder go to `placed`.
  private void lookAtPlaced(
      TablePlan plan,
      Map<ByteBuffer, StoredRow> youngest,
      List<StoredRow> elder,
      List<StoredRow> placed)
      throws SQLException {
    var wanted = new RowStates.Wanted();
    for (var key : youngest.keySet()) {
      wanted.add(plan.modelTable.id, key.array(), 0, key.array().length);
    }
    states.ofKeys(
        wanted,
        other -> {
          var key = ByteBuffer.wrap(Objects.requireNonNull(other.key()));
          var row = Objects.requireNonNull(youngest.get(key));
          if (other.born() < row.born()) {
            placed.add(other);
          } else {
            youngest.remove(key);
            elder.add(row);
          }
        });
  }

  private static void add(RowSink anew, StoredRow row, byte @Nullable [] key) {
    anew.add(row.plan(), key, row.born(), row.refers(), row.describes(), row.atUs(), row.row());
  }

  /// The key that the newest version of the table would give the row.
  private byte[] marked(TablePlan plan, StoredRow row) {
    var key = isTold(plan, row) ? key(plan, row) : null;
    var stored = key == null ? RowKeys.untold(row.born()) : Overlay.stored(key, row.born());
    var marked = new byte[stored.length + 1];
    marked[0] = MARK;
    System.arraycopy(stored, 0, marked, 1, stored.length);
    return marked;
  }

  /// Whether the row has all that the newest version's key is made of.
  private static boolean isTold(TablePlan plan, StoredRow row) {
    for (var column : plan.keyColumns) {
      if (plan.columnIn(row.plan(), column) == TablePlan.ABSENT) {
        return false;
      }
    }
    return true;
  }

  private byte @Nullable [] key(TablePlan plan, StoredRow row) {
    var image = new ByteSink(row.row().imageLength());
    for (var i = 0; i < plan.schema.columns().size(); i++) {
      var column = plan.columnIn(row.plan(), i);
      if (column == TablePlan.ABSENT) {
        Row.writeMarker(Row.NULL, image);
      } else {
        row.row().writeCell(column, image);
      }
    }
    var as = Row.ofImage(image.toByteArray(), plan.schema.columns().size());
    if (plan.identity != TablePlan.Identity.IMAGE) {
      return keys.key(plan, as, null, true);
    }
    var lacks = Lacks.of(plan, row.plan());
    lacking.add(lacks);
    var key = new ByteSink(RowKeys.PREFIX_LENGTH);
    rowKeys.writePrefix(plan, as, lacks, key);
    return key.toByteArray();
  }
}
