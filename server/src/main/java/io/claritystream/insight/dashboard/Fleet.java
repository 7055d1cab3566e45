package io.claritystream.insight.dashboard;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.stream.source.SourceStates;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// Reads devices with how they report.
final class Fleet {
  /// A device, and when it was heard of.
  ///
  /// @param sourceState what its source is doing; empty where nobody knows
  record Machine(
      UUID id,
      String key,
      String name,
      String kind,
      @Nullable UUID siteId,
      @Nullable String siteName,
      UUID sourceId,
      String sourceState,
      int metrics,
      @Nullable Instant lastAt,
      Duration interval) {

    DeviceState state(Instant now) {
      return DeviceState.of(sourceState, lastAt, interval, now);
    }

    private Machine from(String state) {
      return new Machine(
          id, key, name, kind, siteId, siteName, sourceId, state, metrics, lastAt, interval);
    }

    /// A clock that runs ahead makes no reading younger than none.
    @Nullable Long ageS(Instant now) {
      return lastAt == null ? null : Math.max(0, Duration.between(lastAt, now).toSeconds());
    }
  }

  /// Which devices: null means any.
  ///
  /// @param name a part of the name or the key
  record Filter(@Nullable UUID siteId, @Nullable String name, @Nullable UUID deviceId) {
    static final Filter ALL = new Filter(null, null, null);
  }

  /// Where a page begins: behind this name and id.
  record After(String name, UUID id) {}

  /// The median gap is that of the latest of these many minutes, and of six hours at most.
  private static final String SELECT =
      """
      SELECT page.device_id, page.key, page.name, page.kind, page.site_id, site.name AS site_name,
        page.source_id, heard.metrics, heard.last_at, gap.median_s
      FROM (
        SELECT d.model_id, d.device_id, d.key, d.name, d.kind, d.site_id, d.source_id
        FROM analytics.devices d
        WHERE d.tenant_id = :tenant
          AND (CAST(:site AS uuid) IS NULL OR d.site_id = :site)
          AND (CAST(:device AS uuid) IS NULL OR d.device_id = :device)
          AND (CAST(:pattern AS text) IS NULL OR d.name ILIKE :pattern OR d.key ILIKE :pattern)
          AND (CAST(:after_name AS text) IS NULL
            OR (d.name COLLATE analytics.by_number, d.device_id)
              > (:after_name, CAST(:after_id AS uuid)))
        ORDER BY d.name COLLATE analytics.by_number, d.device_id
        LIMIT :rows
      ) page
      LEFT JOIN analytics.sites site
        ON site.model_id = page.model_id AND site.site_id = page.site_id
      CROSS JOIN LATERAL (
        SELECT count(*) AS metrics, max(newest.last_at) AS last_at,
          (array_agg(s.series_id ORDER BY newest.bucket DESC NULLS LAST, s.series_id))[1] AS freshest
        FROM analytics.series s
        LEFT JOIN LATERAL (
          SELECT m.bucket, m.last_at
          FROM analytics.metrics_min m
          WHERE m.series_id = s.series_id
          ORDER BY m.bucket DESC
          LIMIT 1
        ) newest ON true
        WHERE s.model_id = page.model_id AND s.device_id = page.device_id
      ) heard
      LEFT JOIN LATERAL (
        SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY gaps.gap_s) AS median_s
        FROM (
          SELECT extract(epoch FROM minutes.bucket - lag(minutes.bucket)
            OVER (ORDER BY minutes.bucket))::int AS gap_s
          FROM (
            SELECT m.bucket
            FROM analytics.metrics_min m
            WHERE m.series_id = heard.freshest AND m.bucket >= CAST(:since AS timestamptz)
            ORDER BY m.bucket DESC
            LIMIT 31
          ) minutes
        ) gaps
        WHERE gaps.gap_s IS NOT NULL
      ) gap ON true
      ORDER BY page.name COLLATE analytics.by_number, page.device_id
      """;

  static final Duration GAPS_OF = Duration.ofHours(6);

  private Fleet() {}

  static List<Machine> read(
      JdbcClient sql,
      SourceStates states,
      TenantId tenant,
      Filter filter,
      @Nullable After after,
      int rows,
      Instant now) {
    var machines =
        sql.sql(SELECT)
            .param("tenant", tenant.value())
            .param("site", filter.siteId())
            .param("device", filter.deviceId())
            .param("pattern", filter.name() == null ? null : "%" + escaped(filter.name()) + "%")
            .param("after_name", after == null ? null : after.name())
            .param("after_id", after == null ? null : after.id())
            .param("since", SqlTime.of(now.minus(GAPS_OF)))
            .param("rows", rows)
            .query(Fleet::machine)
            .list();
    var sources = machines.stream().map(Machine::sourceId).collect(Collectors.toSet());
    var doing = states.of(sql, tenant, sources);
    return machines.stream()
        .map(machine -> machine.from(doing.getOrDefault(machine.sourceId(), "")))
        .toList();
  }

  static Optional<Machine> find(
      JdbcClient sql, SourceStates states, TenantId tenant, UUID device, Instant now) {
    return read(sql, states, tenant, new Filter(null, null, device), null, 1, now).stream()
        .findFirst();
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_");
  }

  private static Machine machine(ResultSet row, int number) throws SQLException {
    return new Machine(
        row.getObject("device_id", UUID.class),
        row.getString("key"),
        row.getString("name"),
        row.getString("kind"),
        row.getObject("site_id", UUID.class),
        row.getString("site_name"),
        row.getObject("source_id", UUID.class),
        "",
        row.getInt("metrics"),
        SqlTime.readNullable(row, "last_at"),
        DeviceState.interval(row.getInt("median_s")));
  }
}
