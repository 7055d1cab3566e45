package io.claritystream.stream.source;

import io.claritystream.base.db.TenantId;
import io.claritystream.protocol.text.ShortText;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The rebuilds that were asked for, by people or by snapshots, for whoever does them. Works as
/// `clarity_service`, within the connection's transaction.
public final class Rebuilds {
  private static final int OPEN_MAX = 1_000;
  private static final int PROBLEM_MAX = 500;

  private static final String OPEN =
      """
      SELECT rebuild_id, source_id, model_id, cancel_requested_at IS NOT NULL AS cancelled,
        snapshot_epoch, snapshot_seq, snapshot_ended_seq
      FROM control.rebuild WHERE ended_at IS NULL ORDER BY requested_at LIMIT ?
      """;

  private static final String HOLD =
      """
      SELECT rebuild_id, source_id, model_id, cancel_requested_at IS NOT NULL AS cancelled,
        snapshot_epoch, snapshot_seq, snapshot_ended_seq
      FROM control.rebuild WHERE rebuild_id = ? AND ended_at IS NULL FOR UPDATE SKIP LOCKED
      """;

  private static final String BEGIN =
      """
      UPDATE control.rebuild SET state = 'running', model_id = ?, problem = NULL
      WHERE rebuild_id = ?
      """;

  /// While the copy that it belongs to is not whole, the rows that the agent has read and that are
  /// not stored yet are to be folded as well.
  private static final String ADVANCE =
      """
      UPDATE control.rebuild r SET events_done = r.events_done + now.folded, problem = NULL,
        events_total = r.events_done + now.folded + now.left_behind + coalesce((
          SELECT greatest(0, t.snapshot_rows - CASE WHEN r.snapshot_epoch = now.epoch
              THEN greatest(0, now.seq - r.snapshot_seq + 1) ELSE 0 END)
          FROM control.source_status t
          WHERE t.source_id = r.source_id AND r.snapshot_epoch IS NOT NULL
            AND r.snapshot_ended_seq IS NULL), 0)
      FROM (VALUES (?::bigint, ?::bigint, ?::integer, ?::bigint))
        AS now (folded, left_behind, epoch, seq)
      WHERE r.rebuild_id = ?
      """;

  private static final String PROBLEM =
      """
      UPDATE control.rebuild SET problem = ?
      WHERE rebuild_id = ? AND ended_at IS NULL AND problem IS DISTINCT FROM ?
      """;

  private static final String END =
      """
      UPDATE control.rebuild SET state = ?, ended_at = ?, problem = NULL,
        events_total = CASE WHEN ? = 'done' THEN events_done ELSE events_total END
      WHERE rebuild_id = ? AND ended_at IS NULL
      """;

  private static final String REPLACE =
      """
      UPDATE control.rebuild SET state = 'replaced', ended_at = ?, problem = NULL
      WHERE source_id = ? AND ended_at IS NULL AND coalesce(model_id, 0) IS DISTINCT FROM ?
      """;

  /// One that a person has asked for since it was replaced becomes the snapshot's.
  private static final String OF_SNAPSHOT =
      """
      INSERT INTO control.rebuild (rebuild_id, tenant_id, source_id, state, requested_at,
        snapshot_epoch, snapshot_seq)
      VALUES (?, ?, ?, 'waiting', ?, ?, ?)
      ON CONFLICT (source_id) WHERE ended_at IS NULL
      DO UPDATE SET snapshot_epoch = excluded.snapshot_epoch, snapshot_seq = excluded.snapshot_seq,
        snapshot_ended_seq = NULL, cancel_requested_at = NULL
      """;

  private static final String SNAPSHOT_ENDS =
      """
      UPDATE control.rebuild SET snapshot_ended_seq = ?
      WHERE source_id = ? AND ended_at IS NULL AND snapshot_epoch = ? AND snapshot_ended_seq IS NULL
      """;

  /// A rebuild that has not ended.
  ///
  /// @param model what it builds; null before it begins
  /// @param snapshot the repeated snapshot that it belongs to; null if a person asked for it
  public record Open(
      UUID id,
      UUID sourceId,
      @Nullable Integer model,
      boolean cancelled,
      @Nullable Snapshot snapshot) {

    /// Whether what it builds may be shown once it has caught up: half a snapshot may not.
    public boolean mayBeShown() {
      return snapshot == null || snapshot.ended();
    }
  }

  /// A repeated snapshot.
  ///
  /// @param firstSeq the number of its first event in the epoch
  public record Snapshot(int epoch, long firstSeq, boolean ended) {}

  /// How one ends.
  public enum End {
    DONE,
    CANCELLED,
    /// A snapshot came in its place.
    REPLACED;

    private String word() {
      return switch (this) {
        case DONE -> "done";
        case CANCELLED -> "cancelled";
        case REPLACED -> "replaced";
      };
    }
  }

  /// The oldest first.
  public List<Open> open(Connection connection) throws SQLException {
    try (var select = connection.prepareStatement(OPEN)) {
      select.setInt(1, OPEN_MAX);
      var open = new ArrayList<Open>();
      try (var rows = select.executeQuery()) {
        while (rows.next()) {
          open.add(open(rows));
        }
      }
      return open;
    }
  }

  /// One of them, kept from others until the transaction ends; null if it has ended, or another has
  /// it.
  public @Nullable Open hold(Connection connection, UUID id) throws SQLException {
    try (var select = connection.prepareStatement(HOLD)) {
      select.setObject(1, id);
      try (var rows = select.executeQuery()) {
        return rows.next() ? open(rows) : null;
      }
    }
  }

  private static Open open(ResultSet row) throws SQLException {
    var epoch = row.getObject("snapshot_epoch", Integer.class);
    return new Open(
        row.getObject("rebuild_id", UUID.class),
        row.getObject("source_id", UUID.class),
        row.getObject("model_id", Integer.class),
        row.getBoolean("cancelled"),
        epoch == null
            ? null
            : new Snapshot(
                epoch,
                row.getLong("snapshot_seq"),
                row.getObject("snapshot_ended_seq", Long.class) != null));
  }

  /// A repeated snapshot begins, of a source whose deleted rows are kept: its model is to be built
  /// from bronze. What was being built before is not wanted any more.
  ///
  /// @param going the model that goes on as this snapshot's, and the rebuild with it; null if none
  ///     does
  public void beginSnapshot(
      Connection connection,
      TenantId tenant,
      UUID source,
      @Nullable Integer going,
      int epoch,
      long firstSeq,
      Instant now)
      throws SQLException {
    try (var replace = connection.prepareStatement(REPLACE);
        var add = connection.prepareStatement(OF_SNAPSHOT)) {
      replace.setObject(1, now.atOffset(ZoneOffset.UTC));
      replace.setObject(2, source);
      replace.setObject(3, going, Types.INTEGER);
      replace.executeUpdate();
      add.setObject(1, UUID.randomUUID());
      add.setObject(2, tenant.value());
      add.setObject(3, source);
      add.setObject(4, now.atOffset(ZoneOffset.UTC));
      add.setInt(5, epoch);
      add.setLong(6, firstSeq);
      add.executeUpdate();
    }
  }

  /// All of the repeated snapshot of an epoch is stored, if a rebuild belongs to it.
  public void endSnapshot(Connection connection, UUID source, int epoch, long lastSeq)
      throws SQLException {
    try (var update = connection.prepareStatement(SNAPSHOT_ENDS)) {
      update.setLong(1, lastSeq);
      update.setObject(2, source);
      update.setInt(3, epoch);
      update.executeUpdate();
    }
  }

  public void begin(Connection connection, UUID id, int model) throws SQLException {
    try (var update = connection.prepareStatement(BEGIN)) {
      update.setInt(1, model);
      update.setObject(2, id);
      update.executeUpdate();
    }
  }

  /// How far one is.
  ///
  /// @param folded events since it was told last
  /// @param left events that are stored and not folded yet
  /// @param storedEpoch the epoch of the newest event that is stored, and `storedSeq` its number
  public record Progress(long folded, long left, int storedEpoch, long storedSeq) {}

  public void advance(Connection connection, UUID id, Progress progress) throws SQLException {
    try (var update = connection.prepareStatement(ADVANCE)) {
      update.setLong(1, progress.folded());
      update.setLong(2, progress.left());
      update.setInt(3, progress.storedEpoch());
      update.setLong(4, progress.storedSeq());
      update.setObject(5, id);
      update.executeUpdate();
    }
  }

  /// What it is held up by.
  public void problem(Connection connection, UUID id, String problem) throws SQLException {
    try (var update = connection.prepareStatement(PROBLEM)) {
      var words = ShortText.storable(problem, PROBLEM_MAX);
      update.setString(1, words);
      update.setObject(2, id);
      update.setString(3, words);
      update.executeUpdate();
    }
  }

  public void end(Connection connection, UUID id, End end, Instant now) throws SQLException {
    try (var update = connection.prepareStatement(END)) {
      update.setString(1, end.word());
      update.setObject(2, now.atOffset(ZoneOffset.UTC));
      update.setString(3, end.word());
      update.setObject(4, id);
      update.executeUpdate();
    }
  }
}
