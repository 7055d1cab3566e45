import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, body } from '../../api/client';
import type { Source, SourceTable } from '../../api/types';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Failed } from '../../ui/Feedback';
import { hasKey } from './exactness';

/** From one way to the other, with what the other costs and means. */
export default function DeletedRowsDialog({
  source,
  table,
  onClose,
}: {
  source: Source;
  table: SourceTable;
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const wanted = table.on_delete === 'keep' ? 'retract' : 'keep';
  const change = useMutation({
    mutationFn: () =>
      body(
        api.PATCH('/v1/sources/{id}/tables', {
          params: { path: { id: source.id }, query: { table: table.table } },
          body: { on_delete: wanted },
        }),
      ),
    onSuccess: ({ rebuild }) => {
      announce(
        rebuild
          ? `${source.name} is being built anew`
          : `${wanted === 'keep' ? 'Deleted rows are kept' : 'Deleted rows are taken back'}; nothing is built anew for it`,
      );
      void queries.invalidateQueries({ queryKey: ['sources', source.id] });
      onClose();
    },
  });
  return (
    <Dialog
      title={
        wanted === 'keep'
          ? `Keep deleted rows of ${table.table}?`
          : `Take deleted rows of ${table.table} back?`
      }
      onClose={onClose}
      className="max-w-[32rem]"
    >
      <div className="px-4 pb-4 text-prose text-ink-2">
        {wanted === 'keep' ? (
          <>
            <p>
              Rows that the database deletes stay here and go on counting, those that it deleted
              since this source is captured too. Pages then show more than the table holds, and the
              rows take room here.
            </p>
            <p className="mt-2">{whenReadAgain(hasKey(table))}</p>
          </>
        ) : (
          <p>
            Rows that the database has deleted go from the pages, with all that they contributed, so
            that pages show what the table holds. Their raw events stay, so they come back if
            keeping them is chosen again.
          </p>
        )}
        <p className="mt-2">
          For that, what is shown of {source.name} is built anew, aside, from its stored events.
          Pages show the present state until it is done. It takes time and some of this platform’s
          power; nothing is asked of the database.
        </p>
        {change.error && <Failed error={change.error} />}
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>Leave as it is</Button>
          <Button kind="primary" aria-disabled={change.isPending} onClick={() => change.mutate()}>
            {change.isPending
              ? 'Asking…'
              : wanted === 'keep'
                ? 'Keep and build anew'
                : 'Take back and build anew'}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

/** What becomes of kept rows when the table is read again, as far as it is known to have a key. */
function whenReadAgain(key: boolean | null): string {
  const longer =
    'A new copy of all tables takes longer to be shown, because the stored events of this table are applied again for it.';
  switch (key) {
    case true:
      return `They stay when the table is read again, alone or with all others: what is read takes the place of what is here under the same key. ${longer}`;
    case false:
      return 'The table has no key, so they go when it is read again, alone or with all others: only what is read then is here afterwards.';
    case null:
      return `They stay when the table is read again, alone or with all others, if it has a key: what is read takes the place of what is here under the same key. Of a table without a key, only what is read then is here afterwards. ${longer}`;
  }
}
