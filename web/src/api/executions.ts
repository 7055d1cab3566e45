import {
  type InfiniteData,
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
} from '@tanstack/react-query';
import { api, body, readText } from './client';
import { member, pretty } from './jsonText';
import { ApiProblem } from './problem';
import type { Execution, ExecutionLogEntry, ExecutionState } from './types';

export type ExecutionFilter = {
  status?: ExecutionState;
  workflow_id?: string;
  trigger_type?: Execution['trigger_type'];
  name?: string;
  correlation_key?: string;
  error?: string;
  from?: string;
  to?: string;
};

export const isOpen = ({ status }: Pick<Execution, 'status'>): boolean =>
  status === 'pending' || status === 'running' || status === 'waiting';

/** A page of executions. New ones come at the first, so that one is asked for again while it is looked at. */
export const executionsQuery = (
  filter: ExecutionFilter,
  cursor: string | undefined,
  limit = 50,
  everyMs = 3_000,
) =>
  queryOptions({
    queryKey: ['executions', 'list', filter, cursor ?? '', limit],
    queryFn: ({ signal }) =>
      body(
        api.GET('/v1/executions', {
          params: { query: { ...filter, limit, ...(cursor ? { cursor } : {}) } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: cursor ? false : everyMs,
  });

export const executionQuery = (id: string) =>
  queryOptions({
    queryKey: ['executions', 'one', id],
    queryFn: ({ signal }) =>
      body(
        api.GET('/v1/executions/{execution_id}', {
          params: { path: { execution_id: id } },
          signal,
        }),
      ),
    refetchInterval: ({ state: { data, error } }) =>
      !refused(error) && (!data || isOpen(data)) ? 1_000 : false,
  });

/** Whether the answer would be the same next time: there is none such, or it may not be seen. */
const refused = (error: unknown): boolean =>
  error instanceof ApiProblem && error.status < 500 && error.status !== 429;

type LogPage = { data: ExecutionLogEntry[]; next_cursor: string | null };

/** The log of one that is open grows at its end: pages that are full stay as they are, and only the last is asked for again. */
export const executionLogQuery = (id: string, open: boolean) =>
  infiniteQueryOptions({
    queryKey: ['executions', 'one', id, 'log'],
    queryFn: async ({ client, queryKey, signal, pageParam }): Promise<LogPage> => {
      const known = client.getQueryData<InfiniteData<LogPage, string>>(queryKey);
      const page = known?.pages[known.pageParams.indexOf(pageParam)];
      if (page?.next_cursor) return page;
      return body(
        api.GET('/v1/executions/{execution_id}/logs', {
          params: {
            path: { execution_id: id },
            query: { limit: 500, ...(pageParam ? { cursor: pageParam } : {}) },
          },
          signal,
        }),
      );
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: ({ state }) => (open && !refused(state.error) ? 1_000 : false),
  });

const readable = (text: string, name: string): string => {
  const found = member(text, name) ?? text;
  return pretty(found) ?? found;
};

/** What the trigger brought, whole, as a text that keeps all digits. */
export const executionInputQuery = (id: string) =>
  queryOptions({
    queryKey: ['executions', 'one', id, 'input'],
    queryFn: async ({ signal }) =>
      readable(
        await readText('/v1/executions/{execution_id}/input', {
          params: { path: { execution_id: id } },
          signal,
        }),
        'input',
      ),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });

/** What a step answered, whole. */
export const stepOutputQuery = (id: string, step: string) =>
  queryOptions({
    queryKey: ['executions', 'one', id, 'output', step],
    queryFn: async ({ signal }) =>
      readable(
        await readText('/v1/executions/{execution_id}/steps/{step}/output', {
          params: { path: { execution_id: id, step } },
          signal,
        }),
        'output',
      ),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });

/** As many retries of a workflow as are looked through for those of one execution. */
export const retriesLookedAt = 200;

/** Those that were started as retries of an execution, the newest first. */
export const retriesQuery = (execution: Execution) =>
  queryOptions({
    queryKey: ['executions', 'one', execution.id, 'retries'],
    queryFn: async ({ signal }) => {
      const page = await body(
        api.GET('/v1/executions', {
          params: {
            query: {
              workflow_id: execution.workflow_id,
              trigger_type: 'retry',
              from: execution.created_at,
              limit: retriesLookedAt,
            },
          },
          signal,
        }),
      );
      return {
        data: page.data.filter((each) => each.origin_id === execution.id),
        more: page.next_cursor !== null,
      };
    },
    // Another is made by a retry, which has this asked for again.
    refetchInterval: ({ state }) => (state.data?.data.some(isOpen) ? 10_000 : false),
  });
