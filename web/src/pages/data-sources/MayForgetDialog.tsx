import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, body } from '../../api/client';
import type { Source } from '../../api/types';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Failed } from '../../ui/Feedback';

/** From one way to the other, with what the other costs and risks. */
export default function MayForgetDialog({
  source,
  onClose,
}: {
  source: Source;
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const wanted = source.acknowledge === 'spool' ? 'bronze' : 'spool';
  const change = useMutation({
    mutationFn: () =>
      body(
        api.PATCH('/v1/sources/{id}', {
          params: { path: { id: source.id } },
          body: { acknowledge: wanted },
        }),
      ),
    onSuccess: () => {
      announce(
        wanted === 'spool'
          ? `${source.name} may forget what the agent’s disk holds`
          : `${source.name} keeps its log until its events are stored here`,
      );
      void queries.invalidateQueries({ queryKey: ['sources'] });
      onClose();
    },
  });
  return (
    <Dialog
      title={
        wanted === 'spool'
          ? `Let ${source.name} forget at the agent’s disk?`
          : `Let ${source.name} forget only what is stored here?`
      }
      onClose={onClose}
      className="max-w-[30rem]"
    >
      <div className="px-4 pb-4 text-prose text-ink-2">
        {wanted === 'spool' ? (
          <>
            <p>
              The database’s log is freed as soon as the agent’s disk holds an event. A platform
              that is away then costs the database no disk until the agent’s spool is full.
            </p>
            <p className="mt-2">
              <strong className="font-medium text-ink">
                An agent’s disk that is lost loses what was not sent yet.
              </strong>{' '}
              That is told as a gap and repaired by a new copy of all tables. The changes between
              stay missing in the history, and so do rows that came and were deleted meanwhile.
            </p>
          </>
        ) : (
          <>
            <p>
              The database keeps its log until its events are stored here, so that a lost disk of
              the agent loses nothing.
            </p>
            <p className="mt-2">
              <strong className="font-medium text-ink">
                While the platform or the agent is away, the log grows on the database’s disk.
              </strong>{' '}
              Watch that disk, or set <code className="font-mono">max_slot_wal_keep_size</code>{' '}
              there: what the database gives up beyond it is a gap.
            </p>
          </>
        )}
        <p className="mt-2">A connected agent follows at once. It can be changed back.</p>
        {change.error && <Failed error={change.error} />}
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>Keep as it is</Button>
          <Button kind="primary" aria-disabled={change.isPending} onClick={() => change.mutate()}>
            {change.isPending
              ? 'Changing…'
              : wanted === 'spool'
                ? 'Rely on the agent’s disk'
                : 'Keep the log'}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
