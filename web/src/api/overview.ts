import { queryOptions } from '@tanstack/react-query';
import { foldIntoOverview, type LiveOverview, withAges } from '../live/fold';
import { recentItems } from '../live/recent';
import { api, body } from './client';

const overviewKey = ['overview'] as const;

/**
 * The live overview. What arrived over SSE while the answer was on its way is folded in again, so
 * that a refetch never sets a value back.
 */
export const overviewQuery = queryOptions({
  queryKey: overviewKey,
  queryFn: async ({ signal, client }): Promise<LiveOverview> => {
    const asked = Date.now();
    const overview = await body(api.GET('/v1/overview', { signal }));
    const before = client.getQueryData<LiveOverview>(overviewKey);
    return foldIntoOverview(withAges(overview, before?.known), recentItems(asked));
  },
  refetchOnWindowFocus: 'always',
});
