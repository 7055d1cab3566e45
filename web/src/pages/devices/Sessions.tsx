import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Range, ranges } from '../../api/series';
import { deviceSessionsQuery, deviceStatesQuery } from '../../api/sessions';
import type { Session, SessionSummary } from '../../api/types';
import { Moment } from '../../ui/Age';
import { Button } from '../../ui/Button';
import { cx } from '../../ui/cx';
import { Failed, Loading, Skeleton } from '../../ui/Feedback';
import { formatCount, zoneName } from '../../ui/format';
import { useNow } from '../../ui/now';
import { Panel } from '../../ui/Panel';
import { rowClass, Table, Td, Th } from '../../ui/Table';
import { useRefetchEvery } from '../../ui/useRefetchEvery';
import { BandAxis, SessionBand, tableName } from './SessionBand';
import { fillsOf, lasted } from './states';
import { lastedIn, stateName, told } from './told';

const title = 'Stops and states';
const rowsFirst = 4;

/** What a device did in a range: a band for each table that says so, and the same as a table. */
export default function Sessions({ deviceId, range }: { deviceId: string; range: Range }) {
  const list = useQuery(deviceSessionsQuery(deviceId, range));
  const summary = useQuery(deviceStatesQuery(deviceId, range));
  useRefetchEvery(list.refetch, 30_000);
  useRefetchEvery(summary.refetch, 30_000);
  const page = list.data;
  const states = summary.data?.states;
  if ((!page && !list.error) || (!states && !summary.error)) {
    return (
      <Panel title={title} className="mb-3">
        <Loading what={title.toLowerCase()}>
          <Skeleton className="mx-3 mb-3 h-16" />
        </Loading>
      </Panel>
    );
  }
  if (!page) {
    return (
      <Panel title={title} aside={states && <span>{counted(states)}</span>} className="mb-3">
        {states ? (
          <Figures states={states} fills={fillsOf(states.map(({ state }) => state))} />
        ) : (
          <Failed error={summary.error} retry={() => void summary.refetch()} />
        )}
        <Failed error={list.error} retry={() => void list.refetch()} />
      </Panel>
    );
  }
  const sessions = page.data;
  const fills = fillsOf([...sessions, ...(states ?? [])].map(({ state }) => state));
  // A short page may have one after it, and what is after it may be nothing of the range.
  const whole = page.next_cursor === null || (states && sessions.length >= countOf(states));
  if (sessions.length === 0 && whole) {
    return (
      <Panel title={title} className="mb-3">
        <p className="max-w-[44rem] px-3 pb-3 text-ink-3">
          Nothing in the last {ranges[range].label}. Rows of this device that begin and end, such as
          stops and runs, and logs of its states are drawn here.
        </p>
      </Panel>
    );
  }
  return (
    <Panel title={title} aside={states && <span>{counted(states)}</span>} className="mb-3">
      {sessions.length > 0 ? (
        <Bands sessions={sessions} states={states ?? []} fills={fills} range={range} />
      ) : (
        states && <Figures states={states} fills={fills} />
      )}
      {!whole && sessions.length > 0 && (
        <p className="px-3 pb-2 text-meta text-ink-3">
          Drawn are the latest {formatCount(sessions.length)}
          {states ? '; the figures are of all.' : '.'}
        </p>
      )}
      {!states && <Failed error={summary.error} retry={() => void summary.refetch()} />}
      {sessions.length > 0 && <SessionTable sessions={sessions} fills={fills} />}
    </Panel>
  );
}

type Fills = ReadonlyMap<string | null, string>;

const countOf = (states: SessionSummary['states']): number =>
  states.reduce((sum, state) => sum + state.sessions, 0);

const counted = (states: SessionSummary['states']): string => {
  const count = countOf(states);
  return count === 1 ? '1 span' : `${formatCount(count)} spans`;
};

/** How long and how often a device was in each state, where its spans could not be loaded. */
function Figures({ states, fills }: { states: SessionSummary['states']; fills: Fills }) {
  return [...new Set(states.map((state) => state.table))].map((table) => (
    <div
      key={table}
      className="flex min-h-6 flex-wrap items-center gap-x-4 gap-y-0.5 px-3 pb-2 text-meta"
    >
      <h3 className="text-ink-2">{tableName(table)}</h3>
      <Legend states={states.filter((state) => state.table === table)} fills={fills} />
    </div>
  ));
}

function Bands({
  sessions,
  states,
  fills,
  range,
}: {
  sessions: Session[];
  states: SessionSummary['states'];
  fills: Fills;
  range: Range;
}) {
  const now = useNow();
  const [pointed, setPointed] = useState<Session | null>(null);
  const { seconds, stepS } = ranges[range];
  const to = Math.ceil(now / 1000 / stepS) * stepS * 1000;
  const from = to - seconds * 1000;
  const tables = [...new Set(sessions.map((session) => session.table))].sort();
  return (
    <div className="px-3">
      {tables.map((table) => (
        <div key={table} className="pb-2">
          <div className="flex min-h-6 flex-wrap items-center gap-x-4 gap-y-0.5 pb-1 text-meta">
            <h3 className="text-ink-2">{tableName(table)}</h3>
            <Legend states={states.filter((state) => state.table === table)} fills={fills} />
          </div>
          <SessionBand
            name={tableName(table)}
            sessions={sessions.filter((session) => session.table === table).reverse()}
            fills={fills}
            from={from}
            to={to}
            now={now}
            onPoint={setPointed}
          />
        </div>
      ))}
      <BandAxis from={from} to={to} />
      <p aria-hidden className="min-h-6 truncate pb-1 text-meta text-ink-2">
        {pointed ? told(pointed, now) : <span className="text-ink-3">Times in {zoneName(to)}</span>}
      </p>
    </div>
  );
}

/** Each state with how long it was in all, and how often. */
function Legend({ states, fills }: { states: SessionSummary['states']; fills: Fills }) {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-0.5">
      {states.map((state) => (
        <li key={state.state ?? ''} className="inline-flex items-center gap-1.5 whitespace-nowrap">
          <Swatch fill={fills.get(state.state)} />
          <span className="text-ink-2">{stateName(state.state)}</span>
          <span className="font-medium">{lasted(state.seconds)}</span>
          <span className="text-ink-3">
            {state.sessions === 1 ? 'once' : `${formatCount(state.sessions)} times`}
            {state.lasting && ', lasting'}
          </span>
        </li>
      ))}
    </ul>
  );
}

const Swatch = ({ fill }: { fill: string | undefined }) => (
  <span
    aria-hidden
    className="inline-block h-3 w-5 shrink-0 rounded-inner border border-line-strong"
    style={{ background: fill }}
  />
);

function SessionTable({ sessions, fills }: { sessions: Session[]; fills: Fills }) {
  const [all, setAll] = useState(false);
  const now = useNow();
  const several = new Set(sessions.map((session) => session.table)).size > 1;
  const shown = all ? sessions : sessions.slice(0, rowsFirst);
  return (
    <>
      <Table caption={`${title} as a table, the latest first`}>
        <thead>
          <tr className="border-t border-line-weak text-left">
            <Th>What</Th>
            <Th>From</Th>
            <Th className="max-sm:hidden">To</Th>
            <Th className="text-right">Lasted</Th>
            <Th className="w-full max-sm:hidden">Why</Th>
            {several && <Th className="max-sm:hidden">Table</Th>}
          </tr>
        </thead>
        <tbody>
          {shown.map((session) => (
            <tr key={session.id} className={cx(rowClass, 'align-top')}>
              <Td>
                <span className="inline-flex items-center gap-2 whitespace-nowrap">
                  <Swatch fill={fills.get(session.state)} />
                  {stateName(session.state)}
                </span>
                {session.reason && (
                  <span className="block text-meta text-ink-3 sm:hidden">{session.reason}</span>
                )}
              </Td>
              <Td className="whitespace-nowrap text-ink-2">
                {!session.ended_at && 'since '}
                <Moment at={session.started_at} />
              </Td>
              <Td className="text-ink-2 max-sm:hidden">
                {session.ended_at ? <Moment at={session.ended_at} /> : 'lasting'}
              </Td>
              <Td className="text-right whitespace-nowrap">{lastedIn(session, now)}</Td>
              <Td className="text-ink-2 max-sm:hidden">{session.reason ?? ''}</Td>
              {several && (
                <Td className="font-mono text-meta text-ink-3 max-sm:hidden">{session.table}</Td>
              )}
            </tr>
          ))}
        </tbody>
      </Table>
      {shown.length < sessions.length && (
        <div className="border-t border-line-weak p-3">
          <Button onClick={() => setAll(true)}>Show all {formatCount(sessions.length)}</Button>
        </div>
      )}
    </>
  );
}
