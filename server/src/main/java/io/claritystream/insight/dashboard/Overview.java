package io.claritystream.insight.dashboard;

import io.claritystream.insight.dashboard.Catalogue.Ranked;
import io.claritystream.insight.dashboard.Fleet.Machine;
import io.claritystream.insight.dashboard.Snapshots.Hour;
import io.claritystream.insight.dashboard.Snapshots.Line;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The fleet at a glance, made of what was read of it.
@Schema(name = "Overview")
record Overview(
    Instant generatedAt,
    SourceCounts sources,
    @Nullable Instant newestEventAt,
    List<Kpi> kpis,
    List<Chart> charts,
    List<Site> sites,
    DeviceCounts counts) {

  static final int CHARTS_MAX = 6;
  static final int METRIC_KPIS_MAX = 4;

  /// Lines of one chart; sites with more devices come first.
  static final int LINES_MAX = 20;

  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final String NO_SITE = "No site";
  private static final String BEFORE = "vs the hour before";

  @Schema(name = "SourceCounts")
  record SourceCounts(int total, int streaming, int snapshotting, int failed) {}

  /// @param devices without those of removed sources
  @Schema(name = "DeviceCounts")
  record DeviceCounts(
      int devices, int reporting, int late, int silent, int never, int loading, int removed) {}

  /// One number of the strip.
  ///
  /// @param delta against what `basis` names
  /// @param worse whether the difference is for the worse; null where nobody can say
  /// @param at when what it tells was last heard of
  /// @param usualIntervalS in which it usually is heard of, a minute at least
  /// @param sparkline 60 minutes, null where nothing was reported
  @Schema(name = "Kpi")
  record Kpi(
      String key,
      String label,
      @Nullable Double value,
      @Nullable String unit,
      @Nullable Double delta,
      @Nullable String basis,
      @Nullable Boolean worse,
      @Nullable Instant at,
      long usualIntervalS,
      List<@Nullable Double> sparkline) {}

  /// @param points `[seconds since 1970, mean over devices, devices]`, a minute each
  @Schema(name = "OverviewSeries")
  record ChartSeries(@Nullable UUID siteId, String name, List<List<Number>> points) {}

  /// @param lastAt of its newest reading
  /// @param usualIntervalS in which its devices usually report it, a minute at least
  /// @param series lines that go on with what was last read until the next reading; where more than
  ///     three usual intervals of a device pass without one, it is in them for one of these only
  @Schema(name = "OverviewChart")
  record Chart(
      String key,
      String name,
      @Nullable String unit,
      double deviceShare,
      @Nullable Double coefficientOfVariation,
      boolean pinned,
      @Nullable Instant lastAt,
      long usualIntervalS,
      List<ChartSeries> series) {}

  @Schema(name = "OverviewDevice")
  record Device(UUID id, String name, DeviceState state, @Nullable Instant lastEventAt) {}

  @Schema(name = "OverviewSite")
  record Site(@Nullable UUID id, String name, List<Device> devices) {}

  /// The metrics whose last hour is wanted.
  static Set<Integer> shown(List<Ranked> metrics) {
    return metrics.stream()
        .limit(Math.max(CHARTS_MAX, METRIC_KPIS_MAX))
        .map(Ranked::id)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  static Overview of(
      Snapshots.Sources sources,
      List<Machine> fleet,
      List<Ranked> metrics,
      Set<String> pins,
      Hour hour,
      Instant now) {
    var newest =
        fleet.stream()
            .map(Machine::lastAt)
            .filter(Objects::nonNull)
            .max(Comparator.naturalOrder())
            .orElse(null);
    var counts = counts(fleet, now);
    return new Overview(
        now,
        new SourceCounts(
            sources.total(), sources.streaming(), sources.snapshotting(), sources.failed()),
        newest,
        kpis(counts, metrics, hour, new Heard(newest, interval(fleet)), now),
        charts(fleet, metrics, pins, hour),
        sites(fleet, now),
        counts);
  }

  /// When anything was read last, and how often something is.
  private record Heard(@Nullable Instant newest, long intervalS) {}

  /// Something is read as often as of the device that reports most often.
  private static long interval(List<Machine> fleet) {
    return fleet.stream()
        .filter(machine -> machine.lastAt() != null)
        .map(Machine::interval)
        .min(Comparator.naturalOrder())
        .orElse(MINUTE)
        .toSeconds();
  }

  private static DeviceCounts counts(List<Machine> fleet, Instant now) {
    var counts = new int[DeviceState.values().length];
    for (var machine : fleet) {
      counts[machine.state(now).ordinal()]++;
    }
    return new DeviceCounts(
        fleet.size() - counts[DeviceState.REMOVED.ordinal()],
        counts[DeviceState.REPORTING.ordinal()],
        counts[DeviceState.LATE.ordinal()],
        counts[DeviceState.SILENT.ordinal()],
        counts[DeviceState.NEVER.ordinal()],
        counts[DeviceState.LOADING.ordinal()],
        counts[DeviceState.REMOVED.ordinal()]);
  }

  // The strip

  private static List<Kpi> kpis(
      DeviceCounts counts, List<Ranked> metrics, Hour hour, Heard heard, Instant now) {
    var newest = heard.newest();
    var kpis = new ArrayList<Kpi>();
    if (counts.devices() == 0) {
      return kpis;
    }
    kpis.add(
        new Kpi(
            "devices_reporting",
            "Devices reporting",
            (double) counts.reporting(),
            "of " + counts.devices(),
            null,
            null,
            null,
            newest,
            heard.intervalS(),
            nothing()));
    kpis.add(values(hour, heard));
    kpis.add(
        new Kpi(
            "freshness",
            "Newest reading",
            newest == null ? null : Math.max(0, Duration.between(newest, now).toMillis() / 1_000.0),
            "s",
            null,
            null,
            null,
            newest,
            heard.intervalS(),
            nothing()));
    metrics.stream()
        .limit(METRIC_KPIS_MAX)
        .forEach(metric -> kpis.add(mean(metric, fleetLine(hour, metric.id()), hour)));
    return kpis;
  }

  private static Kpi values(Hour hour, Heard heard) {
    var sparkline = new ArrayList<@Nullable Double>();
    for (var count : hour.counts()) {
      sparkline.add(count == 0 ? null : (double) count);
    }
    // The last minute is not over: the one before it is the newest whole one.
    var whole = Snapshots.MINUTES - 2;
    var now = (double) hour.counts()[whole];
    var before = Arrays.stream(hour.counts(), 0, whole).filter(count -> count > 0).average();
    return new Kpi(
        "values_per_minute",
        "Values a minute",
        now,
        "/min",
        before.isPresent() ? now - before.getAsDouble() : null,
        before.isPresent() ? BEFORE : null,
        null,
        heard.newest(),
        heard.intervalS(),
        sparkline);
  }

  /// The mean of the newest whole minute over the fleet, against that of the minutes before it.
  static Kpi mean(Ranked metric, Line line, Hour hour) {
    var sparkline = new ArrayList<@Nullable Double>();
    for (var minute = 0; minute < Snapshots.MINUTES; minute++) {
      sparkline.add(mean(line, minute));
    }
    var at = -1;
    for (var minute = Snapshots.MINUTES - 2; minute >= 0 && at < 0; minute--) {
      at = line.counts()[minute] > 0 ? minute : -1;
    }
    if (at < 0 && line.counts()[Snapshots.MINUTES - 1] > 0) {
      at = Snapshots.MINUTES - 1;
    }
    var value = at < 0 ? null : mean(line, at);
    var sum = 0.0;
    var count = 0L;
    for (var minute = 0; minute < at; minute++) {
      sum += line.sums()[minute];
      count += line.counts()[minute];
    }
    var delta = value == null || count == 0 ? null : (Double) (value - sum / count);
    return new Kpi(
        metric.key(),
        metric.name(),
        value,
        metric.unit().isEmpty() ? null : metric.unit(),
        delta,
        delta == null ? null : BEFORE,
        null,
        metric.lastAt(),
        metric.interval().toSeconds(),
        sparkline);
  }

  private static @Nullable Double mean(Line line, int minute) {
    return line.counts()[minute] == 0 ? null : line.sums()[minute] / line.counts()[minute];
  }

  private static Line fleetLine(Hour hour, int metric) {
    var fleet = new Line();
    for (var line : hour.lines().getOrDefault(metric, Map.of()).values()) {
      for (var minute = 0; minute < Snapshots.MINUTES; minute++) {
        fleet.sums()[minute] += line.sums()[minute];
        fleet.counts()[minute] += line.counts()[minute];
      }
    }
    return fleet;
  }

  private static List<@Nullable Double> nothing() {
    return Arrays.asList(new @Nullable Double[Snapshots.MINUTES]);
  }

  // Charts and sites

  private static List<Chart> charts(
      List<Machine> fleet, List<Ranked> metrics, Set<String> pins, Hour hour) {
    var devicesAt = new LinkedHashMap<@Nullable UUID, Integer>();
    var names = new LinkedHashMap<@Nullable UUID, String>();
    for (var machine : fleet) {
      devicesAt.merge(machine.siteId(), 1, Integer::sum);
      names.put(machine.siteId(), siteName(machine));
    }
    var charts = new ArrayList<Chart>();
    for (var metric : metrics.subList(0, Math.min(CHARTS_MAX, metrics.size()))) {
      var series = new ArrayList<ChartSeries>();
      hour.lines().getOrDefault(metric.id(), Map.of()).entrySet().stream()
          .sorted(
              Comparator.comparingInt(
                      (Map.Entry<@Nullable UUID, Line> line) ->
                          -devicesAt.getOrDefault(line.getKey(), 0))
                  .thenComparing(line -> names.getOrDefault(line.getKey(), NO_SITE)))
          .limit(LINES_MAX)
          .forEach(
              line ->
                  series.add(
                      new ChartSeries(
                          line.getKey(),
                          names.getOrDefault(line.getKey(), NO_SITE),
                          points(line.getValue(), hour.first()))));
      charts.add(
          new Chart(
              metric.key(),
              metric.name(),
              metric.unit().isEmpty() ? null : metric.unit(),
              metric.share(),
              metric.variation(),
              pins.contains(metric.key()),
              metric.lastAt(),
              metric.interval().toSeconds(),
              series));
    }
    return charts;
  }

  private static List<List<Number>> points(Line line, Instant first) {
    var points = new ArrayList<List<Number>>();
    for (var minute = 0; minute < Snapshots.MINUTES; minute++) {
      var mean = mean(line, minute);
      if (mean != null) {
        points.add(
            List.of(
                first.plus(MINUTE.multipliedBy(minute)).getEpochSecond(),
                mean,
                line.counts()[minute]));
      }
    }
    return points;
  }

  private static String siteName(Machine machine) {
    if (machine.siteName() != null) {
      return machine.siteName();
    }
    return machine.siteId() == null ? NO_SITE : machine.siteId().toString();
  }

  private static List<Site> sites(List<Machine> fleet, Instant now) {
    var sites = new LinkedHashMap<@Nullable UUID, Site>();
    for (var machine : fleet) {
      sites
          .computeIfAbsent(
              machine.siteId(), id -> new Site(id, siteName(machine), new ArrayList<>()))
          .devices()
          .add(new Device(machine.id(), machine.name(), machine.state(now), machine.lastAt()));
    }
    return sites.values().stream()
        .sorted(Comparator.comparing((Site site) -> site.id() == null).thenComparing(Site::name))
        .toList();
  }
}
