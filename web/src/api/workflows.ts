import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, body, readText } from './client';
import { pretty } from './jsonText';
import type { Workflow, WorkflowVersion } from './types';

/** Those that changed last, for names and choices: as many as one answer holds. */
export const workflowNamesQuery = queryOptions({
  queryKey: ['workflows', 'names'],
  queryFn: ({ signal }) =>
    body(api.GET('/v1/workflows', { params: { query: { limit: 1000 } }, signal })),
  staleTime: 30_000,
});

export type WorkflowFilter = { name?: string; enabled?: boolean };

export const workflowsQuery = (filter: WorkflowFilter, cursor: string | undefined) =>
  queryOptions({
    queryKey: ['workflows', 'list', filter, cursor ?? ''],
    queryFn: ({ signal }) =>
      body(
        api.GET('/v1/workflows', {
          params: { query: { ...filter, limit: 25, ...(cursor ? { cursor } : {}) } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  });

export type OpenedWorkflow = { workflow: Workflow; etag: string | undefined };

/** What the API answers, with the tag that whoever changes it says. */
export async function opened(call: {
  then: Promise<{ data?: unknown; error?: unknown; response: Response }>['then'];
}): Promise<OpenedWorkflow> {
  const answer = await call;
  const workflow = (await body(Promise.resolve(answer))) as Workflow;
  return { workflow, etag: answer.response.headers.get('ETag') ?? undefined };
}

export const openWorkflow = (id: string, signal: AbortSignal) =>
  opened(api.GET('/v1/workflows/{id}', { params: { path: { id } }, signal }));

export const workflowQuery = (id: string) =>
  queryOptions({
    queryKey: ['workflows', 'one', id],
    queryFn: ({ signal }) => openWorkflow(id, signal),
    refetchInterval: 15_000,
  });

/** A version never changes. */
export const workflowVersionQuery = (id: string, version: number) =>
  queryOptions({
    queryKey: ['workflows', 'one', id, 'version', version],
    queryFn: async ({ signal }) =>
      (await body(
        api.GET('/v1/workflows/{id}/versions/{version}', {
          params: { path: { id, version } },
          signal,
        }),
      )) as unknown as WorkflowVersion,
    staleTime: Number.POSITIVE_INFINITY,
  });

/** A document as it is exported: a version's, or the draft's as of a tag. */
export const documentTextQuery = (id: string, version: string, etag = '') =>
  queryOptions({
    queryKey: ['workflows', 'one', id, 'text', version, etag],
    queryFn: async ({ signal }) => {
      const text = await readText('/v1/workflows/{id}/export', {
        params: { path: { id }, query: { version } },
        signal,
      });
      return pretty(text) ?? text;
    },
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (before, query) =>
      query?.queryKey[2] === id && query.queryKey[4] === version ? before : undefined,
  });

export const workflowVersionsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['workflows', 'one', id, 'versions'],
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET('/v1/workflows/{id}/versions', {
          params: {
            path: { id },
            query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const comparisonQuery = (id: string, from: string, to: string) =>
  queryOptions({
    queryKey: ['workflows', 'one', id, 'compare', from, to],
    queryFn: ({ signal }) =>
      body(
        api.GET('/v1/workflows/{id}/compare', {
          params: { path: { id }, query: { from, to } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });
