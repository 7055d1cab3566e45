package io.claritystream.stream.materializer;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// Deletes what one model holds, but for the dictionaries: numbers
/// of metrics and series and the keys of extras stay, as what comes next uses them again.
///
/// In portions, because a statement has a time limit that a source's whole history may exceed.
final class Clearing {
  private static final int SERIES_AT_A_TIME = 200;
  private static final int ENTITIES_AT_A_TIME = 5_000;

  private static final String SERIES =
      """
      SELECT series_id FROM analytics.series WHERE model_id = ? ORDER BY series_id
      """;

  private static final String DELETE_MINUTES =
      "DELETE FROM analytics.metrics_min WHERE series_id = ANY (?::int[])";

  private static final String ENTITIES =
      """
      SELECT entity_id FROM analytics.entities
      WHERE model_id = ? AND entity_id > ?::uuid
      ORDER BY entity_id
      LIMIT ?
      """;

  private static final String DELETE_EXTRAS =
      "DELETE FROM %s WHERE model_id = ? AND entity_id = ANY (?::uuid[])";

  private static final List<String> TABLES =
      List.of(
          "analytics.devices", "analytics.sites", "analytics.entities", "analytics.table_state");

  private static final String DELETE_OF_MODEL = "DELETE FROM %s WHERE model_id = ?";

  private final Connection connection;
  private final int model;

  Clearing(Connection connection, int model) {
    this.connection = connection;
    this.model = model;
  }

  void run() throws SQLException {
    deleteMinutes();
    deleteExtras();
    for (var table : TABLES) {
      try (var delete = connection.prepareStatement(DELETE_OF_MODEL.formatted(table))) {
        delete.setInt(1, model);
        delete.executeUpdate();
      }
    }
  }

  private void deleteMinutes() throws SQLException {
    var series = new ArrayList<Integer>();
    try (var find = connection.prepareStatement(SERIES)) {
      find.setInt(1, model);
      try (var rows = find.executeQuery()) {
        while (rows.next()) {
          series.add(rows.getInt(1));
        }
      }
    }
    try (var delete = connection.prepareStatement(DELETE_MINUTES)) {
      for (var from = 0; from < series.size(); from += SERIES_AT_A_TIME) {
        var to = Math.min(series.size(), from + SERIES_AT_A_TIME);
        var ids = new ArrayText(to - from, 8);
        series.subList(from, to).forEach(ids::add);
        delete.setString(1, ids.end());
        delete.executeUpdate();
      }
    }
  }

  private void deleteExtras() throws SQLException {
    var last = new UUID(0, 0);
    while (true) {
      var count = 0;
      var ids = new ArrayText(ENTITIES_AT_A_TIME, 33);
      try (var find = connection.prepareStatement(ENTITIES)) {
        find.setInt(1, model);
        find.setString(2, last.toString());
        find.setInt(3, ENTITIES_AT_A_TIME);
        try (var rows = find.executeQuery()) {
          while (rows.next()) {
            last = rows.getObject(1, UUID.class);
            ids.add(last);
            count++;
          }
        }
      }
      if (count == 0) {
        return;
      }
      var array = ids.end();
      for (var type : ExtraType.values()) {
        try (var delete = connection.prepareStatement(DELETE_EXTRAS.formatted(type.table))) {
          delete.setInt(1, model);
          delete.setString(2, array);
          delete.executeUpdate();
        }
      }
    }
  }
}
