package io.claritystream.stream.materializer;

import io.claritystream.stream.source.SourceRef;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// The models of the sources: `analytics.model`. They are made in short transactions of their own,
/// before the batch that begins with them, because numbers of series are handed out before it too.
public final class Models {
  private static final int ATTEMPTS_MAX = 5;

  private static final String LIVE =
      "SELECT model_id FROM analytics.model WHERE source_id = ?::uuid AND state = 'live'";

  private static final String ADD_FIRST =
      """
      INSERT INTO analytics.model (tenant_id, source_id, state, purpose, first_epoch, first_seq,
        applied_epoch, applied_seq, created_at)
      VALUES (?::uuid, ?::uuid, 'live', 'first', 1, 1, 1, 0, now())
      ON CONFLICT (source_id) WHERE state = 'live' DO NOTHING
      """;

  private static final String ADD_OF_SNAPSHOT =
      """
      INSERT INTO analytics.model (tenant_id, source_id, state, purpose, first_epoch, first_seq,
        applied_epoch, applied_seq, created_at)
      VALUES (?::uuid, ?::uuid, 'building', 'snapshot', ?, ?, ?, ? - 1, now())
      ON CONFLICT (source_id, first_epoch, first_seq) WHERE purpose = 'snapshot' DO NOTHING
      """;

  private static final String OF_SNAPSHOT =
      """
      SELECT model_id FROM analytics.model
      WHERE source_id = ?::uuid AND first_epoch = ? AND first_seq = ? AND purpose = 'snapshot'
      """;

  private static final String RETIRE_UNFINISHED =
      """
      UPDATE analytics.model SET state = 'retired'
      WHERE source_id = ?::uuid AND state = 'building' AND model_id <> ?
      """;

  /// The same transaction goes on folding into the model, and its new series are numbered on
  /// another connection, with a key share of the model's row: a stronger lock than this would have
  /// ingest wait for itself.
  private static final String IS_BUILDING =
      """
      SELECT FROM analytics.model WHERE model_id = ? AND state = 'building' FOR NO KEY UPDATE
      """;

  private static final String RETIRE_LIVE =
      """
      UPDATE analytics.model SET state = 'retired' WHERE source_id = ?::uuid AND state = 'live'
      """;

  private static final String SHOW = "UPDATE analytics.model SET state = 'live' WHERE model_id = ?";

  private final DataSource service;

  Models(DataSource service) {
    this.service = service;
  }

  /// The model that people see of a source; its first one is made here.
  public int live(SourceRef source) throws SQLException {
    try (var connection = service.getConnection()) {
      for (var attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        var found = findLive(connection, source);
        if (found != null) {
          return found;
        }
        try (var add = connection.prepareStatement(ADD_FIRST)) {
          add.setString(1, source.tenantId().toString());
          add.setString(2, source.sourceId().toString());
          add.executeUpdate();
        }
      }
    }
    throw new IllegalStateException("the models of source " + source.sourceId() + " keep changing");
  }

  private static @Nullable Integer findLive(Connection connection, SourceRef source)
      throws SQLException {
    try (var find = connection.prepareStatement(LIVE)) {
      find.setString(1, source.sourceId().toString());
      try (var rows = find.executeQuery()) {
        return rows.next() ? rows.getInt(1) : null;
      }
    }
  }

  /// The model of the snapshot that begins with an event of the source's epoch; the same one
  /// however often it is asked for.
  public int ofSnapshot(SourceRef source, long firstSeq) throws SQLException {
    try (var connection = service.getConnection();
        var add = connection.prepareStatement(ADD_OF_SNAPSHOT);
        var find = connection.prepareStatement(OF_SNAPSHOT)) {
      add.setString(1, source.tenantId().toString());
      add.setString(2, source.sourceId().toString());
      add.setInt(3, source.epoch());
      add.setLong(4, firstSeq);
      add.setInt(5, source.epoch());
      add.setLong(6, firstSeq);
      add.executeUpdate();
      find.setString(1, source.sourceId().toString());
      find.setInt(2, source.epoch());
      find.setLong(3, firstSeq);
      try (var rows = find.executeQuery()) {
        if (!rows.next()) {
          throw new SQLException("the model of a snapshot went right after it was made", "40001");
        }
        return rows.getInt(1);
      }
    }
  }

  /// Whatever else was being built for the source is not wanted any more, once the transaction of
  /// `connection` commits.
  public void retireUnfinished(Connection connection, SourceRef source, int kept)
      throws SQLException {
    try (var retire = connection.prepareStatement(RETIRE_UNFINISHED)) {
      retire.setString(1, source.sourceId().toString());
      retire.setInt(2, kept);
      retire.executeUpdate();
    }
  }

  /// People see this model instead of the one before, once the transaction of `connection`
  /// commits. Nothing changes if it is not being built.
  public void show(Connection connection, SourceRef source, int model) throws SQLException {
    try (var find = connection.prepareStatement(IS_BUILDING)) {
      find.setInt(1, model);
      try (var rows = find.executeQuery()) {
        if (!rows.next()) {
          return;
        }
      }
    }
    try (var retire = connection.prepareStatement(RETIRE_LIVE);
        var show = connection.prepareStatement(SHOW)) {
      retire.setString(1, source.sourceId().toString());
      retire.executeUpdate();
      show.setInt(1, model);
      show.executeUpdate();
    }
  }
}
