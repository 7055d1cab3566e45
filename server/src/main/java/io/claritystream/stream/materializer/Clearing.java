package io.claritystream.stream.materializer;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// Deletes what one source has contributed to the read models, but for the dictionaries: numbers
/// of metrics and series and the keys of extras stay, as what comes next uses them again.
///
/// In portions, because a statement has a time limit that a source's whole history may exceed.
final class Clearing {
  private static final int SERIES_AT_A_TIME = 200;
  private static final int ENTITIES_AT_A_TIME = 5_000;

  private static final String SERIES =
      """
      SELECT s.series_id
      FROM analytics.devices d
      JOIN analytics.series s ON s.tenant_id = d.tenant_id AND s.device_id = d.device_id
      WHERE d.tenant_id = ?::uuid AND d.source_id = ?::uuid
      ORDER BY s.series_id
      """;

  private static final String DELETE_MINUTES =
      "DELETE FROM analytics.metrics_min WHERE series_id = ANY (?::int[])";

  private static final String ENTITIES =
      """
      SELECT entity_id, table_name
      FROM analytics.entities
      WHERE tenant_id = ?::uuid AND source_id = ?::uuid
        AND (table_name, entity_id) > (?, ?::uuid)
      ORDER BY table_name, entity_id
      LIMIT ?
      """;

  private static final String DELETE_EXTRAS =
      "DELETE FROM %s WHERE tenant_id = ?::uuid AND entity_id = ANY (?::uuid[])";

  private static final List<String> TABLES =
      List.of(
          "analytics.devices", "analytics.sites", "analytics.entities", "analytics.table_state");

  private static final String DELETE_OF_SOURCE =
      "DELETE FROM %s WHERE tenant_id = ?::uuid AND source_id = ?::uuid";

  private final Connection connection;
  private final String tenant;
  private final String source;

  Clearing(Connection connection, UUID tenant, UUID source) {
    this.connection = connection;
    this.tenant = tenant.toString();
    this.source = source.toString();
  }

  void run() throws SQLException {
    deleteMinutes();
    deleteExtras();
    for (var table : TABLES) {
      try (var delete = connection.prepareStatement(DELETE_OF_SOURCE.formatted(table))) {
        delete.setString(1, tenant);
        delete.setString(2, source);
        delete.executeUpdate();
      }
    }
  }

  private void deleteMinutes() throws SQLException {
    var series = new ArrayList<Integer>();
    try (var find = connection.prepareStatement(SERIES)) {
      find.setString(1, tenant);
      find.setString(2, source);
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
    var table = "";
    var last = new UUID(0, 0);
    while (true) {
      var count = 0;
      var ids = new ArrayText(ENTITIES_AT_A_TIME, 33);
      try (var find = connection.prepareStatement(ENTITIES)) {
        find.setString(1, tenant);
        find.setString(2, source);
        find.setString(3, table);
        find.setString(4, last.toString());
        find.setInt(5, ENTITIES_AT_A_TIME);
        try (var rows = find.executeQuery()) {
          while (rows.next()) {
            last = rows.getObject(1, UUID.class);
            table = rows.getString(2);
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
          delete.setString(1, tenant);
          delete.setString(2, array);
          delete.executeUpdate();
        }
      }
    }
  }
}
