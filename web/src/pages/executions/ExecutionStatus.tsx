import { Ban, Check, CircleDashed, CircleHelp, Clock3, LoaderCircle, OctagonX } from 'lucide-react';
import type { Execution, ExecutionState } from '../../api/types';
import { icon, type Look, Shown } from '../../ui/Status';

const looks: Record<ExecutionState, Look> = {
  pending: { word: 'Pending', tone: 'text-ink-3', icon: icon(CircleDashed) },
  running: { word: 'Running', tone: 'text-ink-2', icon: icon(LoaderCircle) },
  waiting: { word: 'Waiting', tone: 'text-ink-2', icon: icon(Clock3) },
  success: { word: 'Succeeded', tone: 'text-ink-3', icon: icon(Check) },
  failed: { word: 'Failed', tone: 'text-critical', icon: icon(OctagonX) },
  canceled: { word: 'Canceled', tone: 'text-ink-3', icon: icon(Ban) },
};
const parked: Look = { word: 'Needs a decision', tone: 'text-medium', icon: icon(CircleHelp) };
const again: Look = { word: 'Waiting to try again', tone: 'text-medium', icon: icon(Clock3) };

export const stateWord = (state: ExecutionState): string => looks[state].word;

/** What it does or how it ended; who waits for a person is not overlooked. */
export function ExecutionStatus({
  execution: { status, waiting_for: waitingFor },
}: {
  execution: Pick<Execution, 'status' | 'waiting_for'>;
}) {
  const look =
    status !== 'waiting'
      ? looks[status]
      : waitingFor === 'decision'
        ? parked
        : waitingFor === 'retry'
          ? again
          : looks.waiting;
  return <Shown look={look} />;
}
