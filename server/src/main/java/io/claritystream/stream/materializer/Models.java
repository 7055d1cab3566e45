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
}
