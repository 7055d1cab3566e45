import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '../../api/client';
import { meQuery } from '../../api/queries';
import { rebuildsQuery } from '../../api/sources';
import type { Rebuild, Source } from '../../api/types';
import { Moment } from '../../ui/Age';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Failed, TableSkeleton } from '../../ui/Feedback';
import { formatCount } from '../../ui/format';
import { Panel } from '../../ui/Panel';
import { isRemoved } from '../../ui/Status';

const shown = 5;
const states: Record<Rebuild['state'], string> = {
  waiting: 'Waiting to begin',
  running: 'Building',
  cancelling: 'Being cancelled',
  done: 'Done',
  cancelled: 'Cancelled',
  replaced: 'Given up, because a snapshot was taken again',
};

/** What is shown of a source: which state it is of, and building it anew. */
export function RebuildPanel({ source }: { source: Source }) {
  const { data, error, refetch } = useQuery(rebuildsQuery(source.id));
  const { data: me } = useSuspenseQuery(meQuery);
  const [asking, setAsking] = useState(false);
  const mayWrite = (me?.permissions.includes('sources.write') ?? false) && !isRemoved(source);
  const rebuilds = data?.data ?? [];
  const open = rebuilds.find((rebuild) => !rebuild.ended_at);
  return (
    <Panel
      title="What is shown"
      aside={
        mayWrite &&
        data &&
        !open && (
          <Button kind="ghost" className="-mr-3 max-lg:-mr-4" onClick={() => setAsking(true)}>
            Build anew
          </Button>
        )
      }
    >
      <p className="max-w-[60rem] px-3 pb-3 text-ink-2">{modelWords(source)}</p>
      {!data &&
        (error ? (
          <Failed error={error} retry={() => void refetch()} />
        ) : (
          <TableSkeleton what="what is built" rows={1} />
        ))}
      {rebuilds.length > 0 && (
        <ul aria-label="Built anew">
          {rebuilds.slice(0, shown).map((rebuild) => (
            <RebuildItem key={rebuild.id} rebuild={rebuild} mayCancel={mayWrite} />
          ))}
        </ul>
      )}
      {asking && <RebuildDialog source={source} onClose={() => setAsking(false)} />}
    </Panel>
  );
}

function modelWords({ model }: Source): string {
  switch (model.state) {
    case 'building':
      return model.events_done == null
        ? `A snapshot is being taken again, ${formatCount(model.rows ?? 0)} rows so far. Pages show the state before it until it is whole.`
        : `A snapshot is being taken again, ${formatCount(model.rows ?? 0)} rows are stored so far, and a new state is being built with them. Pages show the state before it until that is whole.`;
    case 'detached':
      return 'What is shown of this source is behind and catches up at its own pace: too many of its events are refused (they are among the failed events below), or a large table has got another key. Nothing is lost.';
    case 'rebuilding':
      return 'It is being built anew, aside. Pages show the present one, which goes on, until the new one has caught up.';
    default:
      return 'Devices, metrics and extras are built from the captured changes as they come.';
  }
}

function RebuildItem({ rebuild, mayCancel }: { rebuild: Rebuild; mayCancel: boolean }) {
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () =>
      body(
        api.POST('/v1/sources/{id}/rebuilds/{rebuild}/cancel', {
          params: { path: { id: rebuild.source_id, rebuild: rebuild.id } },
        }),
      ),
    onSuccess: () => {
      announce('Building anew is being cancelled');
      void queries.invalidateQueries({ queryKey: ['sources', rebuild.source_id] });
    },
  });
  const { events_total: total } = rebuild;
  const running = rebuild.state === 'waiting' || rebuild.state === 'running';
  return (
    <li className="flex min-h-11 flex-wrap items-center gap-x-4 gap-y-1 border-t border-line-weak px-3 py-1.5">
      <span className="font-medium">{states[rebuild.state] ?? rebuild.state}</span>
      {running && total != null && total > 0 && (
        <span className="flex items-center gap-2 text-ink-2">
          <span aria-hidden className="h-1.5 w-32 rounded-inner bg-line">
            <span
              className="block h-full rounded-inner bg-ink"
              style={{ width: `${Math.min(100, (100 * rebuild.events_done) / total)}%` }}
            />
          </span>
          {formatCount(rebuild.events_done)} of {formatCount(total)} events
        </span>
      )}
      {rebuild.of_snapshot && (
        <span className="text-ink-2">with a new copy of all tables, as deleted rows are kept</span>
      )}
      {rebuild.problem && <span className="text-medium">{rebuild.problem}</span>}
      {cancel.error && <Failed error={cancel.error} />}
      <span className="ml-auto text-meta text-ink-3">
        {rebuild.of_snapshot ? 'begun' : 'asked for'} <Moment at={rebuild.requested_at} />
        {rebuild.ended_at && (
          <>
            , ended <Moment at={rebuild.ended_at} />
          </>
        )}
      </span>
      {running && mayCancel && !rebuild.of_snapshot && (
        <Button aria-disabled={cancel.isPending} onClick={() => cancel.mutate()}>
          Cancel building
        </Button>
      )}
    </li>
  );
}

function RebuildDialog({ source, onClose }: { source: Source; onClose: () => void }) {
  const queries = useQueryClient();
  const rebuild = useMutation({
    mutationFn: () =>
      body(api.POST('/v1/sources/{id}/rebuilds', { params: { path: { id: source.id } } })),
    onSuccess: () => {
      announce(`What is shown of ${source.name} is being built anew`);
      void queries.invalidateQueries({ queryKey: ['sources', source.id] });
      onClose();
    },
  });
  return (
    <Dialog title={`Build ${source.name} anew?`} onClose={onClose} className="max-w-[30rem]">
      <div className="px-4 pb-4">
        <p className="text-prose text-ink-2">
          All {formatCount(source.events_total)} stored events of this source are applied again,
          aside. Pages show the present state until the new one has caught up, then change over at
          once. Nothing is asked of the database at the site, no alert is raised, and it can be
          cancelled. It takes time and some of this platform’s power.
        </p>
        {rebuild.error && <Failed error={rebuild.error} />}
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>Keep as it is</Button>
          <Button kind="primary" aria-disabled={rebuild.isPending} onClick={() => rebuild.mutate()}>
            {rebuild.isPending ? 'Asking…' : 'Build anew'}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
