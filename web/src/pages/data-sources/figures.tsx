import type { Source } from '../../api/types';
import { formatDuration, formatValue } from '../../ui/format';

/** How far what is stored here is behind the database. */
export function lagText({ lag_s: lag, state }: Pick<Source, 'lag_s' | 'state'>): string {
  if (lag === null || state === 'snapshotting') return '–';
  return lag < 1 ? 'Caught up' : `${formatDuration(lag)} behind`;
}

export function Throughput({ perS }: { perS: number }) {
  return (
    <>
      {formatValue(perS, perS > 0 && perS < 100 ? 1 : 0)}{' '}
      <span className="text-[0.8em] font-normal text-ink-3">/s</span>
    </>
  );
}
