import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Gauge, SlidersHorizontal } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { overviewQuery } from '../../api/overview';
import type { LiveOverview } from '../../live/fold';
import { LiveLost } from '../../live/LiveLost';
import { useLiveState } from '../../live/LiveProvider';
import { paths } from '../../paths';
import { Button, buttonClass } from '../../ui/Button';
import { Empty, Failed, Notice } from '../../ui/Feedback';
import { ageSeconds, formatCount, formatDuration, zoneName } from '../../ui/format';
import { sharedNames } from '../../ui/MetricName';
import { useNow } from '../../ui/now';
import { PageHeader, Panel } from '../../ui/Panel';
import { deviceLooks } from '../../ui/Status';
import { useRefetchEvery } from '../../ui/useRefetchEvery';
import { useTitle } from '../../ui/useTitle';
import { useWide } from '../../ui/useWide';
import { SnapshotNotice } from '../data-sources/SnapshotNotice';
import { KpiStrip } from './KpiStrip';
import { LiveWord } from './LiveWord';
import { ChartGridSkeleton, OverviewSkeleton } from './OverviewSkeleton';
import { SitesPanel } from './SitesPanel';

/** Comes beside the first answer: what it draws with is not needed before. */
const chartGrid = import('./ChartGrid');
const ChartGrid = lazy(() => chartGrid);
const MetricsDialog = lazy(() => import('./MetricsDialog'));

/** Past this nothing on the page is news any more. */
export const staleAfterS = 300;

export function OverviewPage() {
  useTitle('Overview');
  const { data: overview, error, refetch } = useQuery(overviewQuery);
  // Somebody who waits for the first device sees it within moments.
  useRefetchEvery(refetch, overview?.counts.devices === 0 ? 2_000 : 10_000);
  const shared = sharedNames(overview?.charts ?? []);
  const [choosing, setChoosing] = useState(false);
  const wide = useWide();

  if (!overview) {
    return (
      <>
        <PageHeader title="Overview" />
        {error ? (
          <Panel>
            <Failed error={error} retry={() => void refetch()} />
          </Panel>
        ) : (
          <OverviewSkeleton />
        )}
      </>
    );
  }
  if (overview.counts.devices === 0) return <NothingYet overview={overview} />;

  return (
    <>
      <PageHeader title="Overview" status={<Summary overview={overview} />}>
        <Button onClick={() => setChoosing(true)}>
          <SlidersHorizontal aria-hidden className="size-4" strokeWidth={1.75} />
          Choose charts
        </Button>
      </PageHeader>
      <LiveLost />
      <SnapshotNotice />
      <Stale overview={overview} />
      <div className="flex flex-col gap-3">
        <KpiStrip kpis={overview.kpis} newestAt={overview.newest_event_at} shared={shared} />
        {/* On a phone what is abnormal comes before the charts. */}
        {!wide && <SitesPanel sites={overview.sites} />}
        <Suspense fallback={<ChartGridSkeleton count={overview.charts.length} />}>
          <ChartGrid charts={overview.charts} shared={shared} />
        </Suspense>
        {wide && <SitesPanel sites={overview.sites} />}
      </div>
      <Suspense fallback={null}>
        {choosing && <MetricsDialog onClose={() => setChoosing(false)} />}
      </Suspense>
    </>
  );
}

function Summary({ overview }: { overview: LiveOverview }) {
  const { counts } = overview;
  // Devices of no site stand in a group of their own, which is none.
  const sites = overview.sites.filter((site) => site.id !== null).length;
  const abnormal = (['late', 'silent', 'never', 'loading'] as const).filter(
    (state) => counts[state] > 0,
  );
  return (
    <>
      {abnormal.map((state) => (
        <Link
          key={state}
          to={paths.devices}
          search={{ state }}
          className={`inline-flex items-center gap-1.5 max-lg:min-h-11 ${deviceLooks[state].tone} hover:underline`}
        >
          {deviceLooks[state].icon('size-4')}
          <span className="font-medium">
            {formatCount(counts[state])} {deviceLooks[state].word.toLowerCase()}
          </span>
        </Link>
      ))}
      <span>
        {formatCount(counts.devices)} {counts.devices === 1 ? 'device' : 'devices'}
        {sites > 0 && ` on ${formatCount(sites)} ${sites === 1 ? 'site' : 'sites'}`}
      </span>
      <span>Last 60 min, times in {zoneName()}</span>
      <LiveWord
        newestAt={overview.newest_event_at}
        snapshotting={overview.sources.snapshotting > 0}
      />
    </>
  );
}

/** Devices that report seldom: nothing is overdue as long as each keeps its own interval. */
export const allReport = ({ devices, reporting, removed }: LiveOverview['counts']): boolean =>
  reporting > 0 && reporting + removed === devices;

/** The stream is up, but nothing new comes from the plant. */
function Stale({ overview }: { overview: LiveOverview }) {
  const age = ageSeconds(overview.newest_event_at, useNow());
  const live = useLiveState().kind === 'live';
  // The first rows of a snapshot may be years old.
  if (overview.sources.snapshotting > 0) return null;
  if (!live || (age !== null && age <= staleAfterS)) return null;
  if (allReport(overview.counts)) return null;
  return (
    <Notice
      icon={deviceLooks.silent.icon('')}
      action={
        <Link to={paths.dataSources} className={buttonClass()}>
          Check data sources
        </Link>
      }
    >
      <span className="font-medium">
        {age === null ? 'No readings yet.' : `No new readings for ${formatDuration(age)}.`}
      </span>{' '}
      The values below are the last ones that arrived.
    </Notice>
  );
}

function NothingYet({ overview }: { overview: LiveOverview }) {
  const { total, snapshotting } = overview.sources;
  return (
    <>
      <PageHeader title="Overview" />
      <SnapshotNotice />
      <Panel>
        {total === 0 ? (
          <Empty
            title="Nothing streams here yet"
            icon={<Gauge aria-hidden strokeWidth={1.75} />}
            actions={
              <>
                <Link
                  to={paths.dataSources}
                  search={{ pair: true }}
                  className={buttonClass('primary')}
                >
                  Pair an agent
                </Link>
                <Link to={paths.dataSources} className={buttonClass()}>
                  View data sources
                </Link>
              </>
            }
          >
            The overview shows your devices as they report. Pair an agent at your site and name a
            PostgreSQL database; the first readings appear here by themselves.
          </Empty>
        ) : (
          <Empty
            title="Waiting for the first device"
            icon={<Gauge aria-hidden strokeWidth={1.75} />}
            actions={
              <>
                <Link to={paths.dataSources} className={buttonClass('primary')}>
                  View data sources
                </Link>
                <Link to={paths.events} className={buttonClass()}>
                  View raw events
                </Link>
              </>
            }
          >
            {snapshotting > 0 ? (
              'The tables’ rows are on their way. The first devices appear here by themselves.'
            ) : (
              <>
                {total === 1 ? 'One source is' : `${formatCount(total)} sources are`} connected, but
                no table has been recognised as devices with readings. The source’s page shows how
                each table was read, and why.
              </>
            )}
          </Empty>
        )}
      </Panel>
    </>
  );
}
