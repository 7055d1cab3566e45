import { ArrowDownRight, ArrowRight, ArrowUpRight } from 'lucide-react';
import type { Kpi } from '../../api/types';
import { Age, Moment } from '../../ui/Age';
import { cx } from '../../ui/cx';
import { ageSeconds, decimalsFor, formatDuration, formatValue } from '../../ui/format';
import { MetricName } from '../../ui/MetricName';
import { useNow } from '../../ui/now';
import { Sparkline } from '../../ui/Sparkline';
import { staleAfter } from './stale';

/** One strip split by hairlines. Only a change for the worse is coloured. */
export function KpiStrip({
  kpis,
  newestAt,
  shared,
}: {
  kpis: readonly Kpi[];
  newestAt: string | null;
  /** Keys of metrics whose name alone does not tell them apart. */
  shared: ReadonlySet<string>;
}) {
  if (kpis.length === 0) return null;
  return (
    <section
      aria-label="Key figures"
      className="overflow-hidden rounded-panel border border-line bg-surface"
    >
      <ul className="-mt-px -ml-px grid grid-cols-2 lg:grid-cols-5 2xl:grid-cols-6 min-[110rem]:grid-cols-7">
        {kpis.map((kpi) => (
          <li
            key={kpi.key}
            className={cx(
              'min-w-0 border-t border-l border-line p-3 max-lg:last:odd:col-span-2',
              // One strip, never a second row: what has no room is in the charts below.
              'lg:max-2xl:nth-[n+6]:hidden 2xl:max-[110rem]:nth-[n+7]:hidden',
            )}
          >
            {kpi.key === 'freshness' ? (
              <Freshness kpi={kpi} newestAt={newestAt} />
            ) : (
              <Tile kpi={kpi} tag={shared.has(kpi.key) ? kpi.key : null} />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Tile({ kpi, tag }: { kpi: Kpi; tag: string | null }) {
  const age = ageSeconds(kpi.at, useNow());
  const staleAfterS = staleAfter(kpi.usual_interval_s);
  const stale = age === null || age > staleAfterS;
  return (
    <>
      {/* Where a tile is narrow the age goes below, so that the name is never cut for it. */}
      <div className="flex flex-wrap items-baseline justify-between gap-x-2">
        <h2
          className="max-w-full text-body break-words text-ink-2"
          title={tag ? `${kpi.label} ${tag}` : undefined}
        >
          <MetricName name={kpi.label} tag={tag} />
        </h2>
        <Age at={kpi.at} staleAfterS={staleAfterS} className="text-meta" />
      </div>
      <div className="flex items-end justify-between gap-3">
        <p
          className={cx(
            // A value that is wider than the tile breaks within it.
            'min-w-0 text-kpi font-semibold tracking-[-0.02em] wrap-anywhere',
            stale && 'text-ink-3',
          )}
        >
          {formatValue(kpi.value)}
          {kpi.unit && (
            <span className="ml-1 text-body font-normal tracking-normal text-ink-3">
              {kpi.unit}
            </span>
          )}
        </p>
        <span className="flex min-w-0 flex-1 justify-end pb-1.5 text-ink-3">
          <Sparkline values={kpi.sparkline} />
        </span>
      </div>
      <Delta kpi={kpi} />
    </>
  );
}

/** A change is written as finely as what changed. */
const decimalsOf = ({ value, delta }: Kpi): number =>
  Number.isInteger(value ?? 0) && Number.isInteger(delta ?? 0)
    ? 0
    : decimalsFor(value ?? delta ?? 0);

function Delta({ kpi }: { kpi: Kpi }) {
  if (kpi.delta === null) {
    return <p className="truncate text-meta text-ink-3">{kpi.basis ?? '\u00a0'}</p>;
  }
  const Arrow = kpi.delta > 0 ? ArrowUpRight : kpi.delta < 0 ? ArrowDownRight : ArrowRight;
  const word = kpi.delta > 0 ? 'up' : kpi.delta < 0 ? 'down' : 'unchanged';
  return (
    <p className="flex min-w-0 items-center gap-1.5 text-meta">
      <span
        className={cx(
          'inline-flex items-center gap-0.5 font-medium',
          kpi.worse ? 'text-high' : 'text-ink-2',
        )}
      >
        <Arrow aria-hidden className="size-3.5" strokeWidth={1.75} />
        <span className="sr-only">{word}</span>
        {formatValue(Math.abs(kpi.delta), decimalsOf(kpi))}
        {kpi.worse && <span className="sr-only">, worse</span>}
      </span>
      {kpi.basis && <span className="truncate text-ink-3">{kpi.basis}</span>}
    </p>
  );
}

/** The age of the newest reading ticks here, from the live stream. */
function Freshness({ kpi, newestAt }: { kpi: Kpi; newestAt: string | null }) {
  const age = ageSeconds(newestAt, useNow());
  const [amount, unit] = age === null ? ['–', ''] : formatDuration(age).split(' ');
  const stale = age === null || age > staleAfter(kpi.usual_interval_s);
  return (
    <>
      <h2 className="truncate text-body text-ink-2">{kpi.label}</h2>
      <div className="flex items-end justify-between gap-3">
        <p
          className={cx(
            'shrink-0 text-kpi font-semibold tracking-[-0.02em] whitespace-nowrap',
            stale && 'text-ink-3',
          )}
        >
          {amount}
          {unit && (
            <span className="ml-1 text-body font-normal tracking-normal text-ink-3">
              {unit} ago
            </span>
          )}
        </p>
        <span className="flex min-w-0 flex-1 justify-end pb-1.5 text-ink-3">
          <Sparkline values={kpi.sparkline} />
        </span>
      </div>
      <p className="truncate text-meta text-ink-3">
        {stale && 'Stale, '}
        {newestAt ? (
          <>
            {stale ? 'taken' : 'Taken'} at <Moment at={newestAt} withZone />
          </>
        ) : (
          'No reading yet'
        )}
      </p>
    </>
  );
}
