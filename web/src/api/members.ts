import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import type { Role } from './types';

/** From the one that may most. */
export const roles: readonly Role[] = ['owner', 'admin', 'member', 'operator', 'viewer'];

export const roleMeanings: Record<Role, string> = {
  owner: 'Everything, owners included.',
  admin: 'Everything but owners.',
  member: 'Changes workflows and connections, and starts executions.',
  operator: 'Starts, cancels and retries executions. Changes nothing else.',
  viewer: 'Looks, and changes nothing.',
};

/** The roles that somebody may give: none above their own. */
export const rolesBelow = (own: Role): readonly Role[] => roles.slice(roles.indexOf(own));

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

export const invitationsQuery = (organizationId: string) =>
  infiniteQueryOptions({
    queryKey: ['invitations', organizationId],
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET('/v1/organizations/{org_id}/invitations', {
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

export const plansQuery = queryOptions({
  queryKey: ['plans'],
  queryFn: ({ signal }) => body(api.GET('/v1/plans', { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});
