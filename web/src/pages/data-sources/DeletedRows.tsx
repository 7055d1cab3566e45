import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { meQuery } from '../../api/queries';
import { rebuildsQuery } from '../../api/sources';
import type { Rebuild, Source, SourceTable } from '../../api/types';
import { Button } from '../../ui/Button';
import { formatCount } from '../../ui/format';
import { isRemoved } from '../../ui/Status';

const DeletedRowsDialog = lazy(() => import('./DeletedRowsDialog'));

/** What becomes of a table's deleted rows, how far a change of it is, and the change for those who may. */
export function DeletedRows({ source, table }: { source: Source; table: SourceTable }) {
  const { data: me } = useSuspenseQuery(meQuery);
  const { data: rebuilds } = useQuery(rebuildsQuery(source.id));
  const [asking, setAsking] = useState(false);
  const open = rebuilds?.data.find((rebuild) => !rebuild.ended_at);
  const mayWrite = (me?.permissions.includes('mapping.write') ?? false) && !isRemoved(source);
  return (
    <div className="mt-2 max-w-[44rem] text-ink-2">
      <p className="font-medium">
        {table.on_delete === 'keep' ? 'Deleted rows are kept' : 'Deleted rows are taken back'}
      </p>
      <p>
        {table.on_delete === 'keep'
          ? 'A row that the database deletes stays here as history, also over a new copy of all tables.'
          : 'What a row contributed goes when the database deletes it.'}{' '}
        {unlikeShown(table) && progress(open)}
      </p>
      {mayWrite &&
        rebuilds &&
        (open ? (
          !unlikeShown(table) && (
            <p className="text-ink-3">
              It can be changed when building anew has ended; see “What is shown”.
            </p>
          )
        ) : (
          <Button className="mt-1.5" onClick={() => setAsking(true)}>
            {table.on_delete === 'keep' ? 'Take deleted rows back' : 'Keep deleted rows'}
          </Button>
        ))}
      <Suspense fallback={null}>
        {asking && (
          <DeletedRowsDialog source={source} table={table} onClose={() => setAsking(false)} />
        )}
      </Suspense>
    </div>
  );
}

/** Whether something else was chosen than what is shown was built with. */
const unlikeShown = (table: SourceTable): boolean =>
  table.on_delete_shown !== null && table.on_delete_shown !== table.on_delete;

function progress(open: Rebuild | undefined): string {
  if (!open) {
    return 'That is chosen, but what is shown was not built anew with it: choose “Build anew” above.';
  }
  const total = open.events_total;
  return total
    ? `What is shown is being built anew with it: ${formatCount(open.events_done)} of ${formatCount(total)} events.`
    : 'What is shown is about to be built anew with it.';
}
