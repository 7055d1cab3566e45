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

/**
 * What is stored of a snapshot; of how much is known only once the agent has read all of it. Where
 * it is built from what is stored, because deleted rows are kept, what is built is how far it is.
 */
export function snapshotProgress({ snapshot, model }: Pick<Source, 'snapshot' | 'model'>): {
  words: string;
  /** 0 to 1, where it is known. */
  share: number | null;
} {
  if (!snapshot) return { words: 'The agent is about to read the tables', share: null };
  const { tables_done: done, tables_total: total, rows, rows_stored: stored } = snapshot;
  const isRead = done >= total;
  const words = isRead
    ? `${formatCount(stored)} of ${formatCount(rows)} rows stored`
    : `${formatCount(stored)} rows stored, ${formatCount(rows)} read so far, ${formatCount(done)} of ${formatCount(total)} tables read`;
  if (isBuiltAside({ model })) {
    const { events_done: built, events_total: toBuild } = model;
    return {
      words: toBuild
        ? `${words}; the new state is being built, ${formatCount(built ?? 0)} of ${formatCount(toBuild)} events so far`
        : `${words}; the new state is about to be built`,
      share: isRead && toBuild ? (built ?? 0) / toBuild : null,
    };
  }
  return { words, share: !isRead || rows === 0 ? null : stored / rows };
}

/** Whether the snapshot is built from what is stored, and shown only then. */
const isBuiltAside = ({ model }: Pick<Source, 'model'>): boolean =>
  model.state === 'building' && model.events_done != null;

/** How long what is left of a snapshot takes at the rate of the last minute. */
export function snapshotLeft({
  snapshot,
  model,
  events_per_s: perS,
}: Pick<Source, 'snapshot' | 'model' | 'events_per_s'>): string | null {
  if (!snapshot || snapshot.tables_done < snapshot.tables_total || perS <= 0) return null;
  // The rate is of what is stored; building has its own.
  if (isBuiltAside({ model })) return null;
  return `about ${formatDuration((snapshot.rows - snapshot.rows_stored) / perS)} left`;
}
