import { describe, expect, it } from 'vitest';
import type { MetricSeries, Overview } from '../api/types';
import { foldIntoOverview, foldIntoSeries, foldPoint, foldSitePoint, withAges } from './fold';
import type { LiveItem } from './messages';

const minute = Date.parse('2026-11-21T09:00:00Z') / 1000;
const rule = { stepS: 60, keepS: 3600, countAt: 2, weight: 4 };

const overview = (): Overview => ({
  generated_at: '2026-11-21T09:00:30Z',
  sources: { total: 1, streaming: 1, snapshotting: 0, failed: 0 },
  newest_event_at: '2026-11-21T09:00:20Z',
  kpis: [],
  charts: [
    {
      key: 'pressure',
      name: 'Pressure',
      unit: 'bar',
      device_share: 1,
      coefficient_of_variation: 0.1,
      pinned: false,
      last_at: '2026-11-21T08:52:10Z',
      usual_interval_s: 60,
      series: [
        { site_id: 'leeds', name: 'Leeds', points: [[minute, 4, 3]] },
        { site_id: 'porto', name: 'Porto', points: [[minute, 9, 3]] },
      ],
    },
  ],
  sites: [
    {
      id: 'leeds',
      name: 'Leeds',
      devices: [
        { id: 'd1', name: 'Filler', state: 'reporting', last_event_at: '2026-11-21T08:59:00Z' },
      ],
    },
  ],
  counts: { devices: 1, reporting: 1, late: 0, silent: 0, never: 0, loading: 0, removed: 0 },
});

const item = (over: Partial<LiveItem> = {}): LiveItem => ({
  device_id: 'd1',
  site_id: 'leeds',
  key: 'pressure',
  value: 8,
  time: '2026-11-21T09:00:40.5Z',
  seq: 7,
  ...over,
});

describe('foldPoint', () => {
  it('weighs a reading into the mean of its minute', () => {
    expect(foldPoint([[minute, 4, 3]], (minute + 5) * 1000, 8, rule)).toEqual([[minute, 5, 4]]);
  });

  it('opens a new minute and lets the oldest go', () => {
    const old = [
      [minute - 3600, 1, 1],
      [minute - 60, 2, 1],
    ];
    expect(foldPoint(old, minute * 1000, 3, rule)).toEqual([
      [minute - 60, 2, 1],
      [minute, 3, 1],
    ]);
  });

  it('uses the weight where a point has no count', () => {
    expect(foldPoint([[minute, 4]], minute * 1000, 9, rule)).toEqual([[minute, 5, 5]]);
  });

  it('leaves alone a minute that is not there', () => {
    const points = [[minute, 4, 3]];
    expect(foldPoint(points, (minute - 120) * 1000, 8, rule)).toEqual(points);
  });

  it('keeps the lowest and the highest where points have them', () => {
    const full = { ...rule, countAt: 4 };
    expect(foldPoint([[minute, 4, 3, 5, 1]], minute * 1000, 8, full)).toEqual([
      [minute, 6, 3, 8, 2],
    ]);
  });
});

describe('foldSitePoint', () => {
  it('lets a value replace what its device had in the mean', () => {
    expect(foldSitePoint([[minute, 4, 4]], minute * 1000, 10, 6, 4)).toEqual([[minute, 5, 4]]);
  });

  it('begins a minute with the mean so far, not with the first device alone', () => {
    expect(foldSitePoint([[minute - 60, 4, 4]], minute * 1000, 10, 6, 4)).toEqual([
      [minute - 60, 4, 4],
      [minute, 5, 4],
    ]);
  });

  it('begins anew behind a gap', () => {
    expect(foldSitePoint([[minute - 240, 4, 4]], minute * 1000, 10, 6, 4).at(-1)).toEqual([
      minute,
      10,
      1,
    ]);
  });

  it('leaves a late reading to the next answer', () => {
    expect(foldSitePoint([[minute, 4, 4]], (minute - 60) * 1000, 10, 6, 4)).toEqual([
      [minute, 4, 4],
    ]);
  });
});

describe('foldIntoOverview', () => {
  it('moves the chart of the metric on the site of the device only', () => {
    const before = withAges(overview(), new Map([['d1 pressure', 5]]));
    const folded = foldIntoOverview(before, [item()]);
    expect(folded.charts[0]?.series[0]?.points).toEqual([[minute, 5, 3]]);
    expect(folded.charts[0]?.series[1]?.points).toEqual([[minute, 9, 3]]);
    expect(folded.charts[0]?.at).toBe('2026-11-21T09:00:40.500Z');
  });

  it('moves the newest event and the device to the time of the reading', () => {
    const folded = foldIntoOverview(withAges(overview()), [item({ key: 'other' })]);
    expect(folded.newest_event_at).toBe('2026-11-21T09:00:40.500Z');
    expect(folded.sites[0]?.devices[0]?.last_event_at).toBe('2026-11-21T09:00:40.500Z');
    expect(folded.charts[0]?.series[0]?.points).toEqual([[minute, 4, 3]]);
  });

  it('replaces a value of the same device by its next one', () => {
    const folded = foldIntoOverview(withAges(overview()), [item(), item({ value: 5 })]);
    expect(folded.charts[0]?.series[0]?.points[0]?.[1]).toBeCloseTo(3);
  });

  it('takes a first live value to be in the mean already', () => {
    const folded = foldIntoOverview(withAges(overview()), [item({ value: 1_000_000 })]);
    expect(folded.charts[0]?.series[0]?.points).toEqual([[minute, 4, 3]]);
    expect(folded.charts[0]?.at).toBe('2026-11-21T09:00:40.500Z');
  });

  it('never sets a time back', () => {
    const late = item({ time: '2026-11-21T08:58:00Z' });
    const folded = foldIntoOverview(withAges(overview()), [late]);
    expect(Date.parse(folded.newest_event_at ?? '')).toBe(Date.parse('2026-11-21T09:00:20Z'));
    expect(Date.parse(folded.sites[0]?.devices[0]?.last_event_at ?? '')).toBe(
      Date.parse('2026-11-21T08:59:00Z'),
    );
  });

  it('takes the age of a chart from its newest reading, whose value its lines go on with', () => {
    expect(withAges(overview()).charts[0]?.at).toBe('2026-11-21T08:52:10.000Z');
  });
});

describe('foldIntoSeries', () => {
  const line = (key: string, device: string): MetricSeries['metrics'][number] => ({
    key,
    unit: null,
    series: [
      {
        id: device,
        name: device,
        device_id: device,
        site_id: null,
        points: [[minute, 2, 2, 2, 1]],
      },
    ],
  });

  it('puts a reading into its metric and its device and leaves the others as they are', () => {
    const { device_id, key } = item();
    const answer: MetricSeries = {
      step_s: 60,
      from: '2026-11-21T08:00:00Z',
      to: '2026-11-21T10:00:00Z',
      metrics: [line(key, device_id), line('other', device_id), line(key, 'another')],
    };
    const folded = foldIntoSeries(answer, [item({ value: 6 })], 3600);
    expect(folded.metrics[0]?.series[0]?.points).toEqual([[minute, 4, 2, 6, 2]]);
    expect(folded.metrics[1]).toBe(answer.metrics[1]);
    expect(folded.metrics[2]?.series[0]?.points).toEqual([[minute, 2, 2, 2, 1]]);
  });
});
