import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { serverNow } from '../ui/now';
import { api, body } from './client';
import { ApiProblem } from './problem';
import type {
  ChangeEvent,
  DeviceState,
  Extra,
  ExtraType,
  Me,
  MetricSeries,
  Operation,
} from './types';

/** Every question the pages ask, with its key, once. Live data is refetched often enough to true up what SSE folded in. */

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async ({ signal }): Promise<Me | null> => {
    try {
      return await body(api.GET('/v1/me', { signal }));
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) return null;
      throw error;
    }
  },
  meta: { once: true },
  staleTime: Number.POSITIVE_INFINITY,
});

export const authOptionsQuery = queryOptions({
  queryKey: ['auth-options'],
  queryFn: ({ signal }) => body(api.GET('/v1/auth/options', { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

export const agentsQuery = queryOptions({
  queryKey: ['agents'],
  queryFn: ({ signal }) =>
    body(api.GET('/v1/agents', { params: { query: { limit: 1000 } }, signal })),
  refetchInterval: 10_000,
});

/** Those that were removed at their agents too: events and devices of theirs are still here. */
export const sourcesQuery = queryOptions({
  queryKey: ['sources'],
  queryFn: ({ signal }) =>
    body(api.GET('/v1/sources', { params: { query: { limit: 1000, removed: true } }, signal })),
  refetchInterval: 5_000,
});

export const sourceQuery = (id: string) =>
  queryOptions({
    queryKey: ['sources', id],
    queryFn: ({ signal }) =>
      body(api.GET('/v1/sources/{id}', { params: { path: { id } }, signal })),
    refetchInterval: 5_000,
  });

export const sourceTablesQuery = (id: string) =>
  queryOptions({
    queryKey: ['sources', id, 'tables'],
    queryFn: ({ signal }) =>
      body(api.GET('/v1/sources/{id}/tables', { params: { path: { id } }, signal })),
    refetchInterval: 10_000,
  });

export const sourceGapsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['sources', id, 'gaps'],
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET('/v1/sources/{id}/gaps', {
          params: {
            path: { id },
            query: { limit: 20, ...(pageParam ? { cursor: pageParam } : {}) },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: 10_000,
  });

export const rebuildsQuery = (id: string) =>
  queryOptions({
    queryKey: ['sources', id, 'rebuilds'],
    queryFn: ({ signal }) =>
      body(
        api.GET('/v1/sources/{id}/rebuilds', {
          params: { path: { id }, query: { limit: 20 } },
          signal,
        }),
      ),
    refetchInterval: (query) =>
      query.state.data?.data.some((rebuild) => !rebuild.ended_at) ? 2_000 : 15_000,
  });

export const snapshotsQuery = (id: string) =>
  queryOptions({
    queryKey: ['sources', id, 'snapshots'],
    queryFn: ({ signal }) =>
      body(
        api.GET('/v1/sources/{id}/snapshots', {
          params: { path: { id }, query: { limit: 20 } },
          signal,
        }),
      ),
    refetchInterval: (query) =>
      query.state.data?.data.some((snapshot) => !snapshot.ended_at) ? 2_000 : 15_000,
  });

export type DeadLetterFilter = {
  source_id?: string;
  table?: string;
  cause?: string;
  /** Those that are settled, in place of those that are open. */
  settled?: true;
};

export const deadLetterGroupsQuery = (filter: DeadLetterFilter) =>
  queryOptions({
    queryKey: ['dead-letters', 'groups', filter],
    queryFn: ({ signal }) =>
      body(api.GET('/v1/dead-letters/groups', { params: { query: filter }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });

export const deadLettersQuery = (filter: DeadLetterFilter) =>
  infiniteQueryOptions({
    queryKey: ['dead-letters', filter],
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET('/v1/dead-letters', {
          params: {
            query: { ...filter, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const sitesQuery = queryOptions({
  queryKey: ['sites'],
  queryFn: ({ signal }) =>
    body(api.GET('/v1/sites', { params: { query: { limit: 1000 } }, signal })),
  staleTime: 30_000,
});

export type DeviceFilter = { site_id?: string; state?: DeviceState; q?: string };

export const devicesQuery = (filter: DeviceFilter) =>
  infiniteQueryOptions({
    queryKey: ['devices', filter],
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET('/v1/devices', {
          params: { query: { ...filter, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  });

export const deviceQuery = (id: string) =>
  queryOptions({
    queryKey: ['device', id],
    queryFn: ({ signal }) =>
      body(api.GET('/v1/devices/{id}', { params: { path: { id } }, signal })),
  });

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

export type EventFilter = {
  source_id?: string;
  table?: string;
  op?: Operation;
  from?: string;
  to?: string;
};

/**
 * A page of raw events. The API looks through a bounded stretch of them for each answer, so a page
 * of a rare table may be short or empty and still go on: some answers are gathered into one.
 */
export const eventsQuery = (filter: EventFilter, cursor: string | undefined) =>
  queryOptions({
    queryKey: ['events', filter, cursor ?? ''],
    queryFn: async ({ signal }) => {
      const data: ChangeEvent[] = [];
      let next: string | null = cursor ?? null;
      for (let answers = 0; answers < 10; answers++) {
        const page: { data: ChangeEvent[]; next_cursor: string | null } = await body(
          api.GET('/v1/events', {
            params: {
              query: {
                ...filter,
                limit: eventsPage - data.length,
                ...(next ? { cursor: next } : {}),
              },
            },
            signal,
          }),
        );
        data.push(...page.data);
        next = page.next_cursor;
        if (!next || data.length >= eventsPage) break;
      }
      return { data, next_cursor: next };
    },
    placeholderData: keepPreviousData,
  });

const eventsPage = 50;

export type ExtraFilter = {
  key?: string;
  type?: ExtraType;
  table?: string;
  from?: string;
  to?: string;
  prefix?: string;
  contains?: string;
};

/**
 * Values and where they go on. The API looks at a bounded stretch of them for each answer, so an
 * answer may be short or empty and still go on: some are gathered into one.
 */
export async function readExtras(
  filter: ExtraFilter,
  cursor: string | undefined,
  rows: number,
  signal: AbortSignal,
): Promise<{ data: Extra[]; next_cursor: string | null }> {
  const data: Extra[] = [];
  let next: string | null = cursor ?? null;
  for (let answers = 0; answers < 10; answers++) {
    const page: { data: Extra[]; next_cursor: string | null } = await body(
      api.GET('/v1/extras', {
        params: {
          query: {
            ...filter,
            limit: Math.min(1000, rows - data.length),
            ...(next ? { cursor: next } : {}),
          },
        },
        signal,
      }),
    );
    data.push(...page.data);
    next = page.next_cursor;
    if (!next || data.length >= rows) break;
  }
  return { data, next_cursor: next };
}

export const extrasQuery = (filter: ExtraFilter, cursor: string | undefined) =>
  queryOptions({
    queryKey: ['extras', filter, cursor ?? ''],
    queryFn: ({ signal }) => readExtras(filter, cursor, 50, signal),
    placeholderData: keepPreviousData,
  });

/** Keys that begin so, for whoever types one. */
export const extraKeysQuery = (prefix: string) =>
  queryOptions({
    queryKey: ['extra-keys', prefix],
    queryFn: ({ signal }) =>
      body(
        api.GET('/v1/extras/keys', {
          params: { query: { ...(prefix ? { key_prefix: prefix } : {}), limit: 50 } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });

export type ConflictFilter = { source_id?: string; table?: string; key_prefix?: string };

export const extraConflictsQuery = (filter: ConflictFilter) =>
  infiniteQueryOptions({
    queryKey: ['extra-conflicts', filter],
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET('/v1/extras/conflicts', {
          params: { query: { ...filter, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });

/** An event with a payload that was too large for the list. */
export const eventQuery = (id: string) =>
  queryOptions({
    queryKey: ['event', id],
    queryFn: async ({ signal }): Promise<ChangeEvent> =>
      body(api.GET('/v1/events/{event_id}', { params: { path: { event_id: id } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });

export const pairingCodeQuery = (id: string) =>
  queryOptions({
    queryKey: ['pairing-code', id],
    queryFn: ({ signal }) =>
      body(api.GET('/v1/agents/pairing-codes/{id}', { params: { path: { id } }, signal })),
    refetchInterval: (query) =>
      query.state.data?.state === 'waiting' || !query.state.data ? 1000 : false,
  });
