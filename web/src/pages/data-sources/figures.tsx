import type { Source } from '../../api/types';
import { formatCount, formatDuration, formatValue } from '../../ui/format';

/** How far what is stored here is behind the database. */
export function lagText({ lag_s: lag, state }: Pick<Source, 'lag_s' | 'state'>): string {
  if (lag === null || state === 'snapshotting') return '–';
  if (lag >= 1) return `${formatDuration(lag)} behind`;
  // What nobody reads may have moved on.
  return state === 'streaming' ? 'Caught up' : '–';
}

export function Throughput({ perS }: { perS: number }) {
  return (
    <>
      {formatValue(perS, perS > 0 && perS < 100 ? 1 : 0)}{' '}
      <span className="text-[0.8em] font-normal text-ink-3">/s</span>
    </>
  );
}

/** What is stored of a snapshot; of how much is known only once the agent has read all of it. */
export function snapshotProgress({ snapshot }: Pick<Source, 'snapshot'>): {
  words: string;
  /** 0 to 1, where it is known. */
  share: number | null;
} {
  if (!snapshot) return { words: 'The agent is about to read the tables', share: null };
  const { tables_done: done, tables_total: total, rows, rows_stored: stored } = snapshot;
  if (done < total) {
    return {
      words: `${formatCount(stored)} rows stored, ${formatCount(rows)} read so far, ${formatCount(done)} of ${formatCount(total)} tables read`,
      share: null,
    };
  }
  return {
    words: `${formatCount(stored)} of ${formatCount(rows)} rows stored`,
    share: rows === 0 ? null : stored / rows,
  };
}

/** How long what is left of a snapshot takes at the rate of the last minute. */
export function snapshotLeft({
  snapshot,
  events_per_s: perS,
}: Pick<Source, 'snapshot' | 'events_per_s'>): string | null {
  if (!snapshot || snapshot.tables_done < snapshot.tables_total || perS <= 0) return null;
  return `about ${formatDuration((snapshot.rows - snapshot.rows_stored) / perS)} left`;
}
