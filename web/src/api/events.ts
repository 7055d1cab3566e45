import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import type { ChangeEvent, Operation } from './types';

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
