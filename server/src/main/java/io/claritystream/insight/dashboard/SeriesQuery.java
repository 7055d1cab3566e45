package io.claritystream.insight.dashboard;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.Problem;
import io.claritystream.insight.dashboard.MetricSeries.Series;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// One metric over time.
///
/// @param from the first moment, brought down to a whole step
/// @param to the moment behind the last
record SeriesQuery(
    TenantId tenant,
    String key,
    @Nullable UUID deviceId,
    @Nullable UUID siteId,
    Instant from,
    Instant to,
    Step step,
    By by) {
  static final int SERIES_MAX = 100;
  static final int POINTS_MAX = 1_500;

  /// Minutes read for one answer, whatever is made of them.
  static final long MINUTES_MAX = 3_000_000;

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

  private static final String CHOSEN =
      """
      SELECT s.series_id, d.device_id, d.name AS device_name, d.site_id, site.name AS site_name
      FROM analytics.metric_key k
      JOIN analytics.series s ON s.metric_id = k.metric_id
      JOIN analytics.devices d ON d.model_id = s.model_id AND d.device_id = s.device_id
      LEFT JOIN analytics.sites site ON site.model_id = d.model_id AND site.site_id = d.site_id
      WHERE k.tenant_id = :tenant AND k.key = :key
        AND (CAST(:device AS uuid) IS NULL OR d.device_id = :device)
        AND (CAST(:site AS uuid) IS NULL OR d.site_id = :site)
      ORDER BY d.name, d.device_id
      """;

  private static final String POINTS =
      """
      SELECT chosen.place, extract(epoch FROM point.at)::bigint AS at,
        analytics.to_float(sum(point.total) / sum(point.readings)) AS mean,
        analytics.to_float(min(point.low)) AS low, analytics.to_float(max(point.high)) AS high,
        sum(point.readings) AS readings
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
      SELECT chosen.place, extract(epoch FROM m.bucket)::bigint AS at,
        analytics.to_float(m.value_sum / m.value_count) AS mean,
        analytics.to_float(m.value_min) AS low, analytics.to_float(m.value_max) AS high,
        m.value_count::bigint AS readings
      FROM unnest(CAST(:series AS int[]), CAST(:places AS int[])) AS chosen (series_id, place)
      JOIN analytics.metrics_min m ON m.series_id = chosen.series_id
      WHERE m.bucket >= CAST(:from AS timestamptz)
        AND m.bucket < CAST(:to AS timestamptz)
        AND m.value_count > 0
      ORDER BY chosen.place, m.bucket
      """;

  SeriesQuery {
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
      int seriesId,
      UUID deviceId,
      String deviceName,
      @Nullable UUID siteId,
      @Nullable String siteName) {
    static Chosen of(ResultSet row, int number) throws SQLException {
      return new Chosen(
          row.getInt("series_id"),
          row.getObject("device_id", UUID.class),
          row.getString("device_name"),
          row.getObject("site_id", UUID.class),
          row.getString("site_name"));
    }
  }

  MetricSeries answer(JdbcClient sql) {
    var unit =
        sql.sql("SELECT unit FROM analytics.metric_key WHERE tenant_id = :tenant AND key = :key")
            .param("tenant", tenant.value())
            .param("key", key)
            .query(String.class)
            .optional()
            .orElseThrow(() -> Problem.notFound("metric", key));
    var chosen =
        sql.sql(CHOSEN)
            .param("tenant", tenant.value())
            .param("key", key)
            .param("device", deviceId)
            .param("site", siteId)
            .query(Chosen::of)
            .list();
    var minutes = chosen.size() * Math.max(1, Duration.between(from, to).toMinutes());
    if (minutes > MINUTES_MAX) {
      throw Problem.invalid(
          "from",
          "reads "
              + minutes
              + " minutes of series; at most "
              + MINUTES_MAX
              + " are allowed: take a shorter range or fewer devices");
    }
    var answers = new LinkedHashMap<Object, Series>();
    var places = new ArrayList<Integer>(chosen.size());
    Map<Object, Integer> placeOf = new LinkedHashMap<>();
    for (var one : chosen) {
      var group = group(one);
      places.add(placeOf.computeIfAbsent(group, fresh -> placeOf.size()));
      answers.computeIfAbsent(group, fresh -> series(one));
    }
    if (answers.size() > SERIES_MAX) {
      throw Problem.invalid(
          "by",
          "gives "
              + answers.size()
              + " series; at most "
              + SERIES_MAX
              + " are allowed: choose a site or group by site");
    }
    var ordered = List.copyOf(answers.values());
    var series = chosen.stream().map(Chosen::seriesId).toArray(Integer[]::new);
    var asTheyAre = step == Step.MINUTE && ordered.size() == series.length;
    var points =
        sql.sql(asTheyAre ? MINUTES : POINTS)
            .param("series", series)
            .param("places", places.toArray(Integer[]::new))
            .param("from", SqlTime.of(from))
            .param("to", SqlTime.of(to));
    if (!asTheyAre) {
      points.param("step_s", (double) step.length.toSeconds());
    }
    points.query(
        row -> {
          add(ordered, row);
        });
    return new MetricSeries(
        key, unit.isEmpty() ? null : unit, step.length.toSeconds(), from, to, ordered);
  }

  private static void add(List<Series> series, ResultSet row) throws SQLException {
    var mean = row.getDouble("mean");
    var low = row.getDouble("low");
    var high = row.getDouble("high");
    if (row.getObject("mean") == null
        || row.getObject("low") == null
        || row.getObject("high") == null) {
      // Too large for a number of JSON: a gap in the line is better than a wrong place.
      return;
    }
    series
        .get(row.getInt("place"))
        .points()
        .add(List.of(row.getLong("at"), mean, low, high, row.getLong("readings")));
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
