package io.claritystream.stream.deadletter;

import io.claritystream.base.db.TenantId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Writes dead letters within the ingest transaction, and knows the rows of each model that are in
/// quarantine.
public final class DeadLetters {
  private static final String INSERT =
      """
      INSERT INTO control.dead_letter (dead_letter_id, tenant_id, source_id, epoch, seq, seq_end, table_name,
        row_key, row_key_before, lsn, cause, sqlstate, detail, sample, batch, at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (source_id, epoch, seq) DO UPDATE SET seq_end = excluded.seq_end,
        table_name = excluded.table_name, row_key = excluded.row_key,
        row_key_before = excluded.row_key_before, cause = excluded.cause, sqlstate = excluded.sqlstate,
        detail = CASE dead_letter.cause WHEN 'payload_wrapped'
          THEN excluded.detail || ' (and stored in a wrapper: ' || dead_letter.detail || ')'
          ELSE excluded.detail END,
        at = excluded.at, stretched = dead_letter.cause <> 'payload_wrapped', settled_at = NULL,
        found_by_model = NULL, dismissed_at = NULL, dismissed_by = NULL, dismissed_by_name = NULL
      WHERE excluded.seq_end > dead_letter.seq_end
        OR dead_letter.cause = 'payload_wrapped' AND excluded.cause <> 'payload_wrapped'
      """;

  /// What is missing in bronze is never found later, so a range of that tells of nothing that is.
  private static final String UNTOLD =
      """
      SELECT refused.seq
      FROM unnest(?::bigint[]) AS refused (seq)
      WHERE NOT EXISTS (
          SELECT FROM control.dead_letter l
          WHERE l.source_id = ? AND l.epoch = ? AND l.seq = refused.seq
            AND l.cause <> 'payload_wrapped')
        AND NOT EXISTS (
          SELECT FROM control.dead_letter r
          WHERE r.source_id = ? AND r.epoch = ? AND r.seq < refused.seq AND r.seq_end >= refused.seq
            AND r.seq_end > r.seq AND NOT r.stretched AND r.cause <> 'not_in_bronze')
      """;

  private static final String QUARANTINED =
      "SELECT table_name, row_key FROM control.quarantine WHERE model_id = ? LIMIT ?";

  private static final String QUARANTINED_AMONG =
      """
      SELECT q.table_name, q.row_key
      FROM unnest(?::text[], ?::text[]) AS wanted (table_name, row_key)
      JOIN control.quarantine q
        ON q.model_id = ? AND q.table_name = wanted.table_name AND q.row_key = wanted.row_key
      """;

  private static final String RELEASE =
      "DELETE FROM control.quarantine WHERE model_id = ? AND table_name = ANY (?::text[])";

  private static final String HEAL =
      """
      WITH gone AS (
        DELETE FROM control.quarantine q
        USING unnest(?::text[], ?::text[]) AS healed (table_name, row_key)
        WHERE q.model_id = ? AND q.table_name = healed.table_name AND q.row_key = healed.row_key
        RETURNING q.table_name)
      SELECT table_name, count(*) FROM gone GROUP BY table_name
      """;

  private static final String QUARANTINE =
      """
      WITH fresh AS (
        INSERT INTO control.quarantine (table_name, row_key, model_id, tenant_id)
        SELECT table_name, row_key, ?, ?
        FROM unnest(?::text[], ?::text[]) AS refused (table_name, row_key)
        ON CONFLICT DO NOTHING
        RETURNING table_name)
      SELECT table_name, count(*) FROM fresh GROUP BY table_name
      """;

  private static final String FORGET =
      """
      DELETE FROM control.quarantine
      WHERE ctid = ANY (ARRAY(SELECT ctid FROM control.quarantine WHERE model_id = ? LIMIT ?))
      """;

  /// What a model that is built anew finds is open once that is shown.
  private static final String COUNTS =
      """
      SELECT CASE WHEN cause = 'too_many_in_batch' THEN '' ELSE coalesce(table_name, '') END,
        count(*) FILTER (WHERE CASE WHEN found.by_model IS NULL
          THEN settled_at IS NULL AND dismissed_at IS NULL
          ELSE found_by_model = found.by_model END),
        count(*) FILTER (WHERE batch IS NULL)
      FROM control.dead_letter, (SELECT CAST(? AS integer) AS by_model) AS found
      WHERE source_id = ?
      GROUP BY 1
      """;

  /// How many letters a source has.
  ///
  /// @param open of each table those that are neither settled nor dismissed; ranges but for those
  ///     of what is missing, and what is of no table, under the empty name
  /// @param all whatever became of them, but for those that keep a batch
  public record Counts(Map<String, Integer> open, int all) {
    public Counts {
      open = Map.copyOf(open);
    }
  }

  /// A row of a source that must not be folded.
  public record Row(String tableName, String rowKey) {}

  private final Settlements settlements = new Settlements();

  public Settlements settlements() {
    return settlements;
  }

  /// Adds them in the connection's transaction. One that is there already stays as it is, but for a
  /// range that reaches further now, and one of an event that is stored in a wrapper: that such an
  /// event is not in what is shown matters more.
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

  /// Those of these events of an epoch of which no letter tells that they could not be folded, be
  /// it one for a range. One that was made to reach further tells of nothing in particular.
  public Set<Long> untold(Connection connection, UUID sourceId, int epoch, Collection<Long> seqs)
      throws SQLException {
    try (var select = connection.prepareStatement(UNTOLD)) {
      select.setArray(1, connection.createArrayOf("int8", seqs.toArray()));
      select.setObject(2, sourceId);
      select.setInt(3, epoch);
      select.setObject(4, sourceId);
      select.setInt(5, epoch);
      var untold = new HashSet<Long>();
      try (var found = select.executeQuery()) {
        while (found.next()) {
          untold.add(found.getLong(1));
        }
      }
      return untold;
    }
  }

  /// The rows of a model that are in quarantine; of more than `rowsMax` any so many.
  public Set<Row> quarantined(Connection connection, int modelId, int rowsMax) throws SQLException {
    try (var select = connection.prepareStatement(QUARANTINED)) {
      select.setInt(1, modelId);
      select.setInt(2, rowsMax);
      return rows(select);
    }
  }

  /// Those of these rows that are in a model's quarantine.
  public Set<Row> quarantinedAmong(Connection connection, int modelId, Collection<Row> rows)
      throws SQLException {
    if (rows.isEmpty()) {
      return Set.of();
    }
    try (var select = connection.prepareStatement(QUARANTINED_AMONG)) {
      name(select, 1, rows);
      select.setInt(3, modelId);
      return rows(select);
    }
  }

  /// @param at the place of the tables; their rows follow
  private static void name(PreparedStatement statement, int at, Collection<Row> rows)
      throws SQLException {
    var connection = statement.getConnection();
    statement.setArray(
        at, connection.createArrayOf("text", rows.stream().map(Row::tableName).toArray()));
    statement.setArray(
        at + 1, connection.createArrayOf("text", rows.stream().map(Row::rowKey).toArray()));
  }

  private static Set<Row> rows(PreparedStatement select) throws SQLException {
    var rows = new HashSet<Row>();
    try (var found = select.executeQuery()) {
      while (found.next()) {
        rows.add(new Row(found.getString(1), found.getString(2)));
      }
    }
    return rows;
  }

  /// The rows of these tables of a model that are in quarantine leave it, in the connection's
  /// transaction.
  public void release(Connection connection, int modelId, Collection<String> tables)
      throws SQLException {
    if (tables.isEmpty()) {
      return;
    }
    try (var delete = connection.prepareStatement(RELEASE)) {
      delete.setInt(1, modelId);
      delete.setArray(2, connection.createArrayOf("text", tables.toArray()));
      delete.executeUpdate();
    }
  }

  /// These rows of a model leave its quarantine, in the connection's transaction.
  ///
  /// @return how many of each table were in it
  public Map<String, Integer> heal(Connection connection, int modelId, Collection<Row> rows)
      throws SQLException {
    if (rows.isEmpty()) {
      return Map.of();
    }
    try (var delete = connection.prepareStatement(HEAL)) {
      name(delete, 1, rows);
      delete.setInt(3, modelId);
      return countsOf(delete);
    }
  }

  /// From here on the model does not fold these rows, in the connection's transaction.
  ///
  /// @return how many of each table were not in its quarantine before
  public Map<String, Integer> quarantine(
      Connection connection, TenantId tenant, int modelId, Collection<Row> rows)
      throws SQLException {
    if (rows.isEmpty()) {
      return Map.of();
    }
    try (var insert = connection.prepareStatement(QUARANTINE)) {
      insert.setInt(1, modelId);
      insert.setObject(2, tenant.value());
      name(insert, 3, rows);
      return countsOf(insert);
    }
  }

  /// Takes rows of a model that nobody folds into any more out of quarantine, in the connection's
  /// transaction, and says how many.
  public int forget(Connection connection, int modelId, int rowsMax) throws SQLException {
    try (var delete = connection.prepareStatement(FORGET)) {
      delete.setInt(1, modelId);
      delete.setInt(2, rowsMax);
      return delete.executeUpdate();
    }
  }

  /// @param buildingModel of a model that is built anew what it has found, in place of what is open
  public Counts counts(Connection connection, UUID sourceId, @Nullable Integer buildingModel)
      throws SQLException {
    try (var select = connection.prepareStatement(COUNTS)) {
      select.setObject(1, buildingModel, Types.INTEGER);
      select.setObject(2, sourceId);
      var open = new HashMap<String, Integer>();
      var all = 0;
      try (var found = select.executeQuery()) {
        while (found.next()) {
          open.put(found.getString(1), found.getInt(2));
          all += found.getInt(3);
        }
      }
      return new Counts(open, all);
    }
  }

  private static Map<String, Integer> countsOf(PreparedStatement select) throws SQLException {
    var counts = new HashMap<String, Integer>();
    try (var found = select.executeQuery()) {
      while (found.next()) {
        counts.put(found.getString(1), found.getInt(2));
      }
    }
    return counts;
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
    insert.setString(9, letter.rowKeyBefore());
    insert.setString(10, letter.lsn());
    insert.setString(11, letter.cause().key());
    insert.setString(12, letter.sqlstate());
    insert.setString(13, letter.detail());
    insert.setString(14, letter.sample());
    insert.setBytes(15, letter.batch());
    insert.setObject(16, letter.at().atOffset(ZoneOffset.UTC));
  }
}
