package io.claritystream.stream.bronze;

import io.claritystream.protocol.block.ByteSink;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.PayloadJson;
import io.claritystream.protocol.block.TableSchema;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The rows of one ingest transaction, built straight from the bytes of the blocks into the form
/// that binary COPY takes: nothing is allocated for a value. Filled by one thread, then copied by
/// another; reused after [#clear].
public final class BronzeBatch {
  /// With more refused rows than this it is not one of them that is to blame: the rest of their day
  /// is wrapped at once.
  public static final int REFUSED_MAX = 100;

  private static final long MS_A_DAY = 86_400_000L;
  private static final int FIELDS = 12;
  private static final int JSONB_VERSION = 1;
  private static final int SCHEMAS_REMEMBERED_MAX = 20_000;

  /// PostgreSQL counts its microseconds from 2000.
  private static final long EPOCH_2000_US = 946_684_800_000_000L;

  /// 4713 BC, where `timestamptz` begins. It ends later than 64 bits of microseconds do.
  private static final long TIME_MIN_US = -210_866_803_200_000_000L;

  private static final byte[] HEX = "0123456789ABCDEF".getBytes(StandardCharsets.US_ASCII);
  private static final byte[][] LABELS = labels();

  private final PayloadJson payloads = new PayloadJson();
  private final Map<TableSchema, byte[]> names = new IdentityHashMap<>();
  private final Map<Long, Leaf> leaves = new TreeMap<>();
  private @Nullable Leaf last;
  private int size;

  /// What became of a row that PostgreSQL refused.
  public sealed interface Outcome {
    /// Which of the added events, counted from 0.
    int event();

    SQLException cause();

    /// It is stored, with its whole payload wrapped.
    record Wrapped(int event, SQLException cause) implements Outcome {}

    /// It is not stored: its id is there already, or nothing helps.
    record Refused(int event, SQLException cause) implements Outcome {}
  }

  /// Adds an event of the source.
  ///
  /// @param capturedMs as [CaptureWindow] holds it
  /// @param schemaVersion the version of its table's schema, in `control.source_table`
  public void add(
      SourceEpoch source,
      ChangeEvent event,
      int schemaVersion,
      long capturedMs,
      Instant ingestedAt) {
    var leaf = leaf(Math.floorDiv(capturedMs, MS_A_DAY));
    var row = leaf.rows();
    row.int16(FIELDS);
    row.int32(16).int64(source.high(capturedMs, event.seq())).int64(source.low(event.seq()));
    uuid(row, source.tenantId());
    uuid(row, source.sourceId());
    row.int32(4).int32(source.epoch());
    row.int32(8).int64(event.seq());
    bytes(row, LABELS[event.op().ordinal()]);
    bytes(row, name(event.schema()));
    row.int32(4).int32(schemaVersion);
    lsn(row, event.position());
    time(row, event.committedAtUs());
    var lengthAt = row.size();
    row.int32(0).put(JSONB_VERSION);
    payloads.write(event, row);
    row.int32At(lengthAt, row.size() - lengthAt - 4);
    time(row, ingestedAt.getEpochSecond() * 1_000_000 + ingestedAt.getNano() / 1_000);
    leaf.rowEnds(size++);
  }

  public int size() {
    return size;
  }

  /// Bytes that would be sent.
  public long bytes() {
    return leaves.values().stream().mapToLong(leaf -> leaf.rows().size()).sum();
  }

  /// The days that must have a partition before this is copied.
  public List<LocalDate> days() {
    return leaves.values().stream().filter(leaf -> leaf.count() > 0).map(Leaf::day).toList();
  }

  /// Forgets the rows and keeps the room.
  public void clear() {
    size = 0;
    leaves.values().removeIf(leaf -> leaf != last);
    leaves.values().forEach(Leaf::clear);
  }

  /// Writes all rows in the connection's transaction. On any failure that transaction is over.
  public void copy(Connection connection) throws SQLException {
    for (var leaf : leaves.values()) {
      if (leaf.count() > 0) {
        leaf.copy(connection, 0, leaf.count());
      }
    }
  }

  /// Writes all rows but those that PostgreSQL refuses for what is in them, which it finds by
  /// halving under savepoints; those it stores wrapped where that helps. Beyond [#REFUSED_MAX] it
  /// does not look for the guilty ones and wraps them all.
  ///
  /// @throws SQLException for any failure that is not a row's own
  public List<Outcome> copyOneByOne(Connection connection) throws SQLException {
    var outcomes = new ArrayList<Outcome>();
    for (var leaf : leaves.values()) {
      if (leaf.count() > 0) {
        halve(connection, leaf, 0, leaf.count(), outcomes);
      }
    }
    return outcomes;
  }

  private void halve(Connection connection, Leaf leaf, int from, int to, List<Outcome> outcomes)
      throws SQLException {
    var before = connection.setSavepoint();
    var wrapped = outcomes.size() >= REFUSED_MAX;
    try {
      if (wrapped) {
        leaf.copyWrapped(connection, from, to);
        var cause = outcomes.getLast().cause();
        for (var row = from; row < to; row++) {
          outcomes.add(new Outcome.Wrapped(leaf.event(row), cause));
        }
      } else {
        leaf.copy(connection, from, to);
      }
      connection.releaseSavepoint(before);
      return;
    } catch (SQLException e) {
      if (!ofTheRow(e)) {
        throw e;
      }
      connection.rollback(before);
      if (to - from == 1) {
        outcomes.add(
            wrapped
                ? new Outcome.Refused(leaf.event(from), e)
                : wrap(connection, leaf, from, e, before));
        return;
      }
    }
    var middle = from + to >>> 1;
    halve(connection, leaf, from, middle, outcomes);
    halve(connection, leaf, middle, to, outcomes);
  }

  private Outcome wrap(
      Connection connection, Leaf leaf, int row, SQLException cause, Savepoint before)
      throws SQLException {
    var event = leaf.event(row);
    try {
      leaf.copyWrapped(connection, row, row + 1);
      connection.releaseSavepoint(before);
      return new Outcome.Wrapped(event, cause);
    } catch (SQLException e) {
      if (!ofTheRow(e)) {
        throw e;
      }
      connection.rollback(before);
      return new Outcome.Refused(event, cause);
    }
  }

  /// Classes 22 (the value) and 23 (the key) are about the row; 54 is a limit that it exceeds.
  private static boolean ofTheRow(SQLException e) {
    var state = e.getSQLState();
    return state != null
        && (state.startsWith("22") || state.startsWith("23") || state.startsWith("54"));
  }

  private Leaf leaf(long epochDay) {
    var leaf = last;
    if (leaf == null || leaf.epochDay() != epochDay) {
      leaf = leaves.computeIfAbsent(epochDay, Leaf::new);
      last = leaf;
    }
    return leaf;
  }

  private byte[] name(TableSchema schema) {
    var known = names.get(schema);
    if (known != null) {
      return known;
    }
    if (names.size() >= SCHEMAS_REMEMBERED_MAX) {
      names.clear();
    }
    // No source of ours can name a table so; a NUL would stop the whole batch.
    var made = schema.qualifiedName().replace('\0', '\ufffd').getBytes(StandardCharsets.UTF_8);
    names.put(schema, made);
    return made;
  }

  private static void uuid(ByteSink row, java.util.UUID value) {
    row.int32(16).int64(value.getMostSignificantBits()).int64(value.getLeastSignificantBits());
  }

  private static void bytes(ByteSink row, byte[] value) {
    row.int32(value.length).put(value);
  }

  private static void time(ByteSink row, long us) {
    row.int32(8).int64(Math.max(us, TIME_MIN_US) - EPOCH_2000_US);
  }

  /// `16/B374D848`, as PostgreSQL writes positions.
  private static void lsn(ByteSink row, long position) {
    var lengthAt = row.size();
    row.int32(0);
    hex(row, (int) (position >>> 32));
    row.put('/');
    hex(row, (int) position);
    row.int32At(lengthAt, row.size() - lengthAt - 4);
  }

  private static void hex(ByteSink row, int value) {
    var digits = Math.max(1, (35 - Integer.numberOfLeadingZeros(value)) / 4);
    for (var shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
      row.put(HEX[value >>> shift & 0xf]);
    }
  }

  private static byte[][] labels() {
    var ops = Op.values();
    var labels = new byte[ops.length][];
    for (var op : ops) {
      labels[op.ordinal()] = op.label().getBytes(StandardCharsets.US_ASCII);
    }
    return labels;
  }
}
