import { cx } from './cx';
import {
  ageSeconds,
  formatAge,
  formatClock,
  formatDay,
  formatMoment,
  formatUtc,
  zoneName,
} from './format';
import { useNow } from './now';

/** How old something is, ticking. Past `staleAfterS` it says so in a word. */
export function Age({
  at,
  staleAfterS,
  none = 'no data',
  className,
}: {
  at: string | null | undefined;
  staleAfterS?: number;
  none?: string;
  className?: string;
}) {
  const age = ageSeconds(at, useNow());
  if (age === null || !at) return <span className={cx('text-ink-3', className)}>{none}</span>;
  const stale = staleAfterS !== undefined && age > staleAfterS;
  return (
    <time
      dateTime={at}
      title={formatUtc(Date.parse(at))}
      className={cx('whitespace-nowrap text-ink-3', className)}
    >
      {stale && 'Stale, '}
      {formatAge(age)}
    </time>
  );
}

/** A moment in the person's zone, in UTC on hover. The zone is named by the column or the text around. */
export function Moment({
  at,
  withZone = false,
  withDate = false,
}: {
  at: string | null | undefined;
  withZone?: boolean;
  /** The date too where it is today's. */
  withDate?: boolean;
}) {
  const now = useNow();
  const ms = at ? Date.parse(at) : Number.NaN;
  if (!at || Number.isNaN(ms)) return <span className="text-ink-3">–</span>;
  return (
    <time dateTime={at} title={formatUtc(ms)} className="whitespace-nowrap">
      {withDate ? `${formatDay(ms)}, ${formatClock(ms)}` : formatMoment(ms, now)}
      {withZone && <span className="text-ink-3"> {zoneName(ms)}</span>}
    </time>
  );
}
