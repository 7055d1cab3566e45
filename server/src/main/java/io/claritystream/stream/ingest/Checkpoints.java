package io.claritystream.stream.ingest;

import io.claritystream.protocol.block.Lsn;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What is stored of how far partitions were read and sources are durable. Every change names what
/// it changes *from*, and says whether it found that.
final class Checkpoints {

  private static final String CLAIM =
      """
      INSERT INTO control.checkpoint_partition (topic_id, partition, next_offset, updated_at)
      VALUES (?, ?, 0, ?)
      ON CONFLICT DO NOTHING
      """;

  private static final String POSITION =
      """
      SELECT next_offset FROM control.checkpoint_partition WHERE topic_id = ? AND partition = ?
      """;

  private static final String FENCE =
      """
      UPDATE control.checkpoint_partition SET next_offset = ?, updated_at = ?
      WHERE topic_id = ? AND partition = ? AND next_offset = ?
      """;

  private static final String MARK =
      """
      SELECT epoch, session, bronze_seq, digest, position, position_seq, events_total, last_commit_at,
        last_captured_at, model_id
      FROM control.checkpoint_source
      WHERE source_id = ?
      """;

  private static final String MOVE =
      """
      UPDATE control.checkpoint_source AS c
      SET epoch = n.epoch, session = n.session, bronze_seq = n.seq, applied_seq = n.seq, digest = n.digest,
        position = n.position, position_seq = n.position_seq, events_total = n.events_total,
        last_commit_at = n.last_commit_at, last_captured_at = n.last_captured_at, model_id = n.model, updated_at = ?
      FROM unnest(?::uuid[], ?::integer[], ?::bigint[], ?::bigint[], ?::integer[], ?::bigint[], ?::bigint[],
          ?::bytea[], ?::text[], ?::bigint[], ?::bigint[], ?::timestamptz[], ?::timestamptz[], ?::integer[], ?::integer[])
        AS n (source_id, old_epoch, old_session, old_seq, epoch, session, seq, digest, position, position_seq,
          events_total, last_commit_at, last_captured_at, old_model, model)
      WHERE c.source_id = n.source_id AND c.epoch = n.old_epoch AND c.session = n.old_session
        AND c.bronze_seq = n.old_seq AND c.model_id = n.old_model
      """;

  private static final String BEGIN =
      """
      INSERT INTO control.checkpoint_source (source_id, tenant_id, epoch, session, bronze_seq, applied_seq,
        digest, position, position_seq, events_total, last_commit_at, last_captured_at, updated_at,
        model_id)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING
      """;

  private static final String FOLD =
      "UPDATE control.checkpoint_source SET model_id = ? WHERE source_id = ? AND model_id = ?";

  /// All rows of the partition, whatever the topic: only one of them is moved.
  private static final String HOLD =
      "SELECT FROM control.checkpoint_partition WHERE partition = ? FOR UPDATE";

  /// Where the partition of this topic is to be read from; 0 the first time.
  long position(Connection connection, UUID topicId, int partition, Instant now)
      throws SQLException {
    try (var claim = connection.prepareStatement(CLAIM)) {
      claim.setString(1, topicId.toString());
      claim.setInt(2, partition);
      claim.setObject(3, at(now));
      claim.executeUpdate();
    }
    try (var select = connection.prepareStatement(POSITION)) {
      select.setString(1, topicId.toString());
      select.setInt(2, partition);
      try (var found = select.executeQuery()) {
        if (!found.next()) {
          throw new SQLException(
              "no checkpoint of partition " + partition + " right after it was made", "XX000");
        }
        return found.getLong(1);
      }
    }
  }

  /// The first statement of each transaction. False: another one has moved the partition on.
  boolean fence(Connection connection, UUID topicId, int partition, long from, long to, Instant now)
      throws SQLException {
    try (var update = connection.prepareStatement(FENCE)) {
      update.setLong(1, to);
      update.setObject(2, at(now));
      update.setString(3, topicId.toString());
      update.setInt(4, partition);
      update.setLong(5, from);
      return update.executeUpdate() == 1;
    }
  }

  Optional<Mark> mark(Connection connection, UUID sourceId) throws SQLException {
    try (var select = connection.prepareStatement(MARK)) {
      select.setObject(1, sourceId);
      try (var found = select.executeQuery()) {
        return found.next() ? Optional.of(mark(found)) : Optional.empty();
      }
    }
  }

  /// The source's next events are folded into another model. False: they were not folded into
  /// `from` any more.
  boolean fold(Connection connection, UUID sourceId, int from, int to) throws SQLException {
    try (var update = connection.prepareStatement(FOLD)) {
      update.setInt(1, to);
      update.setObject(2, sourceId);
      update.setInt(3, from);
      return update.executeUpdate() == 1;
    }
  }

  /// Nobody commits events of this partition until the connection's transaction ends.
  void hold(Connection connection, int partition) throws SQLException {
    try (var hold = connection.prepareStatement(HOLD)) {
      hold.setInt(1, partition);
      hold.execute();
    }
  }

  /// Moves the sources' marks. False: one of them was not where its move begins.
  boolean move(Connection connection, Collection<Draft.Move> moves, Instant now)
      throws SQLException {
    for (var move : moves) {
      if (move.isNew() && !begin(connection, move, now)) {
        return false;
      }
    }
    var known = moves.stream().filter(move -> !move.isNew()).toList();
    if (known.isEmpty()) {
      return true;
    }
    try (var update = connection.prepareStatement(MOVE)) {
      update.setObject(1, at(now));
      bind(connection, update, known);
      return update.executeUpdate() == known.size();
    }
  }

  private static void bind(Connection connection, PreparedStatement update, List<Draft.Move> moves)
      throws SQLException {
    var at = 2;
    array(connection, update, at++, "uuid", moves.stream().map(m -> m.line().sourceId()));
    array(connection, update, at++, "int4", moves.stream().map(m -> m.before().epoch()));
    array(connection, update, at++, "int8", moves.stream().map(m -> m.before().session()));
    array(connection, update, at++, "int8", moves.stream().map(m -> m.before().seq()));
    array(connection, update, at++, "int4", moves.stream().map(m -> m.after().epoch()));
    array(connection, update, at++, "int8", moves.stream().map(m -> m.after().session()));
    array(connection, update, at++, "int8", moves.stream().map(m -> m.after().seq()));
    // The driver takes bytea only as an array of just that.
    update.setArray(
        at++,
        connection.createArrayOf(
            "bytea", moves.stream().map(m -> m.after().digest()).toArray(byte[][]::new)));
    array(connection, update, at++, "text", moves.stream().map(m -> m.after().positionText()));
    array(connection, update, at++, "int8", moves.stream().map(m -> m.after().positionSeq()));
    array(connection, update, at++, "int8", moves.stream().map(m -> m.after().eventsTotal()));
    array(
        connection,
        update,
        at++,
        "timestamptz",
        moves.stream().map(m -> text(moment(m.after().lastCommitAtUs()))));
    array(
        connection,
        update,
        at++,
        "timestamptz",
        moves.stream().map(m -> text(moment(m.after().lastCapturedAtUs()))));
    array(connection, update, at++, "int4", moves.stream().map(m -> m.before().model()));
    array(connection, update, at, "int4", moves.stream().map(m -> m.after().model()));
  }

  private static void array(
      Connection connection, PreparedStatement update, int at, String type, Stream<?> values)
      throws SQLException {
    update.setArray(at, connection.createArrayOf(type, values.toArray()));
  }

  private static boolean begin(Connection connection, Draft.Move move, Instant now)
      throws SQLException {
    try (var insert = connection.prepareStatement(BEGIN)) {
      var mark = move.after();
      insert.setObject(1, move.line().sourceId());
      insert.setObject(2, move.line().tenant().value());
      insert.setInt(3, mark.epoch());
      insert.setLong(4, mark.session());
      insert.setLong(5, mark.seq());
      insert.setLong(6, mark.seq());
      insert.setBytes(7, mark.digest());
      insert.setString(8, mark.positionText());
      insert.setLong(9, mark.positionSeq());
      insert.setLong(10, mark.eventsTotal());
      insert.setObject(11, moment(mark.lastCommitAtUs()));
      insert.setObject(12, moment(mark.lastCapturedAtUs()));
      insert.setObject(13, at(now));
      insert.setInt(14, mark.model());
      return insert.executeUpdate() == 1;
    }
  }

  private static Mark mark(ResultSet found) throws SQLException {
    var position = found.getString(5);
    return new Mark(
        found.getInt(1),
        found.getLong(2),
        found.getLong(3),
        found.getBytes(4),
        position.isEmpty() ? 0 : Lsn.parse(position),
        found.getLong(6),
        found.getLong(7),
        us(found.getObject(8, OffsetDateTime.class)),
        us(found.getObject(9, OffsetDateTime.class)),
        found.getInt(10));
  }

  private static long us(@Nullable OffsetDateTime time) {
    return time == null ? 0 : time.toEpochSecond() * 1_000_000 + time.getNano() / 1_000;
  }

  /// What a source says about time may be nonsense; the columns hold what a calendar does.
  private static @Nullable OffsetDateTime moment(long us) {
    if (us == 0) {
      return null;
    }
    var heldUs = Math.clamp(us, 0, 253_402_300_799_999_999L);
    return at(
        Instant.ofEpochSecond(
            Math.floorDiv(heldUs, 1_000_000L), Math.floorMod(heldUs, 1_000_000L) * 1_000L));
  }

  private static @Nullable String text(@Nullable OffsetDateTime time) {
    return time == null ? null : time.toString();
  }

  private static OffsetDateTime at(Instant instant) {
    return instant.atOffset(ZoneOffset.UTC);
  }
}
