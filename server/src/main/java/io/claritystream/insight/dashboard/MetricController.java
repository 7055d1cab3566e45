package io.claritystream.insight.dashboard;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.claritystream.insight.dashboard.SeriesQuery.By;
import io.claritystream.insight.dashboard.SeriesQuery.Step;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RunsAs(ProcessRole.API)
@Tag(name = "Metrics")
class MetricController {
  private static final String LIST = "metrics";
  private static final Duration RANGE_DEFAULT = Duration.ofHours(1);

  /// A person's pins; more than these are no choice.
  private static final int PINS_MAX = 50;

  private final TenantTransactions transactions;
  private final Catalogue catalogue;
  private final Clock clock;

  MetricController(TenantTransactions transactions, Catalogue catalogue, Clock clock) {
    this.transactions = transactions;
    this.catalogue = catalogue;
    this.clock = clock;
  }

  @Schema(name = "Metric")
  record Metric(
      String key,
      String name,
      @Nullable String unit,
      int devicesReporting,
      double deviceShare,
      @Nullable Double coefficientOfVariation,
      boolean pinned,
      int rank,
      @Nullable Instant lastAt) {}

  @GetMapping("/v1/metrics")
  @RequiresPermission(Permission.METRICS_READ)
  @Operation(operationId = "listMetrics", summary = "Metrics by rank, the pinned ones first")
  Page<Metric> list(Caller caller, PageRequest page) {
    var from = page.after(LIST, 1).map(cursor -> (int) cursor.number(0)).orElse(0);
    var pins = catalogue.pins(caller.tenantId(), caller.userId());
    var ordered = Catalogue.withPins(catalogue.ranked(caller.tenantId()), pins);
    var shown = new ArrayList<Metric>();
    for (var at = from; at >= 0 && at < ordered.size() && shown.size() < page.rows(); at++) {
      var metric = ordered.get(at);
      shown.add(
          new Metric(
              metric.key(),
              metric.name(),
              metric.unit().isEmpty() ? null : metric.unit(),
              metric.devices(),
              metric.share(),
              metric.variation(),
              pins.contains(metric.key()),
              at + 1,
              metric.lastAt()));
    }
    return Page.of(shown, page, metric -> Cursor.of(LIST, metric.rank()));
  }

  @GetMapping("/v1/metrics/series")
  @RequiresPermission(Permission.METRICS_READ)
  @Operation(
      operationId = "getSeries",
      summary =
          "Metrics over time, at most 20 of 100 series of 1,500 points, and 150,000 points in all")
  MetricSeries series(
      Caller caller,
      @RequestParam("key") List<String> keys,
      @RequestParam(name = "device_id", required = false) @Nullable UUID deviceId,
      @RequestParam(name = "site_id", required = false) @Nullable UUID siteId,
      @RequestParam(name = "from", required = false) @Nullable Instant from,
      @RequestParam(name = "to", required = false) @Nullable Instant to,
      @RequestParam(name = "step", required = false, defaultValue = "1m")
          @Schema(allowableValues = {"1m", "5m", "1h"})
          String step,
      @RequestParam(name = "by", required = false, defaultValue = "device")
          @Schema(allowableValues = {"device", "site", "all"})
          String by) {
    var end = to == null ? clock.instant() : to;
    var begin = from == null ? end.minus(RANGE_DEFAULT) : from;
    var query =
        new SeriesQuery(
            caller.tenantId(), keys, deviceId, siteId, begin, end, Step.of(step), By.of(by));
    return transactions.read(caller.tenantId(), query::answer);
  }

  // A key is no part of the path: it may have a slash or a percent sign.
  @PutMapping("/v1/metrics/pin")
  @RequiresPermission(Permission.PINS_WRITE)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  @Operation(operationId = "pinMetric", summary = "Put a metric in front, for the caller alone")
  void pin(Caller caller, @RequestParam("key") String key) {
    transactions.run(
        caller.tenantId(),
        caller.userId(),
        sql -> {
          var known =
              sql.sql(
                      "SELECT count(*) FROM analytics.metric_key WHERE tenant_id = :tenant AND key = :key")
                  .param("tenant", caller.tenantId().value())
                  .param("key", key)
                  .query(Integer.class)
                  .single();
          if (known == 0) {
            throw Problem.notFound("metric", key);
          }
          var others =
              sql.sql(
                      """
                      SELECT count(*) FROM control.metric_pin
                      WHERE tenant_id = :tenant AND user_id = :user AND key <> :key
                      """)
                  .param("tenant", caller.tenantId().value())
                  .param("user", caller.userId().value())
                  .param("key", key)
                  .query(Integer.class)
                  .single();
          if (others >= PINS_MAX) {
            throw Problem.invalid("key", "is one too many: " + PINS_MAX + " metrics are pinned");
          }
          return sql.sql(
                  """
                      INSERT INTO control.metric_pin (tenant_id, user_id, key, pinned_at)
                      VALUES (:tenant, :user, :key, :now)
                      ON CONFLICT (tenant_id, user_id, key) DO NOTHING
                      """)
              .param("tenant", caller.tenantId().value())
              .param("user", caller.userId().value())
              .param("key", key)
              .param("now", SqlTime.of(clock.instant()))
              .update();
        });
  }

  @DeleteMapping("/v1/metrics/pin")
  @RequiresPermission(Permission.PINS_WRITE)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  @Operation(operationId = "unpinMetric", summary = "Take back a pin")
  void unpin(Caller caller, @RequestParam("key") String key) {
    transactions.run(
        caller.tenantId(),
        caller.userId(),
        sql ->
            sql.sql(
                    """
                    DELETE FROM control.metric_pin
                    WHERE tenant_id = :tenant AND user_id = :user AND key = :key
                    """)
                .param("tenant", caller.tenantId().value())
                .param("user", caller.userId().value())
                .param("key", key)
                .update());
  }
}
