package io.claritystream.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/// Answers questions by SQL over raw connections, as many as the server's own pool has for people.
final class SqlAnswers implements AutoCloseable {
  private static final int CONNECTIONS = 10;

  /// What is asked: the statements of `insight.dashboard.SeriesQuery`, or the least that can be.
  enum How {
    AS_THE_API,
    PLAIN
  }

  private static final String CHOSEN =
      """
      SELECT s.series_id, d.device_id, d.name AS device_name, d.site_id, site.name AS site_name
      FROM analytics.metric_key k
      JOIN analytics.series s ON s.metric_id = k.metric_id
      JOIN analytics.devices d ON d.model_id = s.model_id AND d.device_id = s.device_id
      LEFT JOIN analytics.sites site ON site.model_id = d.model_id AND site.site_id = d.site_id
      WHERE k.tenant_id = ? AND k.key = ?
        AND (CAST(? AS uuid) IS NULL OR d.device_id = ?)
        AND (CAST(? AS uuid) IS NULL OR d.site_id = ?)
      ORDER BY d.name, d.device_id
      """;

  private static final String POINTS =
      """
      SELECT chosen.place, extract(epoch FROM point.at)::bigint AS at,
        analytics.to_float(sum(point.total) / sum(point.readings)) AS mean,
        analytics.to_float(min(point.low)) AS low, analytics.to_float(max(point.high)) AS high,
        sum(point.readings) AS readings
      FROM unnest(CAST(? AS int[]), CAST(? AS int[])) AS chosen (series_id, place)
      CROSS JOIN LATERAL (
        SELECT date_bin(interval '1 minute', m.bucket, 'epoch') AS at,
          m.value_sum AS total, m.value_count AS readings, m.value_min AS low, m.value_max AS high
        FROM analytics.metrics_min m
        WHERE m.series_id = chosen.series_id AND m.bucket >= ? AND m.bucket < ?
          AND m.value_count > 0
      ) point
      GROUP BY chosen.place, point.at
      ORDER BY chosen.place, point.at
      """;

  private static final String PLAIN =
      """
      SELECT series_id, bucket, value_sum / value_count, value_min, value_max, value_count
      FROM analytics.metrics_min
      WHERE series_id = ANY (?) AND bucket >= ? AND bucket < ?
      """;

  private final UUID tenant;
  private final How how;
  private final List<Connection> all = new ArrayList<>();
  private final BlockingQueue<Connection> free = new ArrayBlockingQueue<>(CONNECTIONS);

  /// @param role under whose policies; that of services bypasses them
  SqlAnswers(Installation installation, String role, UUID tenant, How how) throws SQLException {
    this.tenant = tenant;
    this.how = how;
    for (int i = 0; i < CONNECTIONS; i++) {
      Connection connection = installation.database(role);
      connection.setAutoCommit(false);
      all.add(connection);
      free.add(connection);
    }
  }

  /// Reads all of an answer.
  void answer(Question.Part part) throws SQLException, InterruptedException {
    Connection connection = free.take();
    try {
      if (how == How.PLAIN) {
        plain(connection, part);
      } else {
        asTheApi(connection, part);
      }
      connection.commit();
    } finally {
      free.add(connection);
    }
  }

  private void plain(Connection connection, Question.Part part) throws SQLException {
    try (PreparedStatement points = connection.prepareStatement(PLAIN)) {
      points.setArray(1, integers(connection, part.series()));
      range(points, 2, part);
      read(points);
    }
  }

  private void asTheApi(Connection connection, Question.Part part) throws SQLException {
    try (PreparedStatement name =
            connection.prepareStatement("SELECT set_config('clarity.tenant', ?, true)");
        PreparedStatement unit =
            connection.prepareStatement(
                "SELECT unit FROM analytics.metric_key WHERE tenant_id = ? AND key = ?");
        PreparedStatement chosen = connection.prepareStatement(CHOSEN);
        PreparedStatement points = connection.prepareStatement(POINTS)) {
      name.setString(1, tenant.toString());
      read(name);
      unit.setObject(1, tenant);
      unit.setString(2, part.key());
      read(unit);
      chosen.setObject(1, tenant);
      chosen.setString(2, part.key());
      for (int i = 3; i <= 6; i++) {
        boolean wanted = i >= 5 == part.wholeSite();
        chosen.setObject(
            i, wanted ? part.wholeSite() ? part.siteId() : part.deviceId() : null, Types.OTHER);
      }
      List<Integer> series = new ArrayList<>();
      try (ResultSet row = chosen.executeQuery()) {
        while (row.next()) {
          series.add(row.getInt(1));
        }
      }
      int[] numbers = series.stream().mapToInt(Integer::intValue).toArray();
      int[] places = java.util.stream.IntStream.range(0, numbers.length).toArray();
      points.setArray(1, integers(connection, numbers));
      points.setArray(2, integers(connection, places));
      range(points, 3, part);
      read(points);
    }
  }

  private static java.sql.Array integers(Connection connection, int[] numbers) throws SQLException {
    return connection.createArrayOf(
        "integer", java.util.Arrays.stream(numbers).boxed().toArray(Integer[]::new));
  }

  private static void range(PreparedStatement statement, int at, Question.Part part)
      throws SQLException {
    statement.setTimestamp(at, Timestamp.from(part.from()));
    statement.setTimestamp(at + 1, Timestamp.from(part.to()));
  }

  private static void read(PreparedStatement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        row.getString(1);
      }
    }
  }

  @Override
  public void close() throws SQLException {
    for (Connection connection : all) {
      connection.close();
    }
  }
}
