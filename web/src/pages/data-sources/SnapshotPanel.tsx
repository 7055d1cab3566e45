import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '../../api/client';
import { meQuery } from '../../api/queries';
import { rebuildsQuery, snapshotsQuery, sourceTablesQuery } from '../../api/sources';
import type { OrderedSnapshot, Rebuild, Source, SourceTable } from '../../api/types';
import { Moment } from '../../ui/Age';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Failed, TableSkeleton } from '../../ui/Feedback';
import { SelectField } from '../../ui/Field';
import { formatCount } from '../../ui/format';
import { Panel } from '../../ui/Panel';
import { isRemoved } from '../../ui/Status';
import { isGone } from './exactness';

const shown = 5;
const keptShown = 5;
const states: Record<OrderedSnapshot['state'], string> = {
  asked: 'Waiting for the agent',
  running: 'Being read',
  done: 'Read',
  failed: 'Failed',
  cancelled: 'Cancelled',
  expired: 'Expired',
};

/** Tables that a person has the agent read again from the database, and how far that is. */
export function SnapshotPanel({ source }: { source: Source }) {
  const { data, error, refetch } = useQuery(snapshotsQuery(source.id));
  const { data: me } = useSuspenseQuery(meQuery);
  const [asking, setAsking] = useState(false);
  const mayWrite = (me?.permissions.includes('sources.write') ?? false) && !isRemoved(source);
  const snapshots = data?.data ?? [];
  const open = snapshots.find((snapshot) => !snapshot.ended_at);
  return (
    <Panel
      title="Read again from the database"
      aside={
        mayWrite &&
        data &&
        !open && (
          <Button kind="ghost" className="-mr-3 max-lg:-mr-4" onClick={() => setAsking(true)}>
            Read again
          </Button>
        )
      }
    >
      {!data &&
        (error ? (
          <Failed error={error} retry={() => void refetch()} />
        ) : (
          <TableSkeleton what="what was read again" rows={1} />
        ))}
      {data && snapshots.length === 0 && (
        <p className="max-w-[60rem] px-3 pb-3 text-ink-2">
          Nobody has ordered it yet. Changes come by themselves; it is for tables whose rows here
          are in doubt.
        </p>
      )}
      {snapshots.length > 0 && (
        <ul aria-label="Read again">
          {snapshots.slice(0, shown).map((snapshot) => (
            <SnapshotItem
              key={snapshot.id}
              source={source}
              snapshot={snapshot}
              mayCancel={mayWrite}
            />
          ))}
        </ul>
      )}
      {asking && <SnapshotDialog source={source} onClose={() => setAsking(false)} />}
    </Panel>
  );
}

function SnapshotItem({
  source,
  snapshot,
  mayCancel,
}: {
  source: Source;
  snapshot: OrderedSnapshot;
  mayCancel: boolean;
}) {
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () =>
      body(
        api.POST('/v1/sources/{id}/snapshots/{snapshot}/cancel', {
          params: { path: { id: source.id, snapshot: snapshot.id } },
        }),
      ),
    onSuccess: () => {
      announce('The order to read again is cancelled');
      void queries.invalidateQueries({ queryKey: ['sources', source.id] });
    },
  });
  const running = snapshot.state === 'running';
  const rows = source.snapshot?.rows ?? 0;
  return (
    <li className="flex min-h-11 flex-wrap items-center gap-x-4 gap-y-1 border-t border-line-weak px-3 py-1.5">
      <span className="font-medium">{states[snapshot.state] ?? snapshot.state}</span>
      <span>{snapshot.tables.length === 0 ? 'All tables' : snapshot.tables.join(', ')}</span>
      {running && snapshot.tables_total > 0 && (
        <span className="text-ink-2">
          {formatCount(snapshot.tables_done)} of {formatCount(snapshot.tables_total)} tables
          {snapshot.tables.length === 0 && rows > 0 && `, ${formatCount(rows)} rows so far`}
        </span>
      )}
      {running && mayCancel && (
        <span className="text-ink-3">
          If you cancel it, it makes room for another order; what the agent has begun it reads to
          the end.
        </span>
      )}
      {snapshot.reason && <span className="text-medium">{snapshot.reason}</span>}
      {cancel.error && <Failed error={cancel.error} />}
      <span className="ml-auto text-meta text-ink-3">
        asked for <Moment at={snapshot.requested_at} />
        {snapshot.ended_at && (
          <>
            , ended <Moment at={snapshot.ended_at} />
          </>
        )}
      </span>
      {!snapshot.ended_at && mayCancel && (
        <Button aria-disabled={cancel.isPending} onClick={() => cancel.mutate()}>
          Cancel the order
        </Button>
      )}
    </li>
  );
}

/** What becomes of deleted rows that are kept: they stay where a key tells what takes whose place. */
function KeptRows({ tables, chosen }: { tables: readonly SourceTable[]; chosen: string }) {
  const kept = tables
    .filter((each) => each.on_delete === 'keep' || each.on_delete_shown === 'keep')
    .map((each) => each.table);
  if (chosen ? !kept.includes(chosen) : kept.length === 0) return null;
  return (
    <p className="mt-2 text-prose break-words text-ink-2">
      {chosen
        ? 'Deleted rows of it that are kept here stay, if the table has a key; without one, only what is read now is here afterwards.'
        : `Deleted rows are kept here of ${kept.slice(0, keptShown).join(', ')}${kept.length > keptShown ? ` and ${formatCount(kept.length - keptShown)} more` : ''}. They stay, where a table has a key; for that, the stored events of these tables are applied again before the new copy is shown.`}
    </p>
  );
}

/** What a copy of all tables gives up of what is being built; one table's is folded into it. */
function GivesUp({ rebuild, chosen }: { rebuild: Rebuild | undefined; chosen: string }) {
  if (!rebuild || chosen) return null;
  const far = rebuild.events_total
    ? ` (${formatCount(rebuild.events_done)} of ${formatCount(rebuild.events_total)} events)`
    : '';
  return (
    <p className="mt-2 text-prose text-medium">
      {rebuild.of_snapshot
        ? `The copy before this one is still being built${far}. It is never shown: what pages show next is this new copy, and they keep the present state until it is whole.`
        : `Building anew is under way${far}. It is given up as soon as the copy begins: the copy takes its place.`}
    </p>
  );
}

function SnapshotDialog({ source, onClose }: { source: Source; onClose: () => void }) {
  const queries = useQueryClient();
  const { data: tables } = useQuery(sourceTablesQuery(source.id));
  const { data: rebuilds } = useQuery(rebuildsQuery(source.id));
  const [table, setTable] = useState('');
  const order = useMutation({
    mutationFn: () =>
      body(
        api.POST('/v1/sources/{id}/snapshots', {
          params: { path: { id: source.id } },
          body: { tables: table ? [table] : [] },
        }),
      ),
    onSuccess: () => {
      announce(`${table || `All tables of ${source.name}`} will be read again`);
      void queries.invalidateQueries({ queryKey: ['sources', source.id] });
      onClose();
    },
  });
  return (
    <Dialog title={`Read ${source.name} again?`} onClose={onClose} className="max-w-[30rem]">
      <div className="px-4 pb-4">
        <SelectField
          label="What is read"
          value={table}
          onChange={(event) => setTable(event.target.value)}
        >
          <option value="">All tables</option>
          {tables?.data
            .filter((each) => !isGone(each))
            .map(({ table: name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
        </SelectField>
        <p className="mt-3 text-prose text-ink-2">
          {table
            ? 'The agent reads all rows of this table from the database at the site, between two transactions. Until they are in, pages show a part of them; other tables wait for as long as the reading takes.'
            : 'The agent reads all rows of all tables from the database at the site. Pages show the present state until the new copy is whole.'}{' '}
          If the agent is away, it does so when it is back within seven days.
        </p>
        <GivesUp rebuild={rebuilds?.data.find((each) => !each.ended_at)} chosen={table} />
        <KeptRows tables={tables?.data ?? []} chosen={table} />
        {order.error && <Failed error={order.error} />}
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>Keep as it is</Button>
          <Button kind="primary" aria-disabled={order.isPending} onClick={() => order.mutate()}>
            {order.isPending ? 'Asking…' : 'Read again'}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
