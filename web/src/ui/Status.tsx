import { Check, CircleDashed, Clock3, LoaderCircle, OctagonX, Pause, PowerOff } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Agent, DeviceState, Source } from '../api/types';
import { cx } from './cx';

/** Dashed and slashed: nothing comes from there. */
function SilentIcon({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true" className={className} fill="none">
      <circle
        cx="8"
        cy="8"
        r="5.75"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeDasharray="2.4 2.1"
      />
      <path d="M4.5 11.5l7-7" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" />
    </svg>
  );
}

export type Look = { word: string; tone: string; icon: (className: string) => ReactNode };

export const icon = (Icon: typeof Check) => (className: string) => (
  <Icon aria-hidden className={className} strokeWidth={1.75} />
);
const silent = (className: string) => <SilentIcon className={className} />;

export const deviceLooks: Record<DeviceState, Look> = {
  reporting: { word: 'Reporting', tone: 'text-ink-3', icon: icon(Check) },
  late: { word: 'Late', tone: 'text-medium', icon: icon(Clock3) },
  silent: { word: 'Silent', tone: 'text-high', icon: silent },
  never: { word: 'No data yet', tone: 'text-ink-3', icon: icon(CircleDashed) },
  loading: { word: 'Taking in snapshot', tone: 'text-ink-3', icon: icon(LoaderCircle) },
  removed: { word: 'Source removed', tone: 'text-ink-3', icon: icon(PowerOff) },
};

const sourceLooks: Record<Source['state'] | 'removed', Look> = {
  streaming: { word: 'Streaming', tone: 'text-ink-3', icon: icon(Check) },
  snapshotting: { word: 'Taking in snapshot', tone: 'text-ink-2', icon: icon(LoaderCircle) },
  waiting: { word: 'Waiting', tone: 'text-medium', icon: icon(Clock3) },
  stopped: { word: 'Stopped', tone: 'text-ink-2', icon: icon(Pause) },
  failed: { word: 'Failed', tone: 'text-critical', icon: icon(OctagonX) },
  offline: { word: 'Offline', tone: 'text-high', icon: silent },
  removed: { word: 'Removed', tone: 'text-ink-3', icon: icon(PowerOff) },
};

/** Its agent does not read it any more; what it sent is still here. */
export const isRemoved = ({ state }: { state: string }): boolean => state === 'removed';

const agentLooks: Record<Agent['state'], Look> = {
  online: { word: 'Online', tone: 'text-ink-3', icon: icon(Check) },
  offline: { word: 'Offline', tone: 'text-high', icon: silent },
  revoked: { word: 'Revoked', tone: 'text-ink-3', icon: icon(PowerOff) },
  expired: { word: 'Certificate expired', tone: 'text-high', icon: icon(OctagonX) },
};

export function Shown({ look, compact }: { look: Look; compact?: boolean | undefined }) {
  return (
    <span className={cx('inline-flex items-center gap-1.5 align-top whitespace-nowrap', look.tone)}>
      {look.icon('size-4 shrink-0')}
      <span className={compact ? 'sr-only' : undefined}>{look.word}</span>
    </span>
  );
}

const unknown = (word: string): Look => ({ word, tone: 'text-ink-3', icon: icon(CircleDashed) });

/** A state is a shape and a word; colour only stresses what is abnormal. */
export const DeviceStatus = ({ state, compact }: { state: DeviceState; compact?: boolean }) => (
  <Shown look={deviceLooks[state] ?? unknown(state)} compact={compact} />
);
export const SourceStatus = ({ state }: { state: Source['state'] }) => (
  <Shown look={sourceLooks[state] ?? unknown(state)} />
);
/** An agent is heard of by its sources: of one without any nobody knows whether it runs. */
export const AgentStatus = ({ agent: { state, sources } }: { agent: Agent }) => (
  <Shown
    look={
      state === 'offline' && sources === 0
        ? unknown('No source yet')
        : (agentLooks[state] ?? unknown(state))
    }
  />
);
