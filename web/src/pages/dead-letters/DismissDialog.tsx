import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, body } from '../../api/client';
import type { DeadLetter } from '../../api/types';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Failed } from '../../ui/Feedback';

/** Whether its events are missing here for good, so that the tables are called exact again by a dismissal alone. */
const isMissing = ({ cause }: DeadLetter): boolean =>
  cause === 'not_in_bronze' || cause === 'batch_corrupt';

/** Whether a row is wrong as it stands at its source: to read it again brings the same. */
const isOfItsRow = ({ cause, row_key }: DeadLetter): boolean =>
  cause === 'mapping_failed' && row_key !== null;

/** What reading the table again does about it; null where there is nothing to mend. */
function readingAgain(letter: DeadLetter): string | null {
  const { cause, table } = letter;
  if (!table || cause === 'payload_wrapped') return null;
  if (isOfItsRow(letter)) {
    return `Reading ${table} again does not help: the row fails anew as long as it is at its source as it was.`;
  }
  const again = `Reading ${table} again, on the source’s page, makes what is shown of it right`;
  return isMissing(letter)
    ? `${again}.`
    : `${again}, but for rows that are at their source as they were when they failed: these fail anew.`;
}

/** What a dismissal leaves as it is. */
function remains(letter: DeadLetter): string {
  if (isMissing(letter)) {
    return 'Its events stay missing here. The tables that they may be of are no longer called inexact for them, and say beside it how many were dismissed.';
  }
  if (letter.cause === 'payload_wrapped') {
    return 'Nothing is lacking by it: what is shown holds the event.';
  }
  if (isOfItsRow(letter)) {
    return 'What is shown lacks it still, and its table is not called exact, until the row is corrected or deleted at its source. That also settles this entry by itself.';
  }
  if (letter.row_key) {
    return 'What is shown lacks it still: its row stays as it is, and its table is not called exact, until a change tells all of the row’s values or takes it away. That also settles this entry by itself.';
  }
  return 'What is shown lacks it still, and its table is called exact no sooner.';
}

/** For what nothing will settle, or not soon. */
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
  const again = readingAgain(letter);
  return (
    <Dialog title="Dismiss this failed event?" onClose={onClose} className="max-w-[28rem]">
      <div className="px-4 pb-4">
        <p className="text-prose text-ink-2">
          It is listed among the settled ones, with your name. {remains(letter)} It cannot be opened
          again.
        </p>
        {again && <p className="mt-2 text-prose text-ink-2">{again}</p>}
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
