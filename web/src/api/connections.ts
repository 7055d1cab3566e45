import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, body } from './client';

export const connectionsQuery = infiniteQueryOptions({
  queryKey: ['connections'],
  queryFn: ({ signal, pageParam }) =>
    body(
      api.GET('/v1/connections', {
        params: { query: { limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } },
        signal,
      }),
    ),
  initialPageParam: '',
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

export const connectorsQuery = queryOptions({
  queryKey: ['connectors'],
  queryFn: ({ signal }) =>
    body(api.GET('/v1/connectors', { params: { query: { limit: 1000 } }, signal })),
});
