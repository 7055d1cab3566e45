import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, body } from '../../api/client';
import { announce } from '../../ui/announce';

/** Tries at once what is to be tried again later. */
export function useWake(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () =>
      body(
        api.POST('/v1/executions/{execution_id}/wake', { params: { path: { execution_id: id } } }),
      ),
    onSuccess: () => announce('The step is tried now'),
    onSettled: () => queries.invalidateQueries({ queryKey: ['executions'] }),
  });
}
