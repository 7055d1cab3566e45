package io.claritystream.bench;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a dashboard asks: one series of a day, or ten metrics of each of a site's twenty devices
/// over an hour.
///
/// @param siteId of whose devices, each; null for those of one
/// @param series the numbers of its series, which plain SQL may take instead
record Question(
    List<String> keys,
    @Nullable UUID deviceId,
    @Nullable UUID siteId,
    Instant from,
    Instant to,
    int[] series) {
  private static final int WIDE_ONE_IN = 5;

  String path() {
    return "/v1/metrics/series?%s&%s&from=%s&to=%s&step=1m"
        .formatted(
            keys.stream().map(key -> "key=" + key).collect(Collectors.joining("&")),
            wide() ? "site_id=" + siteId : "device_id=" + deviceId,
            from,
            to);
  }

  boolean wide() {
    return siteId != null;
  }

  static Question next(Random random, List<MinuteRows.Line> lines, MinuteRows.Span span) {
    MinuteRows.Line one = lines.get(random.nextInt(lines.size()));
    if (random.nextInt(WIDE_ONE_IN) > 0) {
      Instant from = from(random, span, Duration.ofDays(1));
      Instant to = earlier(from.plus(Duration.ofDays(1)), span.to());
      return new Question(
          List.of(one.key()), one.deviceId(), null, from, to, new int[] {one.seriesId()});
    }
    Instant from = from(random, span, Duration.ofHours(1));
    Instant to = earlier(from.plus(Duration.ofHours(1)), span.to());
    List<MinuteRows.Line> site =
        lines.stream().filter(line -> line.siteId().equals(one.siteId())).toList();
    return new Question(
        site.stream().map(MinuteRows.Line::key).distinct().sorted().toList(),
        null,
        one.siteId(),
        from,
        to,
        site.stream().mapToInt(MinuteRows.Line::seriesId).toArray());
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
