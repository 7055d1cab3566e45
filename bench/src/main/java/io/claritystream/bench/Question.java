package io.claritystream.bench;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;

/// What a dashboard asks at once: one series of a day, or ten metrics of a site's twenty devices
/// over an hour, a part for each metric.
record Question(List<Part> parts) {
  private static final int WIDE_ONE_IN = 5;

  /// One metric: of one device, or of each device of a site.
  ///
  /// @param series the numbers of its series, which plain SQL may take instead
  record Part(
      String key,
      UUID deviceId,
      UUID siteId,
      boolean wholeSite,
      Instant from,
      Instant to,
      int[] series) {
    String path() {
      return "/v1/metrics/series?key=%s&%s&from=%s&to=%s&step=1m"
          .formatted(key, wholeSite ? "site_id=" + siteId : "device_id=" + deviceId, from, to);
    }
  }

  boolean wide() {
    return parts.size() > 1;
  }

  static Question next(Random random, List<MinuteRows.Line> lines, MinuteRows.Span span) {
    MinuteRows.Line one = lines.get(random.nextInt(lines.size()));
    if (random.nextInt(WIDE_ONE_IN) > 0) {
      Instant from = from(random, span, Duration.ofDays(1));
      Instant to = earlier(from.plus(Duration.ofDays(1)), span.to());
      return new Question(
          List.of(
              new Part(
                  one.key(),
                  one.deviceId(),
                  one.siteId(),
                  false,
                  from,
                  to,
                  new int[] {one.seriesId()})));
    }
    Instant from = from(random, span, Duration.ofHours(1));
    Instant to = earlier(from.plus(Duration.ofHours(1)), span.to());
    return new Question(
        lines.stream()
            .filter(line -> line.siteId().equals(one.siteId()))
            .collect(Collectors.groupingBy(MinuteRows.Line::key))
            .entrySet()
            .stream()
            .map(
                metric ->
                    new Part(
                        metric.getKey(),
                        one.deviceId(),
                        one.siteId(),
                        true,
                        from,
                        to,
                        metric.getValue().stream().mapToInt(MinuteRows.Line::seriesId).toArray()))
            .toList());
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }

  /// A whole minute, so long before the end that the range fits, if it can.
  private static Instant from(Random random, MinuteRows.Span span, Duration length) {
    long room = Duration.between(span.from(), span.to()).minus(length).toMinutes();
    return room <= 0
        ? span.from()
        : span.from().plus(Duration.ofMinutes(random.nextLong(room + 1)));
  }
}
