import { useQuery } from '@tanstack/react-query';
import { sourceTablesQuery } from '../../api/sources';
import type { Source, SourceTable } from '../../api/types';
import { Age } from '../../ui/Age';
import { cx } from '../../ui/cx';
import { ExpandableItem, ExpandableRow } from '../../ui/Expandable';
import { Failed, TableSkeleton } from '../../ui/Feedback';
import { formatCount, words } from '../../ui/format';
import { Panel } from '../../ui/Panel';
import { Table, Td, Th } from '../../ui/Table';
import { useWide } from '../../ui/useWide';
import { DeletedRows } from './DeletedRows';
import { counted, Exactness, isGone, isTakenIn, whyNotExact } from './exactness';
import { MappingView } from './MappingView';

const bentShown = 5;

/** The captured tables of a source: what they become, what came of them, and what was chosen for them. */
export function Tables({ source }: { source: Source }) {
  const { data, error, refetch } = useQuery(sourceTablesQuery(source.id));
  const wide = useWide();
  return (
    <Panel title="Tables" id="tables" className="scroll-mt-14">
      {data && <Bent tables={data.data} />}
      {!data ? (
        error ? (
          <Failed error={error} retry={() => void refetch()} />
        ) : (
          <TableSkeleton what="the tables" />
        )
      ) : data.data.length === 0 ? (
        <p className="px-3 pb-3 text-ink-3">No table has sent a row yet.</p>
      ) : !wide ? (
        <ul>
          {data.data.map((table) => (
            <TableItem key={table.table} source={source} table={table} />
          ))}
        </ul>
      ) : (
        <Table caption="Tables of this source">
          <thead>
            <tr>
              <Th className="w-8 pr-0">
                <span className="sr-only">Mapping</span>
              </Th>
              <Th>Table</Th>
              <Th>Read as</Th>
              <Th
                className="text-right"
                title="Rows that copies of the table read, all copies together"
              >
                Reads
              </Th>
              <Th className="text-right">Inserts</Th>
              <Th className="text-right">Updates</Th>
              <Th className="text-right">Deletes</Th>
              <Th className="text-right">Truncates</Th>
              <Th className="text-right" title="Rows with large values that an update left untold">
                Incomplete
              </Th>
              <Th
                className="text-right"
                title="Rows that are not shown as the source has them, because a change could not be applied, and changes that do not tell their row"
              >
                Failed
              </Th>
              <Th title="Whether what is shown of the table holds all that was captured of it">
                What is shown
              </Th>
              <Th className="text-right">Last event</Th>
            </tr>
          </thead>
          <tbody>
            {data.data.map((table) => (
              <TableRow key={table.table} source={source} table={table} />
            ))}
          </tbody>
        </Table>
      )}
    </Panel>
  );
}

/** What of all tables was captured and is not shown as it came, so that nobody has to open each to find it. */
function Bent({ tables }: { tables: readonly SourceTable[] }) {
  const bent = tables.filter(
    (table) => table.values_left_out + table.sessions_left_out + table.times_replaced > 0,
  );
  if (bent.length === 0) return null;
  const sum = (of: (table: SourceTable) => number) =>
    bent.reduce((total, table) => total + of(table), 0);
  const values = sum((table) => table.values_left_out);
  const sessions = sum((table) => table.sessions_left_out);
  const times = sum((table) => table.times_replaced);
  const found = [
    values > 0 && `${counted(values, 'value is', 'values are')} left out or shortened`,
    sessions > 0 && `${counted(sessions, 'row is', 'rows are')} without a session`,
    times > 0 &&
      `${counted(times, 'reading stands', 'readings stand')} at the time of ${times === 1 ? 'its' : 'their'} commit`,
  ].filter(Boolean);
  return (
    <p className="max-w-[60rem] px-3 pb-2 text-ink-2">
      {found.join(', ')}. Open{' '}
      <span className="font-mono text-meta break-words">
        {bent
          .slice(0, bentShown)
          .map((table) => table.table)
          .join(', ')}
      </span>
      {bent.length > bentShown && ` and ${formatCount(bent.length - bentShown)} more`} to see why.
    </p>
  );
}

function TableRow({ source, table }: Shown) {
  return (
    <ExpandableRow
      label={`How ${table.table} is read`}
      columns={12}
      detail={<TableDetail source={source} table={table} />}
    >
      <Td>
        <span className="font-mono text-meta">{table.table}</span>
        <KeepsDeleted table={table} />
      </Td>
      <Td>{words(table.entity)}</Td>
      {countsOf(table).map(([name, count]) => (
        <Td key={name} className={cx('text-right', count === 0 && 'text-ink-3')}>
          {formatCount(count)}
        </Td>
      ))}
      <Td className="whitespace-nowrap">
        <TableState source={source} table={table} />
      </Td>
      <Td className="text-right">
        <Age at={table.last_event_at} none="none yet" />
      </Td>
    </ExpandableRow>
  );
}

/** Beside a table's name, as pages show more of it than it holds. */
function KeepsDeleted({ table }: { table: SourceTable }) {
  if (table.on_delete !== 'keep') return null;
  return <span className="ml-2 text-meta whitespace-nowrap text-ink-3">keeps deleted rows</span>;
}

type Shown = { source: Source; table: SourceTable };

/** What a table counts, and what one of it is called. */
const countsOf = (table: SourceTable) =>
  [
    ['reads', table.reads, 'read'],
    ['inserts', table.inserts, 'insert'],
    ['updates', table.updates, 'update'],
    ['deletes', table.deletes, 'delete'],
    ['truncates', table.truncates, 'truncate'],
    ['incomplete', table.incomplete, 'incomplete'],
    ['failed', table.failed, 'failed'],
  ] as const;

/** Of a table of which nothing is here nobody asks whether it is exact, unless something may be missing. */
function TableState({ source, table }: Shown) {
  if (isGone(table) && table.exact)
    return <span className="text-ink-3">Captured no more, or empty</span>;
  return <Exactness exact={table.exact} takenIn={isTakenIn(source)} />;
}

function TableDetail({ source, table }: Shown) {
  const causes = whyNotExact(table);
  return (
    <>
      <MappingView mapping={table.mapping} />
      {causes.length > 0 && (
        <div className="mt-2 max-w-[44rem] text-ink-2">
          <p className="font-medium">Why not exact</p>
          {causes.map((cause) => (
            <p key={cause}>{cause}</p>
          ))}
        </div>
      )}
      <MissingDismissed table={table} />
      <Clears table={table} />
      <DeletedRows source={source} table={table} />
      <LeftOut table={table} />
      <SessionsLeftOut table={table} />
      <TimesReplaced table={table} />
    </>
  );
}

/** What a person took upon himself, so that the table may be called exact all the same. */
function MissingDismissed({ table }: { table: SourceTable }) {
  if (table.missing_dismissed === 0) return null;
  const one = table.missing_dismissed === 1;
  return (
    <div className="mt-2 max-w-[44rem] text-ink-2">
      <p className="font-medium">
        {counted(table.missing_dismissed, 'missing event was', 'missing events were')} dismissed
      </p>
      <p>
        {one ? 'It' : 'They'} could not be read or stored on arrival and may be of this table. A
        person dismissed {one ? 'it' : 'them'}, so the table is not called inexact for{' '}
        {one ? 'it' : 'them'}; reading it again makes up for {one ? 'it' : 'them'}.
      </p>
    </div>
  );
}

/** What the agent cleared by itself, which nobody truncated. */
function Clears({ table }: { table: SourceTable }) {
  if (table.clears === 0) return null;
  return (
    <div className="mt-2 max-w-[44rem] text-ink-2">
      <p className="font-medium">
        {isGone(table)
          ? 'Cleared by the agent'
          : `Cleared ${counted(table.clears, 'time', 'times')}, to be read again`}
      </p>
      <p>
        {isGone(table)
          ? 'No row came since: the table is captured no more, or it was empty when it was read again. What was captured of it stays in the raw events.'
          : 'The agent read all its rows again beside the stream. Nobody truncated it at its source.'}
      </p>
    </div>
  );
}

/** Values that are not shown, or not as they came, and by which limits. */
function LeftOut({ table }: { table: SourceTable }) {
  if (table.values_left_out === 0) return null;
  return (
    <div className="mt-2 max-w-[44rem] text-ink-2">
      <p className="font-medium">
        {counted(table.values_left_out, 'value is', 'values are')} left out or shortened
      </p>
      <p>
        A table has 2,000 keys at most, the first that were seen. Of a document, 500 values are
        taken, 20 elements of an array, 8 levels, and keys of 200 characters. A text among the
        extras ends after 10,000 characters, and a number of more than 400 digits is a text there.
        Metrics take numbers of 1,000 digits before the point and 2,000 behind it. All of it stays
        in the raw events.
      </p>
    </div>
  );
}

/** Rows that nobody can put on a time line. */
function SessionsLeftOut({ table }: { table: SourceTable }) {
  if (table.sessions_left_out === 0) return null;
  return (
    <div className="mt-2 max-w-[44rem] text-ink-2">
      <p className="font-medium">
        {counted(table.sessions_left_out, 'row is', 'rows are')} without a session
      </p>
      <p>
        Its start is empty or no time between 1971 and 9000, its end cannot be read, or a state
        names no device. When the row is mended at its source, the session is there.
      </p>
    </div>
  );
}

/** Readings that are not where their row says. */
function TimesReplaced({ table }: { table: SourceTable }) {
  if (table.times_replaced === 0) return null;
  return (
    <div className="mt-2 max-w-[44rem] text-ink-2">
      <p className="font-medium">
        {counted(table.times_replaced, 'reading stands', 'readings stand')} at the time of{' '}
        {table.times_replaced === 1 ? 'its' : 'their'} commit
      </p>
      <p>
        The row’s own time is empty, unreadable, before 1971, or more than a day after its commit.
        The raw events say what it was.
      </p>
    </div>
  );
}

/** On a phone: two lines a table, how it was read below on touch. */
function TableItem({ source, table }: Shown) {
  const counts = countsOf(table).filter(([, count]) => count > 0);
  return (
    <ExpandableItem
      detail={
        <>
          <p className="mb-2 text-meta text-ink-3">
            {counts.map(([name, count, one]) => counted(count, one, name)).join(', ')}
          </p>
          <TableDetail source={source} table={table} />
        </>
      }
    >
      <span className="flex items-baseline justify-between gap-3">
        <span className="min-w-0">
          <span className="font-mono text-meta break-all">{table.table}</span>
          <KeepsDeleted table={table} />
        </span>
        <span className="shrink-0">{words(table.entity)}</span>
      </span>
      <span className="mt-0.5 flex justify-between gap-3 text-meta text-ink-3">
        <span>
          {counted(table.events, 'event', 'events')},{' '}
          <Age at={table.last_event_at} none="no event yet" />
        </span>
        <TableState source={source} table={table} />
      </span>
    </ExpandableItem>
  );
}
