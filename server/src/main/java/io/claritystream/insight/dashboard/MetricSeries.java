package io.claritystream.insight.dashboard;

import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One metric over time, a series for each device, each site, or all of them.
@Schema(name = "MetricSeries")
record MetricSeries(
    String key, @Nullable String unit, long stepS, Instant from, Instant to, List<Series> series) {

  /// Points are `[seconds since 1970, mean, minimum, maximum, count]`.
  @Schema(name = "Series")
  record Series(
      String id,
      String name,
      @Nullable UUID deviceId,
      @Nullable UUID siteId,
      List<List<Number>> points) {}
}
