import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { RotateCw, ScrollText } from 'lucide-react';
import { useId, useState } from 'react';
import { eventQuery, eventsQuery } from '../../api/events';
import type { ChangeEvent } from '../../api/types';
import { paths } from '../../paths';
import type { EventsSearch } from '../../routes/search';
import { Moment } from '../../ui/Age';
import { Button, buttonClass } from '../../ui/Button';
import { cx } from '../../ui/cx';
import { ExpandableItem, ExpandableRow } from '../../ui/Expandable';
import { Empty, Failed } from '../../ui/Feedback';
import {
  ChoiceFilter,
  FilterForm,
  FoldedFilters,
  SourceFilter,
  SpanFilter,
  spanFault,
  spanOf,
  TableFilter,
  type Values,
} from '../../ui/Filters';
import { formatCount, zoneName } from '../../ui/format';
import { Json } from '../../ui/Json';
import { Listing, Pager, usePages } from '../../ui/Listing';
import { PageHeader } from '../../ui/Panel';
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

function Filters({ search }: { search: EventsSearch }) {
  const navigate = useNavigate();
  const [fault, setFault] = useState(false);
  const faultId = useId();

  const apply = (value: Values) => {
    const span = spanOf(value);
    setFault(!span);
    if (!span) return;
    const wanted: Record<string, string | undefined> = {
      source_id: value('source_id'),
      table: value('table'),
      op: value('op'),
      ...span,
    };
    void navigate({ to: paths.events, search: wanted as EventsSearch });
  };
  return (
    <FilterForm
      columns="lg:grid-cols-[10rem_minmax(8rem,14rem)_9rem_12rem_12rem_auto]"
      apply={apply}
      clear={
        Object.keys(search).length > 0 && (
          <Link to={paths.events} search={{}} className={buttonClass('ghost')}>
            Clear
          </Link>
        )
      }
      error={fault ? spanFault : null}
      errorId={faultId}
    >
      <SourceFilter value={search.source_id} />
      <TableFilter value={search.table} />
      <ChoiceFilter
        label="Operation"
        name="op"
        value={search.op}
        choices={operations.map((op) => [op, operationWords[op]])}
      />
      <SpanFilter span={search} faultId={fault ? faultId : undefined} />
    </FilterForm>
  );
}

function EventPages({ search }: { search: EventsSearch }) {
  const pages = usePages();
  const query = useQuery(eventsQuery(search, pages.cursor));
  const wide = useWide();
  return (
    <Listing
      query={query}
      what="the events"
      rows={12}
      isEmpty={(page) => page.data.length === 0 && pages.isFirst && !page.next_cursor}
      nothing={<Nothing filtered={Object.keys(search).length > 0} />}
      label="Events"
      busy={query.isPlaceholderData}
    >
      {(page) => (
        <>
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
                  <Th className="text-right" title="Counted by the agent, within an epoch">
                    Number
                  </Th>
                  <Th title="In the source’s log">Position</Th>
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
          <Pager
            pages={pages}
            next={page.next_cursor}
            waiting={query.isPlaceholderData}
            backLabel="Newer"
            onLabel="Older"
            first={
              <Button onClick={() => void query.refetch()} aria-disabled={query.isFetching}>
                <RotateCw aria-hidden className="size-4" strokeWidth={1.75} />
                Look for newer
              </Button>
            }
          >
            {page.data.length === 0 && page.next_cursor
              ? 'No match so far. Older looks further back.'
              : `Page ${formatCount(pages.number)}, ${formatCount(page.data.length)} events`}
          </Pager>
        </>
      )}
    </Listing>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  return filtered ? (
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
        <span>number {formatCount(event.seq)}</span>
      </span>
    </ExpandableItem>
  );
}
