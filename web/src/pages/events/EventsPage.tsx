import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { ChevronLeft, ChevronRight, RotateCw, ScrollText } from 'lucide-react';
import { useId, useState } from 'react';
import { eventQuery, eventsQuery, sourcesQuery } from '../../api/queries';
import type { ChangeEvent } from '../../api/types';
import { paths } from '../../paths';
import type { EventsSearch } from '../../routes';
import { Moment } from '../../ui/Age';
import { Button, buttonClass } from '../../ui/Button';
import { cx } from '../../ui/cx';
import { ExpandableItem, ExpandableRow } from '../../ui/Expandable';
import { Empty, Failed, TableSkeleton } from '../../ui/Feedback';
import { controlClass, selectClass } from '../../ui/Field';
import { FoldedFilters } from '../../ui/FoldedFilters';
import { formatCount, zoneName } from '../../ui/format';
import { Json } from '../../ui/Json';
import { PageHeader, Panel } from '../../ui/Panel';
import { isRemoved } from '../../ui/Status';
import { Table, Td, Th } from '../../ui/Table';
import { useTitle } from '../../ui/useTitle';
import { useWide } from '../../ui/useWide';

const route = getRouteApi('/app/events');
const operations = ['insert', 'update', 'delete', 'read', 'truncate'] as const;
const operationWords: Record<(typeof operations)[number], string> = {
  insert: 'Insert',
  update: 'Update',
  delete: 'Delete',
  read: 'Snapshot read',
  truncate: 'Truncate',
};

/** An agent empties a table by an event that stands nowhere in its source's log. */
const isClear = ({ op, lsn }: ChangeEvent): boolean => op === 'truncate' && lsn === '0/0';

const operationOf = (event: ChangeEvent): string =>
  isClear(event) ? 'Cleared by the agent' : (operationWords[event.op] ?? event.op);

export function EventsPage() {
  useTitle('Events');
  const search = route.useSearch();
  return (
    <>
      <PageHeader
        title="Events"
        status={<span>Every captured change as it came, newest first, times in {zoneName()}</span>}
      />
      <FoldedFilters count={Object.keys(search).length}>
        <Filters key={JSON.stringify(search)} search={search} />
      </FoldedFilters>
      <EventPages key={`pages ${JSON.stringify(search)}`} search={search} />
    </>
  );
}

/** A local date and time, as the browser's field has it, from an instant and back. */
const toLocal = (iso: string | undefined): string => {
  const ms = iso ? Date.parse(iso) : Number.NaN;
  if (Number.isNaN(ms)) return '';
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
};
const fromLocal = (local: string): string | undefined => {
  const ms = local ? Date.parse(local) : Number.NaN;
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
};

function Filters({ search }: { search: EventsSearch }) {
  const navigate = useNavigate();
  const sources = useQuery({ ...sourcesQuery, refetchInterval: false });
  const [error, setError] = useState<string | null>(null);
  const id = useId();

  const submit = (event: React.FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const value = (name: string) => String(form.get(name) ?? '').trim() || undefined;
    const from = fromLocal(value('from') ?? '');
    const to = fromLocal(value('to') ?? '');
    if (from && to && from >= to) {
      setError('Choose an end after the start.');
      return;
    }
    setError(null);
    const wanted: Record<string, string | undefined> = {
      source_id: value('source_id'),
      table: value('table'),
      op: value('op'),
      from,
      to,
    };
    void navigate({ to: paths.events, search: wanted as EventsSearch });
  };
  const label = 'mb-1 block text-meta text-ink-2';

  return (
    <form onSubmit={submit} className="mb-3">
      <div className="grid items-end gap-2 sm:grid-cols-2 lg:grid-cols-[10rem_minmax(8rem,14rem)_9rem_12rem_12rem_auto]">
        <div>
          <label className={label} htmlFor={`${id}-source`}>
            Source
          </label>
          <select
            id={`${id}-source`}
            name="source_id"
            defaultValue={search.source_id ?? ''}
            key={sources.data ? 'known' : 'loading'}
            className={selectClass}
          >
            <option value="">All sources</option>
            {sources.data?.data.map((source) => (
              <option key={source.id} value={source.id}>
                {source.name}
                {isRemoved(source) && ' (removed)'}
              </option>
            ))}
          </select>
        </div>
        <div>
          <label className={label} htmlFor={`${id}-table`}>
            Table
          </label>
          <input
            id={`${id}-table`}
            name="table"
            defaultValue={search.table}
            placeholder="schema.table"
            className={`${controlClass} font-mono`}
          />
        </div>
        <div>
          <label className={label} htmlFor={`${id}-op`}>
            Operation
          </label>
          <select id={`${id}-op`} name="op" defaultValue={search.op ?? ''} className={selectClass}>
            <option value="">All</option>
            {operations.map((op) => (
              <option key={op} value={op}>
                {operationWords[op]}
              </option>
            ))}
          </select>
        </div>
        <div>
          <label className={label} htmlFor={`${id}-from`}>
            From
          </label>
          <input
            id={`${id}-from`}
            name="from"
            type="datetime-local"
            step={1}
            defaultValue={toLocal(search.from)}
            aria-invalid={error ? true : undefined}
            aria-describedby={error ? `${id}-error` : undefined}
            className={controlClass}
          />
        </div>
        <div>
          <label className={label} htmlFor={`${id}-to`}>
            To
          </label>
          <input
            id={`${id}-to`}
            name="to"
            type="datetime-local"
            step={1}
            defaultValue={toLocal(search.to)}
            aria-invalid={error ? true : undefined}
            aria-describedby={error ? `${id}-error` : undefined}
            className={controlClass}
          />
        </div>
        <div className="flex gap-2">
          <Button type="submit">Apply filters</Button>
          {Object.keys(search).length > 0 && (
            <Link to={paths.events} search={{}} className={buttonClass('ghost')}>
              Clear
            </Link>
          )}
        </div>
      </div>
      {error && (
        <p id={`${id}-error`} role="alert" className="pt-1 text-meta text-critical">
          {error}
        </p>
      )}
    </form>
  );
}

function EventPages({ search }: { search: EventsSearch }) {
  /** The cursors of the pages before this one, and this one's own. */
  const [cursors, setCursors] = useState<(string | undefined)[]>([undefined]);
  const query = useQuery(eventsQuery(search, cursors.at(-1)));
  const page = query.data;
  const newest = cursors.length === 1;
  const wide = useWide();

  if (!page) {
    return (
      <Panel>
        {query.error ? (
          <Failed error={query.error} retry={() => void query.refetch()} />
        ) : (
          <TableSkeleton what="the events" rows={12} />
        )}
      </Panel>
    );
  }
  if (page.data.length === 0 && newest && !page.next_cursor) {
    return (
      <Panel>
        {Object.keys(search).length > 0 ? (
          <Empty
            title="No event matches"
            actions={
              <Link to={paths.events} search={{}} className={buttonClass('primary')}>
                Show all events
              </Link>
            }
          >
            Try another table, operation or span of time.
          </Empty>
        ) : (
          <Empty
            title="No events yet"
            icon={<ScrollText aria-hidden strokeWidth={1.75} />}
            actions={
              <Link to={paths.dataSources} className={buttonClass('primary')}>
                View data sources
              </Link>
            }
          >
            Each change that an agent captures is listed here as it came.
          </Empty>
        )}
      </Panel>
    );
  }
  return (
    <Panel aria-label="Events" aria-busy={query.isPlaceholderData}>
      {wide ? (
        <Table caption="Events" className={cx(query.isPlaceholderData && 'text-ink-3')}>
          <thead>
            <tr>
              <Th className="w-8 pr-0">
                <span className="sr-only">Payload</span>
              </Th>
              <Th>Event time</Th>
              <Th>Operation</Th>
              <Th>Table</Th>
              <Th className="text-right">Seq</Th>
              <Th>Position</Th>
              <Th>Payload</Th>
            </tr>
          </thead>
          <tbody>
            {page.data.map((event) => (
              <EventRow key={event.event_id} event={event} />
            ))}
          </tbody>
        </Table>
      ) : (
        <ul className="[&>li:first-child]:border-t-0">
          {page.data.map((event) => (
            <EventItem key={event.event_id} event={event} />
          ))}
        </ul>
      )}
      <div className="flex min-h-11 flex-wrap items-center gap-2 border-t border-line-weak px-3 py-1.5">
        {newest ? (
          <Button onClick={() => void query.refetch()} aria-disabled={query.isFetching}>
            <RotateCw aria-hidden className="size-4" strokeWidth={1.75} />
            Look for newer
          </Button>
        ) : (
          <Button onClick={() => setCursors(cursors.slice(0, -1))}>
            <ChevronLeft aria-hidden className="size-4" strokeWidth={1.75} />
            Newer
          </Button>
        )}
        <Button
          disabled={!page.next_cursor || query.isPlaceholderData}
          onClick={() => page.next_cursor && setCursors([...cursors, page.next_cursor])}
        >
          Older
          <ChevronRight aria-hidden className="size-4" strokeWidth={1.75} />
        </Button>
        <span role="status" className="ml-auto text-meta text-ink-3">
          {page.data.length === 0 && page.next_cursor
            ? 'No match so far. Older looks further back.'
            : `Page ${formatCount(cursors.length)}, ${formatCount(page.data.length)} events`}
        </span>
      </div>
    </Panel>
  );
}

function EventRow({ event }: { event: ChangeEvent }) {
  return (
    <ExpandableRow
      label={`Payload of event ${event.seq}`}
      columns={7}
      detail={<EventDetail event={event} />}
    >
      <Td>
        <Moment at={event.event_time} />
      </Td>
      <Td className="whitespace-nowrap">{operationOf(event)}</Td>
      <Td className="font-mono text-meta whitespace-nowrap">{event.table}</Td>
      <Td className="text-right">{formatCount(event.seq)}</Td>
      <Td className="font-mono text-meta whitespace-nowrap text-ink-2">
        {isClear(event) ? '–' : (event.lsn ?? '–')}
      </Td>
      <Td className="w-full max-w-0 truncate font-mono text-meta text-ink-3 max-lg:w-48 max-lg:max-w-48">
        {event.payload === null ? 'Large, shown on opening' : preview(event.payload)}
      </Td>
    </ExpandableRow>
  );
}

/** What the row became, or what it was. */
function preview(payload: unknown): string {
  const { after, before } = (payload ?? {}) as { after?: unknown; before?: unknown };
  return JSON.stringify(after ?? before ?? payload) ?? '';
}

function EventDetail({ event }: { event: ChangeEvent }) {
  return (
    <>
      <p className="mb-2 text-meta text-ink-3">
        Stored <Moment at={event.ingest_time} />, epoch {event.epoch}, event{' '}
        <span className="font-mono break-all">{event.event_id}</span>
      </p>
      {isClear(event) && (
        <p className="mb-2 max-w-[44rem] text-ink-2">
          The agent cleared the table here, to read it again beside the stream or because it is
          captured no more. Nobody truncated it, so it stands nowhere in the database’s log.
        </p>
      )}
      {event.payload === null ? (
        <LargePayload id={event.event_id} />
      ) : (
        <Json value={event.payload} label="Payload" />
      )}
    </>
  );
}

/** Left out of the list; asked for when somebody looks. */
function LargePayload({ id }: { id: string }) {
  const query = useQuery(eventQuery(id));
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return <p role="status">Loading the payload…</p>;
  return <Json value={query.data.payload} label="Payload" />;
}

/** On a phone: two lines an event, the payload below on touch. */
function EventItem({ event }: { event: ChangeEvent }) {
  return (
    <ExpandableItem detail={<EventDetail event={event} />}>
      <span className="flex items-baseline justify-between gap-3">
        <span className="truncate font-mono text-meta">{event.table}</span>
        <Moment at={event.event_time} />
      </span>
      <span className="mt-0.5 flex justify-between gap-3 text-meta text-ink-3">
        <span>{operationOf(event)}</span>
        <span>seq {formatCount(event.seq)}</span>
      </span>
    </ExpandableItem>
  );
}
