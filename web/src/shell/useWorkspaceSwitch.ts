import { useQueryClient } from '@tanstack/react-query';
import { api, body } from '../api/client';
import { explain } from '../api/problem';
import { noteWorkspace } from '../api/session';
import { paths } from '../paths';
import { announce } from '../ui/announce';

/** Goes on in another workspace. The page is loaded anew, so that nothing of the one before is left. */
export function useWorkspaceSwitch(): (organizationId: string) => Promise<void> {
  const queries = useQueryClient();
  return async (organizationId) => {
    try {
      await body(api.POST('/v1/auth/switch', { body: { organization_id: organizationId } }));
      noteWorkspace(organizationId);
      queries.clear();
      window.location.assign(paths.overview);
    } catch (error) {
      announce(explain(error).what);
    }
  };
}
