import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { SlidersHorizontal } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { overviewQuery } from '../../api/overview';
import type { LiveOverview } from '../../live/fold';
import { LiveLost } from '../../live/LiveLost';
import { useLiveState } from '../../live/LiveProvider';
import { paths } from '../../paths';
import { Button, buttonClass } from '../../ui/Button';
import { Failed, Notice } from '../../ui/Feedback';
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
import { staleAfter } from './stale';

/** Comes beside the first answer: what it draws with is not needed before. */
const chartGrid = import('./ChartGrid');
const ChartGrid = lazy(() => chartGrid);
/** Most workspaces have devices. */
const NothingYet = lazy(() => import('./NothingYet'));
const MetricsDialog = lazy(() => import('./MetricsDialog'));

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
  if (overview.counts.devices === 0) {
    return (
      <>
        <PageHeader title="Overview" />
        <SnapshotNotice />
        <Suspense fallback={<OverviewSkeleton />}>
          <NothingYet sources={overview.sources} />
        </Suspense>
      </>
    );
  }

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
  // As often as the fleet's most frequent device reports.
  const interval = overview.kpis.find((kpi) => kpi.key === 'freshness')?.usual_interval_s ?? 60;
  if (!live || (age !== null && age <= staleAfter(interval))) return null;
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
