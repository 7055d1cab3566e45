import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import type { DeadLetter } from './types';

export type DeadLetterFilter = {
  source_id?: string;
  table?: string;
  cause?: DeadLetter['cause'];
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
