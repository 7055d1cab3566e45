package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.ByteSink;
import io.claritystream.protocol.block.Row;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
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
///
/// A row whose key stays the same is left as it is. No statement writes more than a portion,
/// because the time of each is limited: one that cannot end is tried again for ever.
final class Rekeying {
  private static final int PORTION = 5_000;

  /// In front of the new keys until no old one is left: in between they could be the same.
  private static final byte MARK = '!';

  /// By key, so that no portion looks at what those before it have left behind in the index.
  private static final String UNMARK =
      """
      WITH portion AS MATERIALIZED (
        SELECT ctid, key FROM analytics.row_state
        WHERE table_id = ? AND key > ? AND key < '\\x22'::bytea ORDER BY key LIMIT ?),
      unmarked AS (
        UPDATE analytics.row_state r SET key = substring(r.key FROM 2)
        FROM portion WHERE r.ctid = portion.ctid)
      SELECT key FROM portion ORDER BY key DESC LIMIT 1
      """;

  private final Connection connection;
  private final RowStates states;
  private final Overlay keys;
  private final Emptying.Taker surplus;
  private final RowKeys rowKeys;
  private final boolean withoutRetyped;
  private final Set<Lacks> lacking = new HashSet<>();
  private boolean retyped;

  /// @param surplus takes the elder rows of one key, where deleted rows do not stay
  /// @param withoutRetyped whether an image tells nothing of columns that had another type
  Rekeying(
      Connection connection,
      RowStates states,
      RowKeys keys,
      Emptying.Taker surplus,
      boolean withoutRetyped) {
    this.connection = connection;
    this.states = states;
    this.keys = new Overlay(keys);
    rowKeys = keys;
    this.surplus = surplus;
    this.withoutRetyped = withoutRetyped;
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
    for (var behind = new byte[] {MARK}; behind != null; ) {
      behind = unmark(plan.modelTable.id, behind);
    }
    plan.modelTable.keyLayout(
        plan.identity == TablePlan.Identity.IMAGE
            ? ImageKeys.of(plan.version, retyped, lacking).layout()
            : plan.keyLayout());
  }

  /// @return the key behind which the next ones begin; null if there are none
  private byte @Nullable [] unmark(int tableId, byte[] behind) throws SQLException {
    try (var unmark = connection.prepareStatement(UNMARK)) {
      unmark.setInt(1, tableId);
      unmark.setBytes(2, behind);
      unmark.setInt(3, PORTION);
      try (var last = unmark.executeQuery()) {
        return last.next() ? last.getBytes(1) : null;
      }
    }
  }

  private void rekey(TablePlan plan, List<StoredRow> rows) throws SQLException {
    var moving = new ArrayList<StoredRow>();
    var youngest = new HashMap<ByteBuffer, StoredRow>();
    var elder = new ArrayList<StoredRow>();
    for (var row : rows) {
      var bytes = keyOf(plan, row);
      if (Arrays.equals(bytes, row.key())) {
        continue;
      }
      moving.add(row);
      var key = ByteBuffer.wrap(bytes);
      var other = youngest.get(key);
      if (other == null || other.born() < row.born()) {
        youngest.put(key, row);
      }
      if (other != null) {
        elder.add(other.born() < row.born() ? other : row);
      }
    }
    if (moving.isEmpty()) {
      return;
    }
    var placed = new ArrayList<StoredRow>();
    lookAtPlaced(plan, youngest, elder, placed);
    var keep = plan.modelTable.keep;
    if (!keep && !(elder.isEmpty() && placed.isEmpty())) {
      var gone = new ArrayList<>(elder);
      gone.addAll(placed);
      surplus.take(gone);
      moving.removeAll(new HashSet<>(elder));
    }
    states.delete(moving.stream().map(StoredRow::place).toList());
    if (keep) {
      states.release(placed.stream().map(StoredRow::place).toList());
    }
    var anew = new RowSink();
    youngest.forEach((key, row) -> add(anew, row, marked(key.array())));
    if (keep) {
      elder.forEach(row -> add(anew, row, null));
    }
    if (!anew.isEmpty()) {
      anew.copy(connection);
    }
  }

  /// Compares with the rows that have their new keys: those of former portions, and those whose
  /// keys stay. What is elder of these goes to `placed`.
  private void lookAtPlaced(
      TablePlan plan,
      Map<ByteBuffer, StoredRow> youngest,
      List<StoredRow> elder,
      List<StoredRow> placed)
      throws SQLException {
    var wanted = new RowStates.Wanted();
    for (var key : youngest.keySet()) {
      var bytes = key.array();
      if (!RowKeys.hasBirth(bytes)) {
        wanted.add(plan.modelTable.id, bytes, 0, bytes.length);
        wanted.add(plan.modelTable.id, marked(bytes), 0, bytes.length + 1);
      }
    }
    states.ofKeys(
        wanted,
        other -> {
          var bytes = Objects.requireNonNull(other.key());
          if (bytes[0] == MARK) {
            bytes = Arrays.copyOfRange(bytes, 1, bytes.length);
          } else if (!Arrays.equals(bytes, keyOf(plan, other))) {
            return;
          }
          var key = ByteBuffer.wrap(bytes);
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

  private static byte[] marked(byte[] key) {
    var marked = new byte[key.length + 1];
    marked[0] = MARK;
    System.arraycopy(key, 0, marked, 1, key.length);
    return marked;
  }

  /// The key that the newest version of the table would give the row.
  private byte[] keyOf(TablePlan plan, StoredRow row) {
    var key = isTold(plan, row) ? key(plan, row) : null;
    return key == null ? RowKeys.untold(row.born()) : Overlay.stored(key, row.born());
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
    var lacks = Lacks.of(plan, row.plan(), withoutRetyped);
    retyped |= !withoutRetyped && !lacks.equals(Lacks.of(plan, row.plan(), true));
    lacking.add(lacks);
    var key = new ByteSink(RowKeys.PREFIX_LENGTH);
    rowKeys.writePrefix(plan, as, lacks, key);
    return key.toByteArray();
  }
}
