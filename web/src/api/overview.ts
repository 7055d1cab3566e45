import { queryOptions } from '@tanstack/react-query';
import { foldIntoOverview, type LiveOverview, withAges } from '../live/fold';
import { recentItems } from '../live/recent';
import { api, body } from './client';

/**
 * The live overview. What arrived over SSE while the answer was on its way is folded in again, so
 * that a refetch never sets a value back.
 */
export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: async ({ signal }): Promise<LiveOverview> => {
    const asked = Date.now();
    const overview = await body(api.GET('/v1/overview', { signal }));
    return foldIntoOverview(withAges(overview), recentItems(asked));
  },
  refetchInterval: 15_000,
  refetchOnWindowFocus: 'always',
});
