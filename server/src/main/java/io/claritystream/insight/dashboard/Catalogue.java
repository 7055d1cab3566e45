package io.claritystream.insight.dashboard;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.db.UserId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// The metrics of a tenant in the order of their rank. The ranking is kept for a while; pins are
/// a person's own and read each time.
final class Catalogue {
  /// How many devices of a metric are looked at for how much it varies.
  static final int SAMPLE_MAX = 30;

  /// How many of them say how often it is read.
  private static final int SPACED_MAX = 5;

  private static final int METRICS_MAX = 20_000;
  private static final int TENANTS_KEPT = 2_000;
  private static final Duration KEPT_FOR = Duration.ofSeconds(2);
  private static final Duration REPORTS_WITHIN = Duration.ofDays(1);
  private static final Duration VARIES_WITHIN = Duration.ofHours(1);

  /// @param share of all devices of the tenant
  /// @param variation the coefficient of variation; null where the mean is zero or nothing is
  ///     known
  /// @param interval in which its devices usually report it, a minute at least
  record Ranked(
      int id,
      String key,
      String name,
      String unit,
      int devices,
      double share,
      @Nullable Double variation,
      Duration interval,
      @Nullable Instant lastAt) {}

  /// A device's clock may be ahead: nothing is newer than now.
  ///
  /// Nothing that is squared or added up may leave what a double holds.
  private static final String RANK =
      """
      WITH newest AS MATERIALIZED (
        SELECT s.metric_id, s.series_id, m.last_at,
          row_number() OVER (PARTITION BY s.metric_id ORDER BY m.bucket DESC, s.series_id) AS place
        FROM analytics.series s
        CROSS JOIN LATERAL (
          SELECT m.bucket, m.last_at
          FROM analytics.metrics_min m
          WHERE m.series_id = s.series_id
          ORDER BY m.bucket DESC
          LIMIT 1
        ) m
        WHERE s.tenant_id = :tenant
      ), varied AS (
        SELECT newest.metric_id, avg(sampled.mean) AS mean, stddev_pop(sampled.mean) AS deviation
        FROM newest
        CROSS JOIN LATERAL (
          SELECT greatest(-1e150,
            least(1e150, analytics.to_float(m.value_sum / m.value_count))) AS mean
          FROM analytics.metrics_min m
          WHERE m.series_id = newest.series_id
            AND m.bucket >= CAST(:varies_since AS timestamptz)
            AND m.value_count > 0
          ORDER BY m.bucket DESC
          LIMIT 60
        ) sampled
        WHERE newest.place <= :sample
        GROUP BY newest.metric_id
      ), spaced AS (
        SELECT newest.metric_id,
          percentile_disc(0.5) WITHIN GROUP (ORDER BY gaps.gap_s) AS median_s
        FROM newest
        CROSS JOIN LATERAL (
          SELECT extract(epoch FROM minutes.bucket - lag(minutes.bucket)
            OVER (ORDER BY minutes.bucket))::int AS gap_s
          FROM (
            SELECT m.bucket
            FROM analytics.metrics_min m
            WHERE m.series_id = newest.series_id
              AND m.bucket >= CAST(:spaced_since AS timestamptz)
            ORDER BY m.bucket DESC
            LIMIT 31
          ) minutes
        ) gaps
        WHERE newest.place <= :spaced AND gaps.gap_s IS NOT NULL
        GROUP BY newest.metric_id
      ), reported AS (
        SELECT metric_id,
          count(*) FILTER (WHERE last_at >= CAST(:reports_since AS timestamptz)) AS devices,
          least(max(last_at), CAST(:now AS timestamptz)) AS last_at
        FROM newest
        GROUP BY metric_id
      )
      SELECT k.metric_id, k.key, k.name, k.unit, coalesce(reported.devices, 0) AS devices,
        reported.last_at, varied.mean, varied.deviation, spaced.median_s,
        (SELECT count(*) FROM analytics.devices d WHERE d.tenant_id = :tenant) AS all_devices
      FROM analytics.metric_key k
      JOIN reported USING (metric_id)
      LEFT JOIN varied USING (metric_id)
      LEFT JOIN spaced USING (metric_id)
      WHERE k.tenant_id = :tenant
      LIMIT :metrics_max
      """;

  private final TenantTransactions transactions;
  private final Clock clock;
  private final Kept<TenantId, List<Ranked>> kept;

  Catalogue(TenantTransactions transactions, Clock clock) {
    this.transactions = transactions;
    this.clock = clock;
    kept = new Kept<>(TENANTS_KEPT, KEPT_FOR, clock);
  }

  /// All metrics, best first, without regard to pins.
  List<Ranked> ranked(TenantId tenant) {
    return kept.get(tenant, this::rank);
  }

  /// The ranking with the pinned ones in front.
  static List<Ranked> withPins(List<Ranked> ranked, Set<String> pins) {
    var ordered = new ArrayList<Ranked>(ranked.size());
    ranked.stream().filter(metric -> pins.contains(metric.key())).forEach(ordered::add);
    ranked.stream().filter(metric -> !pins.contains(metric.key())).forEach(ordered::add);
    return ordered;
  }

  Set<String> pins(TenantId tenant, UserId user) {
    return transactions.read(
        tenant,
        user,
        sql ->
            new HashSet<>(
                sql.sql(
                        """
                        SELECT key FROM control.metric_pin
                        WHERE tenant_id = :tenant AND user_id = :user
                        """)
                    .param("tenant", tenant.value())
                    .param("user", user.value())
                    .query(String.class)
                    .list()));
  }

  private List<Ranked> rank(TenantId tenant) {
    var now = clock.instant();
    return transactions.read(
        tenant,
        sql -> {
          var metrics = new ArrayList<>(read(sql, tenant, now));
          metrics.sort(
              Comparator.comparingDouble((Ranked metric) -> -metric.share())
                  .thenComparingDouble(
                      metric -> metric.variation() == null ? 0 : -metric.variation())
                  .thenComparing(Ranked::key));
          return List.copyOf(metrics);
        });
  }

  private static List<Ranked> read(JdbcClient sql, TenantId tenant, Instant now) {
    return sql.sql(RANK)
        .param("tenant", tenant.value())
        .param("now", SqlTime.of(now))
        .param("sample", SAMPLE_MAX)
        .param("spaced", SPACED_MAX)
        .param("spaced_since", SqlTime.of(now.minus(Fleet.GAPS_OF)))
        .param("varies_since", SqlTime.of(now.minus(VARIES_WITHIN)))
        .param("reports_since", SqlTime.of(now.minus(REPORTS_WITHIN)))
        .param("metrics_max", METRICS_MAX)
        .query(Catalogue::metric)
        .list();
  }

  private static Ranked metric(ResultSet row, int number) throws SQLException {
    var devices = row.getInt("devices");
    var all = row.getInt("all_devices");
    var mean = row.getDouble("mean");
    var known = !row.wasNull() && mean != 0;
    var deviation = row.getDouble("deviation");
    var variation = known ? deviation / Math.abs(mean) : 0;
    return new Ranked(
        row.getInt("metric_id"),
        row.getString("key"),
        row.getString("name"),
        row.getString("unit"),
        devices,
        all == 0 ? 0 : (double) devices / all,
        known && Double.isFinite(variation) ? variation : null,
        DeviceState.interval(row.getInt("median_s")),
        SqlTime.readNullable(row, "last_at"));
  }
}
