import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, body } from '../../api/client';
import { overviewQuery } from '../../api/overview';
import { explain } from '../../api/problem';
import { metricsQuery } from '../../api/series';
import { announce } from '../../ui/announce';

export type Pinning = { key: string; name: string; pinned: boolean };

/** Pins a metric to the person's overview, shown at once and set back if the server refuses. */
export function usePin() {
  const queries = useQueryClient();
  const show = ({ key, pinned }: Pinning) => {
    queries.setQueryData(
      metricsQuery.queryKey,
      (old) => old && { ...old, data: old.data.map((m) => (m.key === key ? { ...m, pinned } : m)) },
    );
    queries.setQueryData(
      overviewQuery.queryKey,
      (old) =>
        old && { ...old, charts: old.charts.map((c) => (c.key === key ? { ...c, pinned } : c)) },
    );
  };
  return useMutation({
    mutationFn: ({ key, pinned }: Pinning) => {
      const params = { params: { query: { key } } };
      return body(
        pinned ? api.PUT('/v1/metrics/pin', params) : api.DELETE('/v1/metrics/pin', params),
      );
    },
    onMutate: show,
    onSuccess: (_, { name, pinned }) => announce(`${name} ${pinned ? 'pinned' : 'unpinned'}`),
    onError: (error, wanted) => {
      show({ ...wanted, pinned: !wanted.pinned });
      announce(
        `${wanted.name} could not be ${wanted.pinned ? 'pinned' : 'unpinned'}. ${explain(error).what}`,
      );
    },
  });
}
