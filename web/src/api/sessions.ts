import { queryOptions } from '@tanstack/react-query';
import { serverNow } from '../ui/now';
import { api, body } from './client';
import { type Range, ranges } from './series';

/** As many as a band can tell apart; the figures beside it count all. */
const sessionsDrawn = 500;

/** The same stretch of time that the charts of the page show. */
function stretch(range: Range): { from: string; to: string } {
  const { seconds, stepS } = ranges[range];
  const to = Math.floor(serverNow() / 1000 / stepS + 1) * stepS;
  return {
    from: new Date((to - seconds) * 1000).toISOString(),
    to: new Date(to * 1000).toISOString(),
  };
}

/** What a device did in a range, the latest to begin first. */
export const deviceSessionsQuery = (id: string, range: Range) =>
  queryOptions({
    queryKey: ['sessions', id, range],
    queryFn: ({ signal }) =>
      body(
        api.GET('/v1/devices/{id}/sessions', {
          params: { path: { id }, query: { ...stretch(range), limit: sessionsDrawn } },
          signal,
        }),
      ),
    // What is there while another range is fetched, never that of another device.
    placeholderData: (previous, query) => (query?.queryKey[1] === id ? previous : undefined),
  });

/** How long and how often it was in each state: an answer of its own, so that either may fail. */
export const deviceStatesQuery = (id: string, range: Range) =>
  queryOptions({
    queryKey: ['sessions', id, range, 'states'],
    queryFn: ({ signal }) =>
      body(
        api.GET('/v1/devices/{id}/sessions/summary', {
          params: { path: { id }, query: stretch(range) },
          signal,
        }),
      ),
    placeholderData: (previous, query) => (query?.queryKey[1] === id ? previous : undefined),
  });
