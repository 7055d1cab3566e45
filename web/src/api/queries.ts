import { queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import { ApiProblem } from './problem';
import type { Me } from './types';

/** What the frame and the overview ask, each question with its key, once. Live data is refetched often enough to true up what SSE folded in. */

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

export const deviceQuery = (id: string) =>
  queryOptions({
    queryKey: ['device', id],
    queryFn: ({ signal }) =>
      body(api.GET('/v1/devices/{id}', { params: { path: { id } }, signal })),
  });
