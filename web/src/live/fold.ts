import type { DeviceDetail, MetricSeries, Overview, OverviewChart } from '../api/types';
import type { LiveItem } from './messages';

/** Folds live readings into answers of the API, so that a screen moves without asking again. */

/** An overview whose charts know the time of their newest reading. */
export type LiveChart = OverviewChart & { at: string | null };
export type LiveOverview = Omit<Overview, 'charts'> & {
  charts: LiveChart[];
  /** The newest live value of each metric of each device, which the next one replaces. */
  known: ReadonlyMap<string, number>;
};

/** Minute start (epoch seconds), mean, and how many readings the mean has where that is known. */
export type Point = number[];

const minuteOf = (ms: number, stepS: number): number => Math.floor(ms / 1000 / stepS) * stepS;

export function withAges(
  overview: Overview,
  known: ReadonlyMap<string, number> = new Map(),
): LiveOverview {
  return {
    ...overview,
    known,
    // Its lines go on with held values for a while, so they do not tell when a reading came.
    charts: overview.charts.map((chart) => ({
      ...chart,
      at: chart.last_at && canonical(chart.last_at),
    })),
  };
}

/**
 * Puts one reading into its minute. `countAt` is where a point keeps its count, `weight` what a
 * point without one counts for.
 */
export function foldPoint(
  points: readonly Point[],
  timeMs: number,
  value: number,
  {
    stepS,
    keepS,
    countAt,
    weight,
  }: { stepS: number; keepS: number; countAt: number; weight: number },
): Point[] {
  const bucket = minuteOf(timeMs, stepS);
  const last = points.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY;
  if (bucket > last) {
    const fresh: Point = [bucket, value];
    if (countAt > 2) fresh.push(value, value);
    fresh[countAt] = 1;
    const oldest = bucket - keepS;
    return [...points.filter((point) => (point[0] ?? 0) > oldest), fresh];
  }
  const index = points.findLastIndex((point) => point[0] === bucket);
  const old = points[index];
  if (!old) return [...points];
  const count = old[countAt] ?? weight;
  const mean = old[1] ?? value;
  const next: Point = [...old];
  next[1] = (mean * count + value) / (count + 1);
  if (countAt > 2) {
    next[2] = Math.min(old[2] ?? value, value);
    next[3] = Math.max(old[3] ?? value, value);
  }
  next[countAt] = count + 1;
  return points.with(index, next);
}

/**
 * Where a site's line has not gone on for longer, it has a gap: by the rule of its answer it goes on
 * each minute for as long as the next reading is not overdue.
 */
const gapS = 180;

/**
 * Puts a device's value into a site's line, whose points are `[minute, mean over devices, devices]`:
 * it replaces the one that the device had in the mean. A new minute begins with the mean so far,
 * since one device alone is not the site. A value that is not known to be in the mean is taken to
 * be: it mostly is, and a counter's would throw the line. The next answer of the API sets right
 * what that misses, and readings that come late.
 */
export function foldSitePoint(
  points: readonly Point[],
  timeMs: number,
  value: number,
  before: number | undefined,
  devices: number,
): Point[] {
  const minute = minuteOf(timeMs, 60);
  const last = points.at(-1);
  const [lastMinute = 0, mean = value, counted = devices] = last ?? [];
  if (last && minute < lastMinute) return [...points];
  if (!last || minute - lastMinute > gapS) {
    return [...points.filter((point) => (point[0] ?? 0) > minute - 3600), [minute, value, 1]];
  }
  const count = Math.max(1, counted);
  const next: Point = [minute, mean + (value - (before ?? value)) / count, count];
  if (minute === lastMinute) return points.with(-1, next);
  return [...points.filter((point) => (point[0] ?? 0) > minute - 3600), next];
}

const later = (a: string | null | undefined, b: string): string => (a && a >= b ? a : b);

/** RFC 3339 in UTC with differing fractions does not sort as text, so moments are brought to one form. */
const canonical = (time: string): string => new Date(time).toISOString();

export function foldIntoOverview(overview: LiveOverview, items: readonly LiveItem[]): LiveOverview {
  if (items.length === 0) return overview;
  const seen = new Map<string, string>();
  let newest = overview.newest_event_at ? canonical(overview.newest_event_at) : null;
  let charts = overview.charts;
  const known = new Map(overview.known);

  for (const item of items) {
    const timeMs = Date.parse(item.time);
    if (Number.isNaN(timeMs) || typeof item.value !== 'number') continue;
    const time = canonical(item.time);
    const of = `${item.device_id} ${item.key}`;
    newest = later(newest, time);
    seen.set(item.device_id, later(seen.get(item.device_id), time));
    charts = charts.map((chart) => {
      if (chart.key !== item.key) return chart;
      const at = later(chart.at, time);
      return {
        ...chart,
        at,
        series: chart.series.map((series) =>
          series.site_id === item.site_id
            ? {
                ...series,
                points: foldSitePoint(
                  series.points,
                  timeMs,
                  item.value,
                  known.get(of),
                  devicesOf(overview, series.site_id),
                ),
              }
            : series,
        ),
      };
    });
    known.set(of, item.value);
  }
  const sites = overview.sites.map((site) =>
    site.devices.some((device) => seen.has(device.id))
      ? {
          ...site,
          devices: site.devices.map((device) => {
            const at = seen.get(device.id);
            if (!at) return device;
            const lastEventAt = later(
              device.last_event_at ? canonical(device.last_event_at) : null,
              at,
            );
            return { ...device, last_event_at: lastEventAt };
          }),
        }
      : site,
  );
  // A figure is as new as what it is made of: the readings of its metric, or of the whole fleet.
  const kpis = overview.kpis.map((kpi) => {
    const chart = charts.find((each) => each.key === kpi.key);
    const heard = chart ? chart.at : fleetFigures.has(kpi.key) ? newest : null;
    return heard && kpi.at !== heard
      ? { ...kpi, at: later(kpi.at && canonical(kpi.at), heard) }
      : kpi;
  });
  return { ...overview, newest_event_at: newest, kpis, charts, sites, known };
}

const fleetFigures = new Set(['devices_reporting', 'values_per_minute', 'freshness']);

const devicesOf = (overview: LiveOverview, siteId: string | null): number =>
  Math.max(1, overview.sites.find((site) => site.id === siteId)?.devices.length ?? 1);

/** Puts the newest readings of a device into its page. */
export function foldIntoDevice(device: DeviceDetail, items: readonly LiveItem[]): DeviceDetail {
  let lastEventAt = device.last_event_at ? canonical(device.last_event_at) : null;
  const newest = new Map<string, { at: string; value: number }>();
  for (const item of items) {
    if (item.device_id !== device.id || Number.isNaN(Date.parse(item.time))) continue;
    const at = canonical(item.time);
    lastEventAt = later(lastEventAt, at);
    const known = newest.get(item.key);
    if (!known || known.at <= at) newest.set(item.key, { at, value: item.value });
  }
  return {
    ...device,
    last_event_at: lastEventAt,
    metrics: device.metrics.map((metric) => {
      const reading = newest.get(metric.key);
      if (!reading || (metric.last_at && canonical(metric.last_at) > reading.at)) return metric;
      return { ...metric, last_value: reading.value, last_at: reading.at };
    }),
  };
}

/** Puts readings into the series of devices. */
export function foldIntoSeries(
  answer: MetricSeries,
  items: readonly LiveItem[],
  keepS: number,
): MetricSeries {
  const rule = { stepS: answer.step_s, keepS, countAt: 4, weight: 1 };
  const metrics = answer.metrics.map((metric) => {
    let series = metric.series;
    for (const item of items) {
      const timeMs = Date.parse(item.time);
      if (item.key !== metric.key || Number.isNaN(timeMs)) continue;
      series = series.map((each) =>
        each.device_id === item.device_id
          ? { ...each, points: foldPoint(each.points, timeMs, item.value, rule) }
          : each,
      );
    }
    return series === metric.series ? metric : { ...metric, series };
  });
  return { ...answer, metrics };
}
