import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, body } from './client';

export const agentsQuery = queryOptions({
  queryKey: ['agents'],
  queryFn: ({ signal }) =>
    body(api.GET('/v1/agents', { params: { query: { limit: 1000 } }, signal })),
  refetchInterval: 10_000,
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

export const pairingCodeQuery = (id: string) =>
  queryOptions({
    queryKey: ['pairing-code', id],
    queryFn: ({ signal }) =>
      body(api.GET('/v1/agents/pairing-codes/{id}', { params: { path: { id } }, signal })),
    refetchInterval: (query) =>
      query.state.data?.state === 'waiting' || !query.state.data ? 1000 : false,
  });
