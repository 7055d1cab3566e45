import { infiniteQueryOptions } from '@tanstack/react-query';
import { api, body } from './client';

export const membersQuery = (organizationId: string) =>
  infiniteQueryOptions({
    queryKey: ['members', organizationId],
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET('/v1/organizations/{org_id}/users', {
          params: {
            path: { org_id: organizationId },
            query: { limit: 100, ...(pageParam ? { cursor: pageParam } : {}) },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
