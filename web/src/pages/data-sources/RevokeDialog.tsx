import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, body } from '../../api/client';
import { agentsQuery } from '../../api/sources';
import type { Agent } from '../../api/types';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Failed } from '../../ui/Feedback';
import { formatCount } from '../../ui/format';

export default function RevokeDialog({ agent, onClose }: { agent: Agent; onClose: () => void }) {
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () =>
      body(api.POST('/v1/agents/{id}/revoke', { params: { path: { id: agent.id } } })),
    onSuccess: () => {
      announce(`${agent.name} revoked`);
      void queries.invalidateQueries({ queryKey: agentsQuery.queryKey });
      void queries.invalidateQueries({ queryKey: ['sources'] });
      onClose();
    },
  });
  return (
    <Dialog title={`Revoke ${agent.name}?`} onClose={onClose} className="max-w-[28rem]">
      <div className="px-4 pb-4">
        <p className="text-prose text-ink-2">
          Its certificate stops working at once and for good
          {agent.sources > 0 &&
            `, and ${agent.sources === 1 ? 'its source stops' : `its ${formatCount(agent.sources)} sources stop`}`}
          . What it has delivered stays. To connect it again, pair it anew.
        </p>
        {revoke.error && <Failed error={revoke.error} />}
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="danger" aria-disabled={revoke.isPending} onClick={() => revoke.mutate()}>
            {revoke.isPending ? 'Revoking…' : 'Revoke agent'}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
