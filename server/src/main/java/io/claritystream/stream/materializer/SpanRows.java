package io.claritystream.stream.materializer;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;

/// The statements on sessions: one for all rows of a batch, sorted by id.
final class SpanRows {
  private static final String PUT =
      """
      INSERT INTO analytics.sessions
        (tenant_id, source_id, model_id, session_id, device_id, site_id, table_name, state, reason,
         started_at, ended_at, ends_by, born)
      SELECT ?::uuid, ?::uuid, ?::int, id, device_id, site_id, table_name, state, reason,
        started_at, ended_at, ends_by, born
      FROM unnest(
          ?::uuid[], ?::uuid[], ?::uuid[], ?::text[], ?::text[], ?::text[], ?::timestamptz[],
          ?::timestamptz[], ?::text[], ?::bigint[])
        AS put (id, device_id, site_id, table_name, state, reason, started_at, ended_at, ends_by,
          born)
      ON CONFLICT (model_id, session_id) DO UPDATE
      SET device_id = excluded.device_id, site_id = excluded.site_id,
        table_name = excluded.table_name, state = excluded.state, reason = excluded.reason,
        started_at = excluded.started_at, ended_at = excluded.ended_at,
        ends_by = excluded.ends_by, born = excluded.born
      """;

  private static final String DELETE =
      "DELETE FROM analytics.sessions WHERE model_id = ? AND session_id = ANY (?::uuid[])";

  private final Connection connection;
  private final SourceModel model;

  SpanRows(Connection connection, SourceModel model) {
    this.connection = connection;
    this.model = model;
  }

  /// @param described each has a span
  void put(List<Description> described) throws SQLException {
    if (described.isEmpty()) {
      return;
    }
    described.sort(Comparator.comparing(description -> description.subject.id()));
    var arrays = new ArrayText[10];
    for (var i = 0; i < arrays.length; i++) {
      arrays[i] = new ArrayText(described.size(), 33);
    }
    for (var description : described) {
      var span = description.span;
      if (span == null) {
        throw new IllegalArgumentException("no span: session=" + description.subject.id());
      }
      arrays[0].add(description.subject.id());
      arrays[1].add(span.deviceId());
      arrays[2].add(span.siteId());
      arrays[3].add(description.table);
      arrays[4].add(span.state());
      arrays[5].add(span.reason());
      arrays[6].addMoment(span.startUs());
      if (span.endUs() == Moment.NONE) {
        arrays[7].addNull();
      } else {
        arrays[7].addMoment(span.endUs());
      }
      arrays[8].add(span.lastsUntilNext() ? "next" : "row");
      arrays[9].add(description.born);
    }
    try (var statement = connection.prepareStatement(PUT)) {
      statement.setString(1, model.tenant.toString());
      statement.setString(2, model.source.toString());
      statement.setInt(3, model.id);
      for (var i = 0; i < arrays.length; i++) {
        statement.setString(4 + i, arrays[i].end());
      }
      statement.executeUpdate();
    }
  }

  void delete(Collection<UUID> sessions) throws SQLException {
    if (sessions.isEmpty()) {
      return;
    }
    try (var statement = connection.prepareStatement(DELETE)) {
      statement.setInt(1, model.id);
      statement.setString(2, RowStates.ids(sessions));
      statement.executeUpdate();
    }
  }
}
