import { isOpen } from '../../api/executions';
import type { Execution, ExecutionLogEntry } from '../../api/types';

/** What became of a step, as far as the log tells. */
export type StepState =
  | 'acting'
  | 'succeeded'
  | 'handled'
  | 'failed'
  | 'retry'
  | 'parked'
  | 'taken'
  | 'cut';

export type TimelineItem = {
  /** A step by its id, the trigger, or something that happened to the execution as a whole. */
  kind: 'step' | 'trigger' | 'note';
  key: string;
  step: string | null;
  entries: ExecutionLogEntry[];
  state: StepState | null;
  attempts: number;
  /** Milliseconds from the first entry of all. */
  from: number;
  /** How long it acted; null where that is not told. */
  lasted: number | null;
  /** Milliseconds from when it began to when it ended, pauses between tries among them. */
  span: number;
};

const ends: Partial<Record<string, StepState>> = {
  intent: 'acting',
  succeeded: 'succeeded',
  handled: 'handled',
  failed: 'failed',
  retry: 'retry',
  parked: 'parked',
  resolved: 'acting',
};

/** An entry tells of what has ended when it was written. */
const beginOf = (entry: ExecutionLogEntry): number =>
  Date.parse(entry.timestamp) - (entry.kind === 'intent' ? 0 : (entry.duration_ms ?? 0));

type Ran = Pick<Execution, 'status' | 'trigger_type' | 'created_at'>;

/**
 * Whether an entry stands for an answer that a retry has of its origin: such are written when the
 * retry is taken in, before any step is run, and took no time.
 */
const isTaken = (entry: ExecutionLogEntry, { trigger_type: type, created_at: at }: Ran): boolean =>
  type === 'retry' && entry.timestamp === at && entry.duration_ms === null;

/**
 * The entries of a log gathered by step, in the order in which steps began. What a step that was
 * acting came to when the execution ended, nobody says: it was cut.
 */
export function timeline(log: readonly ExecutionLogEntry[], execution: Ran): TimelineItem[] {
  const first = log[0];
  if (!first) return [];
  const zero = Math.min(...log.map(beginOf));
  const items = new Map<string, TimelineItem>();
  for (const entry of log) {
    const kind = entry.step ? 'step' : entry.kind === 'trigger' ? 'trigger' : 'note';
    const key = kind === 'step' ? `step ${entry.step}` : `${kind} ${entry.log_id}`;
    let item = items.get(key);
    if (!item) {
      item = {
        kind,
        key,
        step: entry.step,
        entries: [],
        state: null,
        attempts: 0,
        from: beginOf(entry) - zero,
        lasted: null,
        span: 0,
      };
      items.set(key, item);
    }
    item.entries.push(entry);
    if (entry.step && isTaken(entry, execution)) {
      item.state = 'taken';
      continue;
    }
    item.state = ends[entry.kind] ?? item.state;
    item.attempts = Math.max(item.attempts, entry.attempt ?? 0);
    if (entry.duration_ms !== null) item.lasted = (item.lasted ?? 0) + entry.duration_ms;
    item.span = Math.max(item.span, Date.parse(entry.timestamp) - zero - item.from);
  }
  const found = [...items.values()];
  if (!isOpen(execution)) {
    for (const item of found) {
      if (item.state === 'acting' || item.state === 'retry' || item.state === 'parked') {
        item.state = 'cut';
      }
    }
  }
  return found;
}
