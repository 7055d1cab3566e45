import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, body } from '../../api/client';
import type { Source } from '../../api/types';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Failed } from '../../ui/Feedback';

/** For a source whose agent is gone; one that can still be reached removes it better itself. */
export default function RemoveSourceDialog({
  source,
  onClose,
}: {
  source: Source;
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => body(api.DELETE('/v1/sources/{id}', { params: { path: { id: source.id } } })),
    onSuccess: () => {
      announce(`${source.name} removed`);
      void queries.invalidateQueries({ queryKey: ['sources'] });
      onClose();
    },
  });
  return (
    <Dialog title={`Remove ${source.name}?`} onClose={onClose} className="max-w-[28rem]">
      <div className="px-4 pb-4">
        <p className="text-prose text-ink-2">
          It is listed no more and takes nothing in; what it has delivered stays. Its database is
          not touched from here, and keeps its log for the agent’s replication slot.
        </p>
        <p className="mt-2 text-prose text-ink-2">
          If the agent {source.agent_name} can still be reached, remove the source there instead,
          which cleans up both:
        </p>
        <code className="mt-2 block overflow-x-auto rounded-panel border border-line bg-sunken px-3 py-2 font-mono text-meta whitespace-pre">
          ./clarity agent source remove {source.name}
        </code>
        {remove.error && <Failed error={remove.error} />}
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="danger" aria-disabled={remove.isPending} onClick={() => remove.mutate()}>
            {remove.isPending ? 'Removing…' : 'Remove source'}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
