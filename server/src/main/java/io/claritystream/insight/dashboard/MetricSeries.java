package io.claritystream.insight.dashboard;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.swagger.v3.oas.annotations.media.ArraySchema;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Metrics over time, in the order they were asked for.
@Schema(name = "MetricSeries")
record MetricSeries(long stepS, Instant from, Instant to, List<Metric> metrics) {

  /// One of them, with a series for each device, each site, or all of them.
  @Schema(name = "SeriesOfMetric")
  record Metric(String key, @Nullable String unit, List<Series> series) {}

  @Schema(name = "Series")
  record Series(
      String id,
      String name,
      @Nullable UUID deviceId,
      @Nullable UUID siteId,
      @ArraySchema(
              arraySchema =
                  @Schema(
                      description =
                          "`[seconds since 1970, mean, minimum, maximum, readings]` each"),
              schema = @Schema(implementation = Number[].class))
          List<Point> points) {}

  /// Written as an array: there are many.
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  @JsonPropertyOrder({"at", "mean", "low", "high", "readings"})
  record Point(long at, double mean, double low, double high, long readings) {}
}
