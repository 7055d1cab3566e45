package io.claritystream.stream.deadletter;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Settles dead letters: those of which what is shown holds nothing any more. All of it is done in
/// the connection's transaction.
///
/// What is folded into the model that people see settles at once. A model that is built anew aside
/// only notes which letters it found again, and of these which it mended further on; when it is
/// shown, the others are settled, and those that it found are open, as what is shown is what it
/// made of them.
public final class Settlements {
  /// What concerns bronze is true however the read models are.
  private static final String OF_READ_MODELS =
      " AND l.cause NOT IN ('not_in_bronze', 'payload_wrapped', 'batch_corrupt')";

  /// A change of a key that was refused left two rows as they were: its letter waits for both.
  private static final String OF_MENDED =
      """
      FROM unnest(?::text[], ?::text[], ?::int[], ?::bigint[])
        AS mended (table_name, row_key, epoch, seq)
      WHERE l.source_id = ? AND l.table_name = mended.table_name
        AND (mended.row_key IS NULL
          OR l.row_key = mended.row_key AND l.row_key_before IS NULL
          OR mended.row_key IN (l.row_key, l.row_key_before) AND l.row_key_before IS NOT NULL
            AND NOT EXISTS (
              SELECT FROM control.quarantine q
              WHERE q.model_id = ? AND q.table_name = l.table_name
                AND q.row_key IN (l.row_key, l.row_key_before)))
        AND (l.epoch, l.seq_end) < (mended.epoch, mended.seq)
      """;

  private static final String SETTLE =
      "UPDATE control.dead_letter l SET settled_at = ?\n"
          + OF_MENDED
          + " AND l.settled_at IS NULL"
          + OF_READ_MODELS;

  private static final String SETTLE_UP_TO =
      """
      UPDATE control.dead_letter l SET settled_at = ?
      WHERE l.source_id = ? AND l.settled_at IS NULL AND l.epoch <= ?
      """
          + OF_READ_MODELS;

  /// A range was found again if any event in it was.
  private static final String FIND_AGAIN =
      """
      UPDATE control.dead_letter l SET found_by_model = ?
      WHERE l.source_id = ? AND l.epoch = ? AND l.found_by_model IS DISTINCT FROM ?
        AND (l.seq = ANY (?::bigint[])
          OR l.seq_end > l.seq AND EXISTS (
            SELECT FROM unnest(?::bigint[]) AS refused (seq)
            WHERE refused.seq BETWEEN l.seq AND l.seq_end))
      """;

  private static final String SET_ASIDE =
      """
      UPDATE control.dead_letter SET settled_at = ?
      WHERE source_id = ? AND epoch = ? AND seq = ANY (?::bigint[])
      """;

  private static final String MEND_AGAIN =
      "UPDATE control.dead_letter l SET found_by_model = NULL\n"
          + OF_MENDED
          + " AND l.found_by_model = ?";

  private static final String SHOW =
      """
      UPDATE control.dead_letter l
      SET settled_at = CASE WHEN l.found_by_model IS DISTINCT FROM ? THEN CAST(? AS timestamptz) END
      WHERE l.source_id = ?
        AND (l.settled_at IS NULL) = (l.found_by_model IS DISTINCT FROM ?)
      """
          + OF_READ_MODELS;

  Settlements() {}

  /// A row of which something could be made with this event, or that it took away.
  ///
  /// @param rowKey null if the event took all rows of the table away
  public record Mended(String tableName, @Nullable String rowKey, int epoch, long seq) {}

  /// The letters of what has been mended in the model that is shown are settled: those that are
  /// older. Said behind what that does to its quarantine.
  public void settle(
      Connection connection, UUID sourceId, int modelId, Collection<Mended> mended, Instant now)
      throws SQLException {
    if (mended.isEmpty()) {
      return;
    }
    try (var update = connection.prepareStatement(SETTLE)) {
      update.setObject(1, now.atOffset(ZoneOffset.UTC));
      name(update, 2, sourceId, modelId, mended);
      update.executeUpdate();
    }
  }

  /// What is shown from now on holds nothing of what came up to the end of this epoch.
  public void settleUpTo(Connection connection, UUID sourceId, int epoch, Instant now)
      throws SQLException {
    try (var update = connection.prepareStatement(SETTLE_UP_TO)) {
      update.setObject(1, now.atOffset(ZoneOffset.UTC));
      update.setObject(2, sourceId);
      update.setInt(3, epoch);
      update.executeUpdate();
    }
  }

  /// These letters were written for a model that is built anew: nothing of their failure is shown
  /// before that is.
  public void setAside(
      Connection connection, UUID sourceId, int epoch, Collection<Long> seqs, Instant now)
      throws SQLException {
    if (seqs.isEmpty()) {
      return;
    }
    try (var update = connection.prepareStatement(SET_ASIDE)) {
      update.setObject(1, now.atOffset(ZoneOffset.UTC));
      update.setObject(2, sourceId);
      update.setInt(3, epoch);
      update.setArray(4, connection.createArrayOf("int8", seqs.toArray()));
      update.executeUpdate();
    }
  }

  /// A model that is built anew could not fold these events of an epoch either. Said behind the
  /// letters that it adds.
  public void findAgain(
      Connection connection, UUID sourceId, int modelId, int epoch, Collection<Long> seqs)
      throws SQLException {
    if (seqs.isEmpty()) {
      return;
    }
    try (var update = connection.prepareStatement(FIND_AGAIN)) {
      var refused = connection.createArrayOf("int8", seqs.toArray());
      update.setInt(1, modelId);
      update.setObject(2, sourceId);
      update.setInt(3, epoch);
      update.setInt(4, modelId);
      update.setArray(5, refused);
      update.setArray(6, refused);
      update.executeUpdate();
    }
  }

  /// What has been mended in a model that is built anew. Said behind what that does to its
  /// quarantine.
  public void mendAgain(
      Connection connection, UUID sourceId, int modelId, Collection<Mended> mended)
      throws SQLException {
    if (mended.isEmpty()) {
      return;
    }
    try (var update = connection.prepareStatement(MEND_AGAIN)) {
      name(update, 1, sourceId, modelId, mended);
      update.setInt(7, modelId);
      update.executeUpdate();
    }
  }

  /// A model that was built anew is shown from now on, with all that has been captured in it. What
  /// it found again and did not mend is open, and all else is settled.
  public void show(Connection connection, UUID sourceId, int modelId, Instant now)
      throws SQLException {
    try (var update = connection.prepareStatement(SHOW)) {
      update.setInt(1, modelId);
      update.setObject(2, now.atOffset(ZoneOffset.UTC));
      update.setObject(3, sourceId);
      update.setInt(4, modelId);
      update.executeUpdate();
    }
  }

  private static void name(
      PreparedStatement update, int from, UUID sourceId, int modelId, Collection<Mended> mended)
      throws SQLException {
    update.setArray(from, array(update, "text", mended, Mended::tableName));
    update.setArray(from + 1, array(update, "text", mended, Mended::rowKey));
    update.setArray(from + 2, array(update, "int4", mended, Mended::epoch));
    update.setArray(from + 3, array(update, "int8", mended, Mended::seq));
    update.setObject(from + 4, sourceId);
    update.setInt(from + 5, modelId);
  }

  private static Array array(
      PreparedStatement update,
      String type,
      Collection<Mended> mended,
      Function<Mended, @Nullable Object> value)
      throws SQLException {
    return update.getConnection().createArrayOf(type, mended.stream().map(value).toArray());
  }
}
