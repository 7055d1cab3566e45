import { queryOptions } from '@tanstack/react-query';
import { serverNow } from '../ui/now';
import { api, body } from './client';
import type { MetricSeries } from './types';

export const metricsQuery = queryOptions({
  queryKey: ['metrics'],
  queryFn: ({ signal }) =>
    body(api.GET('/v1/metrics', { params: { query: { limit: 1000 } }, signal })),
  staleTime: 10_000,
});

export const ranges = {
  '1h': { label: '1 h', seconds: 3600, step: '1m', stepS: 60 },
  '6h': { label: '6 h', seconds: 6 * 3600, step: '1m', stepS: 60 },
  '24h': { label: '24 h', seconds: 24 * 3600, step: '5m', stepS: 300 },
} as const;
export type Range = keyof typeof ranges;

/** Metrics of one device. `from` and `to` fall on whole steps, so that equal questions share an answer. */
export const deviceSeriesQuery = (deviceId: string, keys: string[], range: Range) =>
  queryOptions({
    queryKey: [...deviceSeriesKey(deviceId, range), keys],
    queryFn: async ({ signal }): Promise<MetricSeries> => {
      const { seconds, step, stepS } = ranges[range];
      const to = Math.floor(serverNow() / 1000 / stepS + 1) * stepS;
      const answers = await Promise.all(
        keyParts(keys).map((key) =>
          body(
            api.GET('/v1/metrics/series', {
              params: {
                query: {
                  key,
                  device_id: deviceId,
                  by: 'device',
                  step,
                  from: new Date((to - seconds) * 1000).toISOString(),
                  to: new Date(to * 1000).toISOString(),
                },
              },
              signal,
            }),
          ),
        ),
      );
      const [first, ...others] = answers as [MetricSeries, ...MetricSeries[]];
      return { ...first, metrics: [first, ...others].flatMap((answer) => answer.metrics) };
    },
    // While another range is asked for, the one before stays; another device's never does.
    placeholderData: (previous: MetricSeries | undefined, query) =>
      query?.queryKey[1] === deviceId ? previous : undefined,
  });

/** As many as the API tells at once, and as an address can hold beside all else: names may be long. */
export function keyParts(keys: string[]): string[][] {
  const parts: string[][] = [];
  let length = 0;
  for (const key of keys) {
    const own = `key=${encodeURIComponent(key)}&`.length;
    const part = parts.at(-1);
    if (part && part.length < 20 && length + own <= 4000) {
      part.push(key);
      length += own;
    } else {
      parts.push([key]);
      length = own;
    }
  }
  return parts;
}

/** What all answers for a device and a range begin with, whichever metrics they are of. */
export const deviceSeriesKey = (deviceId: string, range: Range) =>
  ['series', deviceId, range] as const;
