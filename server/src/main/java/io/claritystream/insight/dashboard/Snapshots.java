package io.claritystream.insight.dashboard;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.insight.dashboard.Fleet.Filter;
import io.claritystream.insight.dashboard.Fleet.Machine;
import io.claritystream.stream.source.SourceStates;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// What everybody of a tenant sees on the overview, kept for a moment.
final class Snapshots {
  /// Devices beyond this are not on the overview; the list of devices has them all.
  static final int DEVICES_MAX = 5_000;

  static final int MINUTES = 60;

  private static final int TENANTS_KEPT = 2_000;
  private static final Duration KEPT_FOR = Duration.ofSeconds(1);

  /// One metric at one site, minute by minute: the sum of the devices' means and how many devices
  /// they are of, 0 where none reported.
  record Line(double[] sums, long[] counts) {
    Line() {
      this(new double[MINUTES], new long[MINUTES]);
    }
  }

  /// The minutes of the last hour, the last of them not over yet.
  ///
  /// @param first when the first minute began
  /// @param lines by metric, then by site; the key null holds devices without a site
  record Hour(Instant first, Map<Integer, Map<@Nullable UUID, Line>> lines, long[] counts) {}

  /// @param metrics the ids that the lines are wanted of
  private record HourOf(TenantId tenant, Set<Integer> metrics) {}

  /// The sources of a tenant by state.
  record Sources(int total, int streaming, int snapshotting, int failed) {
    /// Of one that was removed at its site nothing is expected any more.
    static Sources of(Map<String, Integer> states) {
      var there = new HashMap<>(states);
      there.remove("removed");
      return new Sources(
          there.values().stream().mapToInt(Integer::intValue).sum(),
          there.getOrDefault("streaming", 0),
          there.getOrDefault("snapshotting", 0),
          there.getOrDefault("failed", 0));
    }
  }

  /// A series that reports each minute fills the hour, with some before that it begins with. One
  /// that reports seldom is looked at for six hours back.
  private static final int NEWEST = MINUTES + 10;

  /// A device's minute stands until its next one, so that a mean over devices does not jump because
  /// some of them have yet to report. A gap is a gap, by the rule of a device's own page: where
  /// more than three of the series' usual intervals pass without a reading, the value before stands
  /// for one of them only. What is added up stays what a double holds.
  private static final String LINES =
      """
      SELECT s.metric_id, d.site_id,
        (extract(epoch FROM held.at - CAST(:first AS timestamptz)) / 60)::int AS minute,
        sum(held.mean) AS total, count(held.mean) AS devices
      FROM analytics.series s
      JOIN analytics.devices d ON d.model_id = s.model_id AND d.device_id = s.device_id
      CROSS JOIN LATERAL (
        WITH reported AS MATERIALIZED (
          SELECT newest.bucket, greatest(-1e300,
              least(1e300, analytics.to_float(newest.value_sum / newest.value_count))) AS mean,
            lead(newest.bucket) OVER later AS next, row_number() OVER later AS place
          FROM (
            SELECT m.bucket, m.value_sum, m.value_count
            FROM analytics.metrics_min m
            WHERE m.series_id = s.series_id
              AND m.bucket > CAST(:since AS timestamptz)
              AND m.bucket < CAST(:behind AS timestamptz)
              AND m.value_count > 0
            ORDER BY m.bucket DESC
            LIMIT :newest
          ) newest
          WINDOW later AS (ORDER BY newest.bucket)
        ), usual AS (
          SELECT coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY next - bucket)
              FILTER (WHERE place > (SELECT count(*) FROM reported) - 31),
            interval '1 minute') AS gap
          FROM reported
          WHERE next IS NOT NULL
        )
        SELECT each.at, reported.mean
        FROM reported
        CROSS JOIN usual
        CROSS JOIN LATERAL (
          SELECT coalesce(reported.next, CAST(:behind AS timestamptz)) AS next
        ) following
        CROSS JOIN LATERAL generate_series(
          greatest(reported.bucket, CAST(:first AS timestamptz)),
          CASE WHEN following.next - reported.bucket <= 3 * usual.gap THEN following.next
            ELSE reported.bucket + usual.gap END - interval '1 minute',
          interval '1 minute') AS each (at)
      ) held
      WHERE s.tenant_id = :tenant AND s.metric_id = ANY (:metrics)
      GROUP BY s.metric_id, d.site_id, held.at
      """;

  private static final String COUNTS =
      """
      SELECT (extract(epoch FROM m.bucket - CAST(:first AS timestamptz)) / 60)::int AS minute,
        sum(m.value_count + m.nan_count + m.inf_count) AS readings
      FROM analytics.series s
      CROSS JOIN LATERAL (
        SELECT m.bucket, m.value_count, m.nan_count, m.inf_count
        FROM analytics.metrics_min m
        WHERE m.series_id = s.series_id
          AND m.bucket >= CAST(:first AS timestamptz)
          AND m.bucket < CAST(:behind AS timestamptz)
      ) m
      WHERE s.tenant_id = :tenant
      GROUP BY m.bucket
      """;

  private final TenantTransactions transactions;
  private final SourceStates states;
  private final Clock clock;
  private final Kept<TenantId, List<Machine>> fleets;
  private final Kept<HourOf, Hour> hours;
  private final Kept<TenantId, Sources> sources;

  Snapshots(TenantTransactions transactions, SourceStates states, Clock clock) {
    this.transactions = transactions;
    this.states = states;
    this.clock = clock;
    fleets = new Kept<>(TENANTS_KEPT, KEPT_FOR, clock);
    hours = new Kept<>(2 * TENANTS_KEPT, KEPT_FOR, clock);
    sources = new Kept<>(TENANTS_KEPT, KEPT_FOR, clock);
  }

  /// The devices of a tenant by name.
  List<Machine> fleet(TenantId tenant) {
    return fleets.get(
        tenant,
        wanted ->
            transactions.read(
                wanted,
                sql ->
                    Fleet.read(
                        sql, states, wanted, Filter.ALL, null, DEVICES_MAX, clock.instant())));
  }

  Sources sources(TenantId tenant) {
    return sources.get(
        tenant, wanted -> transactions.read(wanted, sql -> Sources.of(states.count(sql, wanted))));
  }

  Hour hour(TenantId tenant, Set<Integer> metrics) {
    return hours.get(
        new HourOf(tenant, Set.copyOf(metrics)),
        wanted -> transactions.read(tenant, sql -> readHour(sql, wanted)));
  }

  private Hour readHour(JdbcClient sql, HourOf wanted) {
    var behind = clock.instant().truncatedTo(ChronoUnit.MINUTES).plus(1, ChronoUnit.MINUTES);
    var first = behind.minus(MINUTES, ChronoUnit.MINUTES);
    Map<Integer, Map<@Nullable UUID, Line>> lines = new LinkedHashMap<>();
    if (!wanted.metrics().isEmpty()) {
      sql.sql(LINES)
          .param("tenant", wanted.tenant().value())
          .param("metrics", wanted.metrics().toArray(Integer[]::new))
          .param("first", SqlTime.of(first))
          .param("since", SqlTime.of(behind.minus(Fleet.GAPS_OF)))
          .param("newest", NEWEST)
          .param("behind", SqlTime.of(behind))
          .query(
              row -> {
                var minute = row.getInt("minute");
                var total = row.getDouble("total");
                if (!row.wasNull()) {
                  var line =
                      lines
                          .computeIfAbsent(row.getInt("metric_id"), id -> new HashMap<>())
                          .computeIfAbsent(
                              row.getObject("site_id", UUID.class), site -> new Line());
                  line.sums()[minute] = total;
                  line.counts()[minute] = row.getLong("devices");
                }
              });
    }
    var counts = new long[MINUTES];
    sql.sql(COUNTS)
        .param("tenant", wanted.tenant().value())
        .param("first", SqlTime.of(first))
        .param("behind", SqlTime.of(behind))
        .query(
            row -> {
              counts[row.getInt("minute")] = row.getLong("readings");
            });
    return new Hour(first, lines, counts);
  }
}
