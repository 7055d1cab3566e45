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

  private static final String METRICS =
      """
      SELECT metric_id, key, unit FROM analytics.metric_key
      WHERE tenant_id = ? AND key = ANY (?)
      """;

  private static final String CHOSEN =
      """
      SELECT s.metric_id, s.series_id, d.device_id, d.name AS device_name, d.site_id,
        site.name AS site_name
      FROM analytics.series s
      JOIN analytics.devices d ON d.model_id = s.model_id AND d.device_id = s.device_id
      LEFT JOIN analytics.sites site ON site.model_id = d.model_id AND site.site_id = d.site_id
      WHERE s.metric_id = ANY (CAST(? AS int[]))
        AND (CAST(? AS uuid) IS NULL OR d.device_id = ?)
        AND (CAST(? AS uuid) IS NULL OR d.site_id = ?)
      ORDER BY d.name, d.device_id
      """;

  private static final String MINUTES =
      """
      SELECT chosen.place, CAST(date_part('epoch', m.bucket) AS bigint), m.value_count,
        m.value_sum, m.value_min, m.value_max
      FROM unnest(CAST(? AS int[]), CAST(? AS int[])) AS chosen (series_id, place)
      JOIN analytics.metrics_min m ON m.series_id = chosen.series_id
      WHERE m.bucket >= CAST(? AS timestamptz)
        AND m.bucket < CAST(? AS timestamptz)
        AND m.value_count > 0
      ORDER BY chosen.place, m.bucket
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
  void answer(Question question) throws SQLException, InterruptedException {
    Connection connection = free.take();
    try {
      if (how == How.PLAIN) {
        plain(connection, question);
      } else {
        asTheApi(connection, question);
      }
      connection.commit();
    } finally {
      free.add(connection);
    }
  }

  private void plain(Connection connection, Question question) throws SQLException {
    try (PreparedStatement points = connection.prepareStatement(PLAIN)) {
      points.setArray(1, integers(connection, question.series()));
      range(points, 2, question);
      read(points);
    }
  }

  private void asTheApi(Connection connection, Question question) throws SQLException {
    try (PreparedStatement name =
            connection.prepareStatement("SELECT set_config('clarity.tenant', ?, true)");
        PreparedStatement metrics = connection.prepareStatement(METRICS);
        PreparedStatement chosen = connection.prepareStatement(CHOSEN);
        PreparedStatement points = connection.prepareStatement(MINUTES)) {
      name.setString(1, tenant.toString());
      read(name);
      metrics.setObject(1, tenant);
      metrics.setArray(2, connection.createArrayOf("text", question.keys().toArray()));
      chosen.setArray(1, integers(connection, numbers(metrics, 1)));
      for (int i = 2; i <= 5; i++) {
        chosen.setObject(i, i < 4 ? question.deviceId() : question.siteId(), Types.OTHER);
      }
      int[] numbers = numbers(chosen, 2);
      int[] places = java.util.stream.IntStream.range(0, numbers.length).toArray();
      points.setArray(1, integers(connection, numbers));
      points.setArray(2, integers(connection, places));
      range(points, 3, question);
      read(points);
    }
  }

  private static int[] numbers(PreparedStatement statement, int column) throws SQLException {
    List<Integer> numbers = new ArrayList<>();
    try (ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        numbers.add(row.getInt(column));
      }
    }
    return numbers.stream().mapToInt(Integer::intValue).toArray();
  }

  private static java.sql.Array integers(Connection connection, int[] numbers) throws SQLException {
    return connection.createArrayOf(
        "integer", java.util.Arrays.stream(numbers).boxed().toArray(Integer[]::new));
  }

  private static void range(PreparedStatement statement, int at, Question question)
      throws SQLException {
    statement.setTimestamp(at, Timestamp.from(question.from()));
    statement.setTimestamp(at + 1, Timestamp.from(question.to()));
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
