package io.claritystream.stream.materializer;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;

/// Hands out the numbers of metrics and series, and keeps the keys that extras may have. Each
/// call is a short transaction of its own, in sorted order, and stays although the batch that
/// asked may roll back: partitions share a workspace's metrics and must not wait for one
/// another's batches.
final class Dictionary {
  private static final String FIND_METRICS =
      "SELECT key, metric_id FROM analytics.metric_key WHERE tenant_id = ?::uuid AND key = ANY (?::text[])";

  private static final String ADD_METRICS =
      """
      INSERT INTO analytics.metric_key (tenant_id, key, name, unit)
      SELECT ?::uuid, key, name, unit
      FROM unnest(?::text[], ?::text[], ?::text[]) AS added (key, name, unit)
      ON CONFLICT (tenant_id, key) DO NOTHING
      """;

  private static final String FIND_SERIES =
      """
      SELECT series.device_id, series.metric_id, series.series_id
      FROM unnest(?::uuid[], ?::int[]) AS wanted (device_id, metric_id)
      JOIN analytics.series
        ON series.model_id = ?::int
        AND series.device_id = wanted.device_id
        AND series.metric_id = wanted.metric_id
      """;

  private static final String ADD_SERIES =
      """
      INSERT INTO analytics.series (tenant_id, model_id, device_id, metric_id)
      SELECT model.tenant_id, model.model_id, device_id, metric_id
      FROM (SELECT tenant_id, model_id FROM analytics.model
            WHERE model_id = ? AND state <> 'retired' FOR KEY SHARE) AS model
      CROSS JOIN unnest(?::uuid[], ?::int[]) AS added (device_id, metric_id)
      ON CONFLICT (model_id, device_id, metric_id) DO NOTHING
      """;

  private static final String FIND_KEYS =
      """
      SELECT path FROM analytics.extras_key
      WHERE tenant_id = ?::uuid AND source_id = ?::uuid AND table_name = ?
      ORDER BY slot
      """;

  private static final String ADD_KEYS =
      """
      INSERT INTO analytics.extras_key (tenant_id, source_id, table_name, slot, path)
      SELECT ?::uuid, ?::uuid, ?, ? + position - 1, path
      FROM unnest(?::text[]) WITH ORDINALITY AS added (path, position)
      ON CONFLICT DO NOTHING
      """;

  private static final String TABLES =
      """
      SELECT m.table_id, table_name, m.on_delete = 'keep', m.key_layout, m.names_site,
        coalesce(s.schema_version, 0), coalesce(s.extras_left_out, 0) <> 0
      FROM analytics.model_table m
      LEFT JOIN analytics.table_state s USING (model_id, table_name)
      WHERE model_id = ?
      """;

  private static final String ADD_TABLE =
      """
      INSERT INTO analytics.model_table (model_id, table_name, on_delete, names_site)
      VALUES (?, ?, coalesce((SELECT on_delete FROM control.source_table_option
                              WHERE source_id = ?::uuid AND table_name = ?), 'retract'), false)
      ON CONFLICT (model_id, table_name) DO NOTHING
      """;

  private final DataSource service;

  Dictionary(DataSource service) {
    this.service = service;
  }

  /// Gives each of these metrics its number.
  void numberMetrics(UUID tenant, List<Metric> metrics) throws SQLException {
    if (metrics.isEmpty()) {
      return;
    }
    var sorted = new ArrayList<>(metrics);
    sorted.sort(Comparator.comparing((Metric metric) -> metric.key));
    try (var connection = service.getConnection()) {
      var missing = findMetrics(connection, tenant, sorted);
      if (!missing.isEmpty()) {
        addMetrics(connection, tenant, missing);
        findMetrics(connection, tenant, missing);
      }
    }
  }

  private static List<Metric> findMetrics(Connection connection, UUID tenant, List<Metric> metrics)
      throws SQLException {
    var found = new HashMap<String, Integer>();
    var keys = new ArrayText(metrics.size(), 24);
    metrics.forEach(metric -> keys.add(metric.key));
    try (var find = connection.prepareStatement(FIND_METRICS)) {
      find.setString(1, tenant.toString());
      find.setString(2, keys.end());
      try (var rows = find.executeQuery()) {
        while (rows.next()) {
          found.put(rows.getString(1), rows.getInt(2));
        }
      }
    }
    var missing = new ArrayList<Metric>();
    for (var metric : metrics) {
      var id = found.get(metric.key);
      if (id == null) {
        missing.add(metric);
      } else {
        metric.id = id;
      }
    }
    return missing;
  }

  private static void addMetrics(Connection connection, UUID tenant, List<Metric> metrics)
      throws SQLException {
    var keys = new ArrayText(metrics.size(), 24);
    var names = new ArrayText(metrics.size(), 24);
    var units = new ArrayText(metrics.size(), 8);
    for (var metric : metrics) {
      keys.add(metric.key);
      names.add(metric.name.isEmpty() ? metric.key : metric.name);
      units.add(metric.unit);
    }
    try (var add = connection.prepareStatement(ADD_METRICS)) {
      add.setString(1, tenant.toString());
      add.setString(2, keys.end());
      add.setString(3, names.end());
      add.setString(4, units.end());
      add.executeUpdate();
    }
  }

  /// Gives each of these series of a model its number; their metrics have theirs.
  ///
  /// @throws SQLException also if the model is being deleted: whoever folds into it is too late
  void numberSeries(int model, List<Series> series) throws SQLException {
    if (series.isEmpty()) {
      return;
    }
    var sorted = new ArrayList<>(series);
    sorted.sort(
        Comparator.comparing((Series one) -> one.device.id).thenComparingInt(one -> one.metric.id));
    try (var connection = service.getConnection()) {
      var missing = findSeries(connection, model, sorted);
      if (!missing.isEmpty()) {
        try (var add = connection.prepareStatement(ADD_SERIES)) {
          add.setInt(1, model);
          setSeries(add, 2, missing);
          add.executeUpdate();
        }
        if (!findSeries(connection, model, missing).isEmpty()) {
          throw new ModelRetiredException(model);
        }
      }
    }
  }

  private record SeriesOf(UUID device, int metric) {}

  private static List<Series> findSeries(Connection connection, int model, List<Series> series)
      throws SQLException {
    Map<SeriesOf, Integer> found = new HashMap<>();
    try (var find = connection.prepareStatement(FIND_SERIES)) {
      setSeries(find, 1, series);
      find.setInt(3, model);
      try (var rows = find.executeQuery()) {
        while (rows.next()) {
          found.put(new SeriesOf(rows.getObject(1, UUID.class), rows.getInt(2)), rows.getInt(3));
        }
      }
    }
    var missing = new ArrayList<Series>();
    for (var one : series) {
      var id = found.get(new SeriesOf(one.device.id, one.metric.id));
      if (id == null) {
        missing.add(one);
      } else {
        one.id = id;
      }
    }
    return missing;
  }

  private static void setSeries(PreparedStatement statement, int first, List<Series> series)
      throws SQLException {
    var devices = new ArrayText(series.size(), 33);
    var metrics = new ArrayText(series.size(), 6);
    for (var one : series) {
      devices.add(one.device.id);
      metrics.add(one.metric.id);
    }
    statement.setString(first, devices.end());
    statement.setString(first + 1, metrics.end());
  }

  /// The tables of a model, as a transaction sees them.
  static List<ModelTable> tables(Connection connection, int model) throws SQLException {
    var tables = new ArrayList<ModelTable>();
    try (var find = connection.prepareStatement(TABLES)) {
      find.setInt(1, model);
      try (var rows = find.executeQuery()) {
        while (rows.next()) {
          tables.add(
              new ModelTable(
                  rows.getInt(1),
                  rows.getString(2),
                  rows.getBoolean(3),
                  rows.getString(4),
                  rows.getBoolean(5),
                  rows.getInt(6),
                  rows.getBoolean(7)));
        }
      }
    }
    return tables;
  }

  /// Gives a table of a model its number, with the options that the source's table has now.
  ModelTable addTable(int model, UUID source, String table) throws SQLException {
    try (var connection = service.getConnection()) {
      try (var add = connection.prepareStatement(ADD_TABLE)) {
        add.setInt(1, model);
        add.setString(2, table);
        add.setString(3, source.toString());
        add.setString(4, table);
        add.executeUpdate();
      }
      return tables(connection, model).stream()
          .filter(found -> found.name.equals(table))
          .findFirst()
          .orElseThrow();
    }
  }

  /// The keys of a table's extras, in the order they were admitted.
  List<String> keys(UUID tenant, UUID source, String table) throws SQLException {
    try (var connection = service.getConnection();
        var find = connection.prepareStatement(FIND_KEYS)) {
      find.setString(1, tenant.toString());
      find.setString(2, source.toString());
      find.setString(3, table);
      var keys = new ArrayList<String>();
      try (var rows = find.executeQuery()) {
        while (rows.next()) {
          keys.add(rows.getString(1));
        }
      }
      return keys;
    }
  }

  /// @param firstSlot the place of the first of them
  /// @throws SQLException also if another model of the source has admitted keys meanwhile: whoever
  ///     tries again begins with those
  void addKeys(UUID tenant, UUID source, String table, int firstSlot, List<String> keys)
      throws SQLException {
    var paths = new ArrayText(keys.size(), 32);
    keys.forEach(paths::add);
    try (var connection = service.getConnection();
        var add = connection.prepareStatement(ADD_KEYS)) {
      add.setString(1, tenant.toString());
      add.setString(2, source.toString());
      add.setString(3, table);
      add.setInt(4, firstSlot);
      add.setString(5, paths.end());
      if (add.executeUpdate() < keys.size()) {
        throw new SQLException(
            "keys of " + table + " of source " + source + " were admitted by another model",
            "40001");
      }
    }
  }
}
