import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import type { Extra, ExtraType } from './types';

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
