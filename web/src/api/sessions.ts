import { queryOptions } from '@tanstack/react-query';
import { serverNow } from '../ui/now';
import { api, body } from './client';
import { type Range, ranges } from './queries';

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

/** What a device did in a range, the latest to begin first, and how long it was in each state. */
export const deviceSessionsQuery = (id: string, range: Range) =>
  queryOptions({
    queryKey: ['sessions', id, range],
    queryFn: async ({ signal }) => {
      const asked = stretch(range);
      const path = { id };
      const [page, summary] = await Promise.all([
        body(
          api.GET('/v1/devices/{id}/sessions', {
            params: { path, query: { ...asked, limit: sessionsDrawn } },
            signal,
          }),
        ),
        body(
          api.GET('/v1/devices/{id}/sessions/summary', { params: { path, query: asked }, signal }),
        ),
      ]);
      const counted = summary.states.reduce((sum, state) => sum + state.sessions, 0);
      return {
        sessions: page.data,
        // A short page may have one after it, and what is after it may be nothing of the range.
        whole: page.next_cursor === null || page.data.length >= counted,
        states: summary.states,
      };
    },
    // What is there while another range is fetched, never that of another device.
    placeholderData: (previous, query) => (query?.queryKey[1] === id ? previous : undefined),
  });
