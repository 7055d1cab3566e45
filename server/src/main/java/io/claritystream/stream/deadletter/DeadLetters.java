package io.claritystream.stream.deadletter;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/// Writes dead letters within the ingest transaction, and knows the rows in quarantine.
public final class DeadLetters {
  /// Beyond this many rows of a source, the newest count.
  public static final int QUARANTINED_MAX = 100_000;

  private static final String INSERT =
      """
      INSERT INTO control.dead_letter (dead_letter_id, tenant_id, source_id, epoch, seq, seq_end, table_name,
        row_key, lsn, cause, sqlstate, detail, sample, batch, at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (source_id, epoch, seq) DO UPDATE SET seq_end = excluded.seq_end, cause = excluded.cause,
        detail = excluded.detail, at = excluded.at
      WHERE excluded.seq_end > dead_letter.seq_end
      """;

  private static final String QUARANTINED =
      """
      SELECT table_name, row_key
      FROM control.dead_letter
      WHERE source_id = ? AND row_key IS NOT NULL AND table_name IS NOT NULL
      ORDER BY at DESC
      LIMIT ?
      """;

  private static final String COUNTS =
      """
      SELECT coalesce(table_name, ''), count(*)
      FROM control.dead_letter
      WHERE source_id = ?
      GROUP BY 1
      """;

  private static final String LIFT =
      """
      UPDATE control.dead_letter SET row_key = NULL WHERE source_id = ? AND row_key IS NOT NULL
      """;

  /// A row of a source that must not be folded.
  public record Row(String tableName, String rowKey) {}

  /// Adds them in the connection's transaction. One that is there already stays as it is, but for a
  /// range that reaches further now.
  public void write(Connection connection, List<DeadLetter> letters) throws SQLException {
    if (letters.isEmpty()) {
      return;
    }
    try (var insert = connection.prepareStatement(INSERT)) {
      for (var letter : letters) {
        bind(insert, letter);
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  /// The rows of a source that are in quarantine.
  public Set<Row> quarantined(Connection connection, UUID sourceId) throws SQLException {
    try (var select = connection.prepareStatement(QUARANTINED)) {
      select.setObject(1, sourceId);
      select.setInt(2, QUARANTINED_MAX);
      var rows = new HashSet<Row>();
      try (var found = select.executeQuery()) {
        while (found.next()) {
          rows.add(new Row(found.getString(1), found.getString(2)));
        }
      }
      return rows;
    }
  }

  /// How many letters a source has of each table; those of no table under the empty name.
  public Map<String, Integer> counts(Connection connection, UUID sourceId) throws SQLException {
    try (var select = connection.prepareStatement(COUNTS)) {
      select.setObject(1, sourceId);
      var counts = new HashMap<String, Integer>();
      try (var found = select.executeQuery()) {
        while (found.next()) {
          counts.put(found.getString(1), found.getInt(2));
        }
      }
      return counts;
    }
  }

  /// Ends the quarantine of all rows of a source, in the connection's transaction.
  public void lift(Connection connection, UUID sourceId) throws SQLException {
    try (var update = connection.prepareStatement(LIFT)) {
      update.setObject(1, sourceId);
      update.executeUpdate();
    }
  }

  private static void bind(PreparedStatement insert, DeadLetter letter) throws SQLException {
    insert.setObject(1, letter.id());
    insert.setObject(2, letter.tenant().value());
    insert.setObject(3, letter.sourceId());
    insert.setInt(4, letter.epoch());
    insert.setLong(5, letter.seq());
    insert.setLong(6, letter.seqEnd());
    insert.setString(7, letter.tableName());
    insert.setString(8, letter.rowKey());
    insert.setString(9, letter.lsn());
    insert.setString(10, letter.cause().key());
    insert.setString(11, letter.sqlstate());
    insert.setString(12, letter.detail());
    insert.setString(13, letter.sample());
    insert.setBytes(14, letter.batch());
    insert.setObject(15, letter.at().atOffset(ZoneOffset.UTC));
  }
}
