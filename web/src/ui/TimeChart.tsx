import { Table2, ZoomOut } from 'lucide-react';
import { lazy, type ReactNode, Suspense, useMemo, useState } from 'react';
import { Age } from './Age';
import { align, newest, type Series } from './align';
import { IconButton } from './Button';
import { cx } from './cx';
import { Skeleton } from './Feedback';
import { decimalsFor, formatClock, formatMoment, formatUtc, formatValue, zoneName } from './format';
import { MetricName, unitBeside } from './MetricName';
import { serverNow } from './now';
import { Panel } from './Panel';
import { sparkPath } from './Sparkline';
import { rowClass, Table, Td, Th } from './Table';

const Plot = lazy(() => import('./Plot'));

const seriesLimit = 4;
const multiplesLimit = 12;
const tableRows = 60;

type TimeChartProps = {
  title: string;
  /** Tells apart what shares its title: the metric's key. */
  tag?: string | null;
  unit: string | null;
  series: readonly Series[];
  from: number;
  to: number;
  stepS: number;
  /** When the newest reading was taken; the age of the tile. */
  at: string | null;
  staleAfterS: number;
  syncKey: string;
  height?: number;
  level?: 2 | 3;
  actions?: ReactNode;
};

/** A time series with its live key in the header, and the same as a table. */
export function TimeChart(props: TimeChartProps) {
  const { unit, series, from, to, stepS, at, staleAfterS, syncKey, height = 168 } = props;
  const title = props.tag ? `${props.title} ${props.tag}` : props.title;
  const [asTable, setAsTable] = useState(false);
  const [cursor, setCursor] = useState<number | null>(null);
  const [zoomed, setZoomed] = useState(false);

  const drawn = useMemo(() => series.slice(0, seriesLimit), [series]);
  const data = useMemo(() => align(drawn, stepS), [drawn, stepS]);
  const decimals = useMemo(
    () =>
      decimalsFor(Math.max(0, ...series.flatMap((s) => s.points.map((p) => Math.abs(p[1] ?? 0))))),
    [series],
  );
  const multiples = series.length > seriesLimit;
  const stale = at === null || serverNow() - Date.parse(at) > staleAfterS * 1000;
  const has = series.some((s) => newest(s.points) !== null);

  const summary = series
    .map((s) => {
      const last = newest(s.points);
      return last
        ? `${s.name} ${formatValue(last.value, decimals)}${unit ? ` ${unit}` : ''}`
        : `${s.name} no data`;
    })
    .join(', ');
  const cursorTime = cursor === null ? undefined : data.times[cursor];

  return (
    <Panel
      title={<MetricName name={props.title} unit={unit} tag={props.tag} />}
      level={props.level ?? 2}
      className="flex flex-col"
      aside={
        <>
          {cursorTime === undefined ? (
            <Age at={at} staleAfterS={staleAfterS} />
          ) : (
            <span>at {formatClock(cursorTime * 1000)}</span>
          )}
          <span className="-mr-1.5 flex">
            {zoomed && (
              <IconButton
                label={`Reset zoom of ${title}`}
                onClick={() => void import('./Plot').then((plot) => plot.resetZoom(syncKey))}
              >
                <ZoomOut aria-hidden className="size-4" strokeWidth={1.75} />
              </IconButton>
            )}
            {props.actions}
            <IconButton
              label={`View ${title} as table`}
              aria-pressed={asTable}
              className="aria-pressed:bg-sunken"
              onClick={() => setAsTable(!asTable)}
            >
              <Table2 aria-hidden className="size-4" strokeWidth={1.75} />
            </IconButton>
          </span>
        </>
      }
    >
      {!has ? (
        <p className="px-3 pb-3 text-ink-3" style={{ minHeight: height + 28 }}>
          No readings between {formatClock(from * 1000)} and {formatClock(to * 1000)}.
        </p>
      ) : asTable ? (
        <SeriesTable
          series={series}
          decimals={decimals}
          height={height + 32}
          title={unitBeside(props.title, unit) ? `${title} in ${unit}` : title}
        />
      ) : multiples ? (
        <Multiples series={series} decimals={decimals} />
      ) : (
        <>
          <div className="flex min-h-6 flex-wrap gap-x-4 gap-y-0.5 px-3 text-meta">
            {drawn.map((s, index) => {
              const value =
                cursor === null ? newest(s.points)?.value : (data.columns[index]?.[cursor] ?? null);
              return (
                <span key={s.id} className="inline-flex max-w-full min-w-0 items-center gap-1.5">
                  <span
                    aria-hidden
                    className="h-0.5 w-3 shrink-0 rounded-full"
                    style={{ background: `var(--series-${index + 1})` }}
                  />
                  <span className="min-w-0 text-ink-2 wrap-anywhere">{s.name}</span>
                  <span
                    className={cx('font-medium wrap-anywhere', stale ? 'text-ink-3' : 'text-ink')}
                  >
                    {formatValue(value, decimals)}
                  </span>
                </span>
              );
            })}
          </div>
          <div
            role="img"
            aria-label={`${title}, ${formatClock(from * 1000)} to ${formatClock(to * 1000)}. Latest: ${summary}.`}
            className="px-1 pb-1"
          >
            <Suspense
              fallback={
                <div className="skeleton-delay px-2" style={{ height }}>
                  <Skeleton className="h-full" />
                </div>
              }
            >
              <div style={{ height }}>
                <Plot
                  data={data}
                  colors={drawn.map((_, index) => index + 1)}
                  from={from}
                  to={to}
                  height={height}
                  syncKey={syncKey}
                  onCursor={setCursor}
                  onZoom={setZoomed}
                />
              </div>
            </Suspense>
          </div>
        </>
      )}
    </Panel>
  );
}

function SeriesTable({
  series,
  decimals,
  height,
  title,
}: {
  series: readonly Series[];
  decimals: number;
  height: number;
  title: string;
}) {
  const times = [...new Set(series.flatMap((s) => s.points.map((p) => p[0] ?? 0)))]
    .sort((a, b) => b - a)
    .slice(0, tableRows);
  const values = series.map((s) => new Map(s.points.map((p) => [p[0], p[1]])));
  const now = serverNow();
  return (
    <div className="overflow-y-auto border-t border-line-weak" style={{ height }}>
      <Table caption={`${title} as a table, newest first`}>
        <thead className="sticky top-0 bg-surface">
          <tr>
            <Th>Time, {zoneName()}</Th>
            {series.map((s) => (
              <Th key={s.id} className="text-right">
                {s.name}
              </Th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((time) => (
            <tr key={time} className={rowClass}>
              <Td className="text-ink-2" title={formatUtc(time * 1000)}>
                {formatMoment(time * 1000, now).replace(/:00$/, '')}
              </Td>
              {values.map((column, index) => (
                <Td key={series[index]?.id} className="text-right">
                  {formatValue(column.get(time), decimals)}
                </Td>
              ))}
            </tr>
          ))}
        </tbody>
      </Table>
    </div>
  );
}

/** Past four lines a chart is a tangle: each series gets a small one, all on one scale. */
function Multiples({ series, decimals }: { series: readonly Series[]; decimals: number }) {
  const values = series.flatMap((s) =>
    s.points.flatMap((p) => (typeof p[1] === 'number' ? [p[1]] : [])),
  );
  const range = [Math.min(...values), Math.max(...values)] as const;
  const shown = series.slice(0, multiplesLimit);
  return (
    <div className="px-3 pb-3">
      <ul className="grid grid-cols-2 gap-x-4 gap-y-2">
        {shown.map((s) => (
          <li key={s.id}>
            <div className="flex justify-between gap-2 text-meta">
              <span className="truncate text-ink-2">{s.name}</span>
              <span className="shrink-0 font-medium">
                {formatValue(newest(s.points)?.value, decimals)}
              </span>
            </div>
            <svg
              viewBox="0 0 160 32"
              preserveAspectRatio="none"
              aria-hidden="true"
              className="h-8 w-full text-[var(--series-1)]"
              fill="none"
            >
              <path
                d={sparkPath(
                  s.points.map((p) => p[1] ?? null),
                  160,
                  32,
                  range,
                )}
                stroke="currentColor"
                strokeWidth="1.5"
                strokeLinecap="round"
                vectorEffect="non-scaling-stroke"
              />
            </svg>
          </li>
        ))}
      </ul>
      {series.length > shown.length && (
        <p className="mt-2 text-meta text-ink-3">
          {series.length - shown.length} more in the table.
        </p>
      )}
    </div>
  );
}
