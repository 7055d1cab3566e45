package io.claritystream.insight.dashboard;

import io.swagger.v3.oas.annotations.media.ArraySchema;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.annotation.JsonSerialize;

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

  /// Written as an array, and by hand: an answer has up to 150,000 of them.
  @JsonSerialize(using = PointWriter.class)
  record Point(long at, double mean, double low, double high, long readings) {}

  static final class PointWriter extends ValueSerializer<Point> {
    @Override
    public void serialize(Point point, JsonGenerator json, SerializationContext context) {
      json.writeStartArray();
      json.writeNumber(point.at);
      json.writeNumber(point.mean);
      json.writeNumber(point.low);
      json.writeNumber(point.high);
      json.writeNumber(point.readings);
      json.writeEndArray();
    }
  }
}
