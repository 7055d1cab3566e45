import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { CircleAlert, Info } from 'lucide-react';
import type { ReactNode } from 'react';
import { deadLettersQuery } from '../../api/deadLetters';
import { ApiProblem } from '../../api/problem';
import { sourceQuery } from '../../api/queries';
import { sourceTablesQuery } from '../../api/sources';
import type { Source } from '../../api/types';
import { paths } from '../../paths';
import { Age } from '../../ui/Age';
import { buttonClass } from '../../ui/Button';
import { cx } from '../../ui/cx';
import { Empty, Failed, Loading, Notice, Skeleton } from '../../ui/Feedback';
import { formatBytes, formatCount, words, zoneName } from '../../ui/format';
import { LoadMore, Unlisted } from '../../ui/Listing';
import { NotRefreshed } from '../../ui/NotRefreshed';
import { PageHeader, Panel } from '../../ui/Panel';
import { isRemoved, SourceStatus } from '../../ui/Status';
import { useTitle } from '../../ui/useTitle';
import { LetterItem } from '../dead-letters/LetterItem';
import { counted, NotExact } from './exactness';
import { lagText, snapshotLeft, snapshotProgress, Throughput } from './figures';
import { Gaps, GapsBadge } from './Gaps';
import { MayForget } from './MayForget';
import { RebuildPanel } from './RebuildPanel';
import { RemoveSource } from './RemoveSource';
import { SnapshotPanel } from './SnapshotPanel';
import { Tables } from './Tables';

const route = getRouteApi('/app/data-sources/$id');

export function SourcePage() {
  const { id } = route.useParams();
  const query = useQuery(sourceQuery(id));
  const { data: source, error, refetch } = query;
  useTitle(source?.name ?? 'Data source');

  if (!source) {
    if (error instanceof ApiProblem && error.status === 404) return <NoSuchSource />;
    return (
      <>
        <PageHeader title="Data source" />
        <Panel>
          {error ? (
            <Failed error={error} retry={() => void refetch()} />
          ) : (
            <Loading what="the source">
              <div className="p-3">
                <Skeleton className="h-16" />
              </div>
            </Loading>
          )}
        </Panel>
      </>
    );
  }
  return (
    <>
      <PageHeader
        title={source.name}
        status={
          <>
            <SourceStatus state={source.state} />
            <span>{source.kind === 'postgresql' ? 'PostgreSQL' : words(source.kind)}</span>
            <span>by agent {source.agent_name}</span>
            {source.gaps > 0 && (
              <a href="#gaps" className="hover:underline">
                <GapsBadge source={source} />
              </a>
            )}
            {source.tables_not_exact > 0 && (
              <a href="#tables" className="hover:underline">
                <NotExact tables={source.tables_not_exact} />
              </a>
            )}
          </>
        }
      >
        <Link to={paths.events} search={{ source_id: source.id }} className={buttonClass()}>
          View raw events
        </Link>
        <RemoveSource source={source} />
      </PageHeader>
      <NotRefreshed query={query} />
      <Detail source={source} />
      <div className="flex flex-col gap-3">
        <Facts source={source} />
        <Gaps source={source} />
        <RebuildPanel source={source} />
        <SnapshotPanel source={source} />
        <Tables source={source} />
        <DeadLetters id={id} />
      </div>
    </>
  );
}

/** What the agent says beside the state; what stops the source is not overlooked. */
function Detail({ source: { state, state_detail: detail } }: { source: Source }) {
  if (!detail) return null;
  const tone = state === 'failed' ? 'critical' : state === 'waiting' ? 'medium' : 'neutral';
  return (
    <Notice
      tone={tone}
      icon={
        tone === 'neutral' ? (
          <Info aria-hidden strokeWidth={1.75} />
        ) : (
          <CircleAlert aria-hidden strokeWidth={1.75} />
        )
      }
    >
      <p className="max-w-[60rem] break-words">{detail}</p>
    </Notice>
  );
}

function Facts({ source }: { source: Source }) {
  const { snapshot } = source;
  const facts: { name: string; value: ReactNode; note?: ReactNode }[] = [
    { name: 'Throughput', value: <Throughput perS={source.events_per_s} />, note: 'last minute' },
    {
      name: 'Lag',
      value: lagText(source),
      note: `${formatBytes(source.lag_bytes)} held in the database’s log`,
    },
    {
      name: 'Events stored',
      value: formatCount(source.events_total),
      note: (
        <>
          newest <Age at={source.last_event_at} none="none yet" />
        </>
      ),
    },
    {
      name: 'Durable up to',
      value: formatCount(source.durable_seq),
      note: `the newest event that is safe here, by its number in epoch ${source.epoch}`,
    },
    {
      name: 'Spool at the site',
      value: formatBytes(source.spool_bytes),
      note: isRemoved(source)
        ? 'as it was told last'
        : source.acknowledge === 'spool'
          ? 'the database forgets what is here: losing it loses events'
          : 'freed as it becomes durable here',
    },
    {
      name: 'The database may forget',
      value: source.acknowledge === 'spool' ? 'At the agent’s disk' : 'Once stored here',
      note: <MayForget source={source} />,
    },
  ];
  if (source.state === 'snapshotting') {
    const { words, share } = snapshotProgress(source);
    facts.unshift({
      name: 'Snapshot',
      value:
        share === null
          ? `${formatCount(snapshot?.rows_stored ?? 0)} rows`
          : `${formatCount(Math.floor(share * 100))} %`,
      note: [words, snapshotLeft(source)].filter(Boolean).join(', '),
    });
  }
  return (
    <section
      aria-label="Key figures"
      className="overflow-hidden rounded-panel border border-line bg-surface"
    >
      <dl className="-mt-px -ml-px grid grid-cols-2 lg:grid-cols-3 min-[90rem]:grid-cols-6">
        {facts.map((fact) => (
          <div
            key={fact.name}
            // Six figures fill their rows; that of a snapshot, while there is one, has its own.
            className={cx(
              'border-t border-l border-line p-3',
              fact.name === 'Snapshot' && 'col-span-full',
            )}
          >
            <dt className="text-ink-2">{fact.name}</dt>
            <dd className="text-title font-semibold tracking-[-0.01em]">{fact.value}</dd>
            <dd className="text-meta text-ink-3">{fact.note}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function DeadLetters({ id }: { id: string }) {
  const query = useInfiniteQuery(deadLettersQuery({ source_id: id }));
  const letters = query.data?.pages.flatMap((page) => page.data);
  const tables = useQuery(sourceTablesQuery(id)).data?.data ?? [];
  const incomplete = tables.reduce((sum, table) => sum + table.incomplete, 0);
  const failed = tables.some((table) => table.failed + table.missing + table.missing_dismissed > 0);
  return (
    <Panel
      title="Failed events"
      aside={
        letters && letters.length > 0 ? (
          <Link to={paths.deadLetters} search={{ source_id: id }} className="link max-lg:py-3">
            By cause
          </Link>
        ) : (
          <span>Times in {zoneName()}</span>
        )
      }
    >
      {!letters ? (
        <Unlisted query={query} what="the failed events" rows={2} />
      ) : letters.length === 0 ? (
        <p className="px-3 pb-3 text-ink-3">
          {failed
            ? 'None is open. What was dismissed, and is lacking still, is said at the tables above.'
            : incomplete === 0
              ? 'None. Every event that arrived was applied.'
              : `None failed. ${counted(incomplete, 'update lacks', 'updates lack')} values: see the tables above.`}
        </p>
      ) : (
        <ul>
          {letters.map((letter) => (
            <LetterItem key={letter.id} letter={letter} />
          ))}
        </ul>
      )}
      <LoadMore query={query} />
    </Panel>
  );
}

function NoSuchSource() {
  return (
    <>
      <PageHeader title="Data source not found" />
      <Panel>
        <Empty
          title="This workspace has no such data source"
          actions={
            <Link to={paths.dataSources} className={buttonClass('primary')}>
              View all data sources
            </Link>
          }
        >
          It may have been removed, or the link belongs to another workspace.
        </Empty>
      </Panel>
    </>
  );
}
