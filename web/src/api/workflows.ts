import { queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import type { Workflow, WorkflowVersion } from './types';

/** Those that changed last, for names and choices: as many as one answer holds. */
export const workflowNamesQuery = queryOptions({
  queryKey: ['workflows', 'names'],
  queryFn: ({ signal }) =>
    body(api.GET('/v1/workflows', { params: { query: { limit: 1000 } }, signal })),
  staleTime: 30_000,
});

export type OpenedWorkflow = { workflow: Workflow; etag: string | undefined };

/** With what has to be said of it by whoever changes it. */
export const workflowQuery = (id: string) =>
  queryOptions({
    queryKey: ['workflows', 'one', id],
    queryFn: async ({ signal }): Promise<OpenedWorkflow> => {
      const call = api.GET('/v1/workflows/{id}', { params: { path: { id } }, signal });
      const workflow = (await body(call)) as unknown as Workflow;
      return { workflow, etag: (await call).response.headers.get('ETag') ?? undefined };
    },
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
