import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, body } from '../../api/client';
import type { DeadLetter } from '../../api/types';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Failed } from '../../ui/Feedback';

/** For what no event of its row can settle. */
export function DismissDialog({ letter, onClose }: { letter: DeadLetter; onClose: () => void }) {
  const queries = useQueryClient();
  const dismiss = useMutation({
    mutationFn: () =>
      body(api.POST('/v1/dead-letters/{id}/dismiss', { params: { path: { id: letter.id } } })),
    onSuccess: () => {
      announce('The failed event is dismissed');
      void queries.invalidateQueries({ queryKey: ['dead-letters'] });
      onClose();
    },
  });
  return (
    <Dialog title="Dismiss this failed event?" onClose={onClose} className="max-w-[28rem]">
      <div className="px-4 pb-4">
        <p className="text-prose text-ink-2">
          It is listed among the settled ones, with your name. What is shown lacks it still, and its
          table is called exact no sooner. It cannot be opened again.
        </p>
        {letter.table && (
          <p className="mt-2 text-prose text-ink-2">
            Reading {letter.table} again, on the source’s page, would make what is shown of it
            right.
          </p>
        )}
        {dismiss.error && <Failed error={dismiss.error} />}
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="danger" aria-disabled={dismiss.isPending} onClick={() => dismiss.mutate()}>
            {dismiss.isPending ? 'Dismissing…' : 'Dismiss'}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
