package io.claritystream.insight.dashboard;

import static java.math.MathContext.DECIMAL128;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.Problem;
import io.claritystream.insight.dashboard.MetricSeries.Metric;
import io.claritystream.insight.dashboard.MetricSeries.Point;
import io.claritystream.insight.dashboard.MetricSeries.Series;
import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// Metrics over time, several in one answer: what a page shows at once is read at once.
///
/// @param from the first moment, brought down to a whole step
/// @param to the moment behind the last
record SeriesQuery(
    TenantId tenant,
    List<String> keys,
    @Nullable UUID deviceId,
    @Nullable UUID siteId,
    Instant from,
    Instant to,
    Step step,
    By by) {
  static final int KEYS_MAX = 20;

  /// Of one metric.
  static final int SERIES_MAX = 100;

  /// Of one series.
  static final int POINTS_MAX = 1_500;

  /// Of one answer.
  static final int POINTS_IN_ALL_MAX = SERIES_MAX * POINTS_MAX;

  /// Minutes read for one answer, whatever is made of them, and series that have them.
  static final long MINUTES_MAX = 3_000_000;

  private static final int SERIES_READ_MAX = 50_000;

  enum Step {
    MINUTE("1m", Duration.ofMinutes(1)),
    FIVE_MINUTES("5m", Duration.ofMinutes(5)),
    HOUR("1h", Duration.ofHours(1));

    final String label;
    final Duration length;

    Step(String label, Duration length) {
      this.label = label;
      this.length = length;
    }

    static Step of(String label) {
      for (var step : values()) {
        if (step.label.equals(label)) {
          return step;
        }
      }
      throw Problem.invalid("step", "must be 1m, 5m or 1h");
    }
  }

  enum By {
    DEVICE("device"),
    SITE("site"),
    ALL("all");

    final String label;

    By(String label) {
      this.label = label;
    }

    static By of(String label) {
      for (var by : values()) {
        if (by.label.equals(label)) {
          return by;
        }
      }
      throw Problem.invalid("by", "must be device, site or all");
    }
  }

  private static final String METRICS =
      """
      SELECT metric_id, key, unit FROM analytics.metric_key
      WHERE tenant_id = :tenant AND key = ANY (:keys)
      """;

  private static final String CHOSEN =
      """
      SELECT s.metric_id, s.series_id, d.device_id, d.name AS device_name, d.site_id,
        site.name AS site_name
      FROM analytics.series s
      JOIN analytics.devices d ON d.model_id = s.model_id AND d.device_id = s.device_id
      LEFT JOIN analytics.sites site ON site.model_id = d.model_id AND site.site_id = d.site_id
      WHERE s.metric_id = ANY (CAST(:metrics AS int[]))
        AND (CAST(:device AS uuid) IS NULL OR d.device_id = :device)
        AND (CAST(:site AS uuid) IS NULL OR d.site_id = :site)
      ORDER BY d.name, d.device_id
      LIMIT :most
      """;

  /// Numerics are made doubles here and not there: the database takes ten times as long for it.
  private static final String POINTS =
      """
      SELECT chosen.place, CAST(date_part('epoch', point.at) AS bigint), sum(point.readings),
        sum(point.total), min(point.low), max(point.high)
      FROM unnest(CAST(:series AS int[]), CAST(:places AS int[])) AS chosen (series_id, place)
      CROSS JOIN LATERAL (
        SELECT date_bin(make_interval(secs => :step_s), m.bucket, 'epoch') AS at,
          m.value_sum AS total, m.value_count AS readings, m.value_min AS low, m.value_max AS high
        FROM analytics.metrics_min m
        WHERE m.series_id = chosen.series_id
          AND m.bucket >= CAST(:from AS timestamptz)
          AND m.bucket < CAST(:to AS timestamptz)
          AND m.value_count > 0
      ) point
      GROUP BY chosen.place, point.at
      ORDER BY chosen.place, point.at
      """;

  /// What a line for each series takes in steps of a minute: the minutes are its points already.
  private static final String MINUTES =
      """
      SELECT chosen.place, CAST(date_part('epoch', m.bucket) AS bigint), m.value_count,
        m.value_sum, m.value_min, m.value_max
      FROM unnest(CAST(:series AS int[]), CAST(:places AS int[])) AS chosen (series_id, place)
      JOIN analytics.metrics_min m ON m.series_id = chosen.series_id
      WHERE m.bucket >= CAST(:from AS timestamptz)
        AND m.bucket < CAST(:to AS timestamptz)
        AND m.value_count > 0
      ORDER BY chosen.place, m.bucket
      """;

  SeriesQuery {
    keys = keys.stream().distinct().toList();
    if (keys.isEmpty() || keys.size() > KEYS_MAX) {
      throw Problem.invalid("key", "must be given, at most " + KEYS_MAX + " times");
    }
    if (!to.isAfter(from)) {
      throw Problem.invalid("to", "must be after from");
    }
    var seconds = step.length.toSeconds();
    from = Instant.ofEpochSecond(Math.floorDiv(from.getEpochSecond(), seconds) * seconds);
    var points = Math.ceilDiv(Duration.between(from, to).toSeconds(), seconds);
    if (points > POINTS_MAX) {
      throw Problem.invalid(
          "step",
          "gives "
              + points
              + " points; at most "
              + POINTS_MAX
              + " are allowed: take a longer step or a shorter range");
    }
  }

  private record Chosen(
      int metricId,
      int seriesId,
      UUID deviceId,
      String deviceName,
      @Nullable UUID siteId,
      @Nullable String siteName) {
    static Chosen of(ResultSet row, int number) throws SQLException {
      return new Chosen(
          row.getInt("metric_id"),
          row.getInt("series_id"),
          row.getObject("device_id", UUID.class),
          row.getString("device_name"),
          row.getObject("site_id", UUID.class),
          row.getString("site_name"));
    }
  }

  /// A line of the answer, and which one.
  private record Line(int metricId, Object group) {}

  MetricSeries answer(JdbcClient sql) {
    var metrics = metrics(sql);
    var chosen = chosen(sql, metrics.keySet());
    var lines = new LinkedHashMap<Line, Series>();
    Map<Line, Integer> placeOf = new HashMap<>();
    var places = new ArrayList<Integer>(chosen.size());
    for (var one : chosen) {
      var line = new Line(one.metricId(), group(one));
      places.add(placeOf.computeIfAbsent(line, fresh -> placeOf.size()));
      lines.computeIfAbsent(
          line,
          fresh -> {
            var series = series(one);
            metrics.get(one.metricId()).series().add(series);
            return series;
          });
    }
    check(metrics.values());
    read(sql, chosen, places, List.copyOf(lines.values()));
    return new MetricSeries(step.length.toSeconds(), from, to, List.copyOf(metrics.values()));
  }

  private List<Chosen> chosen(JdbcClient sql, Collection<Integer> metrics) {
    var minutes = Math.max(1, Duration.between(from, to).toMinutes());
    var most = Math.min(SERIES_READ_MAX, MINUTES_MAX / minutes);
    var chosen =
        sql.sql(CHOSEN)
            .param("metrics", metrics.toArray(Integer[]::new))
            .param("device", deviceId)
            .param("site", siteId)
            .param("most", most + 1)
            .query(Chosen::of)
            .list();
    if (chosen.size() > most) {
      throw Problem.invalid(
          "from",
          "reads "
              + minutes
              + " minutes of more than "
              + most
              + " series, which is too much: take a shorter range, fewer metrics or fewer devices");
    }
    return chosen;
  }

  /// By their numbers, in the order they were asked for.
  private Map<Integer, Metric> metrics(JdbcClient sql) {
    var numbers = new HashMap<String, Integer>();
    var units = new HashMap<String, String>();
    sql.sql(METRICS)
        .param("tenant", tenant.value())
        .param("keys", keys.toArray(String[]::new))
        .query(
            row -> {
              numbers.put(row.getString("key"), row.getInt("metric_id"));
              units.put(row.getString("key"), row.getString("unit"));
            });
    var metrics = new LinkedHashMap<Integer, Metric>();
    for (var key : keys) {
      var number = numbers.get(key);
      if (number == null) {
        throw Problem.notFound("metric", key);
      }
      var unit = units.getOrDefault(key, "");
      metrics.put(number, new Metric(key, unit.isEmpty() ? null : unit, new ArrayList<>()));
    }
    return metrics;
  }

  private void check(Collection<Metric> metrics) {
    var lines = 0;
    for (var metric : metrics) {
      var series = metric.series().size();
      if (series > SERIES_MAX) {
        throw Problem.invalid(
            "by",
            "gives "
                + series
                + " series; at most "
                + SERIES_MAX
                + " are allowed: choose a site or group by site");
      }
      lines += series;
    }
    var points =
        lines * Math.ceilDiv(Duration.between(from, to).toSeconds(), step.length.toSeconds());
    if (points > POINTS_IN_ALL_MAX) {
      throw Problem.invalid(
          "key",
          "and the range give "
              + points
              + " points; at most "
              + POINTS_IN_ALL_MAX
              + " are allowed: ask for fewer metrics at once or take a longer step");
    }
  }

  private void read(JdbcClient sql, List<Chosen> chosen, List<Integer> places, List<Series> lines) {
    var asTheyAre = step == Step.MINUTE && lines.size() == chosen.size();
    var points =
        sql.sql(asTheyAre ? MINUTES : POINTS)
            .param("series", chosen.stream().map(Chosen::seriesId).toArray(Integer[]::new))
            .param("places", places.toArray(Integer[]::new))
            .param("from", SqlTime.of(from))
            .param("to", SqlTime.of(to));
    if (!asTheyAre) {
      points.param("step_s", (double) step.length.toSeconds());
    }
    points.query(
        row -> {
          var point = point(row);
          if (point != null) {
            lines.get(row.getInt(1)).points().add(point);
          }
        });
  }

  /// Null if it is too large for a number of JSON: a gap in the line is better than a wrong place.
  private static @Nullable Point point(ResultSet row) throws SQLException {
    var readings = row.getLong(3);
    var mean = row.getDouble(4) / readings;
    if (Double.isInfinite(mean)) {
      // Many large ones together may be too large where their mean is not.
      mean = row.getBigDecimal(4).divide(BigDecimal.valueOf(readings), DECIMAL128).doubleValue();
    }
    var low = row.getDouble(5);
    var high = row.getDouble(6);
    if (Double.isInfinite(mean) || Double.isInfinite(low) || Double.isInfinite(high)) {
      return null;
    }
    // Of equal readings it may come out a digit beside them.
    return new Point(row.getLong(2), Math.clamp(mean, low, high), low, high, readings);
  }

  private Object group(Chosen one) {
    return switch (by) {
      case DEVICE -> one.deviceId();
      case SITE -> one.siteId() == null ? "" : one.siteId();
      case ALL -> "";
    };
  }

  private Series series(Chosen one) {
    return switch (by) {
      case DEVICE ->
          new Series(
              one.deviceId().toString(),
              one.deviceName(),
              one.deviceId(),
              one.siteId(),
              new ArrayList<>());
      case SITE ->
          new Series(
              one.siteId() == null ? "none" : one.siteId().toString(),
              one.siteName() != null
                  ? one.siteName()
                  : one.siteId() == null ? "No site" : one.siteId().toString(),
              null,
              one.siteId(),
              new ArrayList<>());
      case ALL -> new Series("all", "All devices", null, null, new ArrayList<>());
    };
  }
}
