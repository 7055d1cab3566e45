import { useQueryClient } from '@tanstack/react-query';
import { Pin } from 'lucide-react';
import { memo, useMemo } from 'react';
import { overviewQuery } from '../../api/overview';
import type { LiveChart } from '../../live/fold';
import { IconButton } from '../../ui/Button';
import { useNow } from '../../ui/now';
import { TimeChart } from '../../ui/TimeChart';
import { staleAfter } from './stale';
import { usePin } from './usePin';

const hourS = 3600;

export default function ChartGrid({
  charts,
  shared,
}: {
  charts: readonly LiveChart[];
  /** Keys of metrics whose name alone does not tell them apart. */
  shared: ReadonlySet<string>;
}) {
  // The window moves a minute at a time; nothing is drawn anew in between but what changed.
  const to = Math.ceil(useNow() / 60_000) * 60;
  if (charts.length === 0) return null;
  return (
    <div className="grid gap-3 md:grid-cols-2 xl:grid-cols-3">
      {charts.map((chart) => (
        <OverviewChart
          key={chart.key}
          chart={chart}
          tag={shared.has(chart.key) ? chart.key : null}
          to={to}
        />
      ))}
    </div>
  );
}

/** Drawn again only when its own readings came, or the minute turned. */
const OverviewChart = memo(function OverviewChart({
  chart,
  tag,
  to,
}: {
  chart: LiveChart;
  tag: string | null;
  to: number;
}) {
  const pin = usePin();
  const queries = useQueryClient();
  const series = useMemo(
    () =>
      chart.series.map((site) => ({
        id: site.site_id ?? 'none',
        name: site.name,
        points: site.points,
      })),
    [chart.series],
  );
  return (
    <TimeChart
      title={chart.name}
      tag={tag}
      unit={chart.unit}
      series={series}
      from={to - hourS}
      to={to}
      stepS={60}
      at={chart.at}
      staleAfterS={staleAfter(chart.usual_interval_s)}
      syncKey="overview"
      actions={
        <IconButton
          label={`Pin ${tag ? `${chart.name} ${tag}` : chart.name}`}
          aria-pressed={chart.pinned}
          onClick={() =>
            pin.mutate(
              { key: chart.key, pinned: !chart.pinned, name: chart.name },
              { onSettled: () => void queries.invalidateQueries(overviewQuery) },
            )
          }
        >
          <Pin
            aria-hidden
            className="size-4"
            strokeWidth={1.75}
            fill={chart.pinned ? 'currentColor' : 'none'}
          />
        </IconButton>
      }
    />
  );
});
