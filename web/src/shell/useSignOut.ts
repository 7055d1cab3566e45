import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import { api, body } from '../api/client';
import { ApiProblem } from '../api/problem';
import { meQuery } from '../api/queries';
import { noteSession } from '../api/session';
import { paths } from '../paths';
import { announce } from '../ui/announce';

/** Ends the session on the server, then forgets everything that was loaded in it. */
export function useSignOut(): () => Promise<void> {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useCallback(async () => {
    try {
      await body(api.POST('/v1/auth/logout'));
    } catch (error) {
      // To be told "signed out" while the cookie still works would be worse than staying.
      if (!(error instanceof ApiProblem && error.status === 401)) {
        announce('Signing out failed. Try again.');
        return;
      }
    }
    noteSession(false);
    queries.clear();
    queries.setQueryData(meQuery.queryKey, null);
    await navigate({ to: paths.auth, search: {} });
  }, [queries, navigate]);
}
