import { type KeyboardEvent, useRef, useState } from 'react';
import type { Session } from '../../api/types';
import { formatClock, words } from '../../ui/format';
import { kindOf, lasted } from './states';
import { endOf, told } from './told';

type Props = {
  name: string;
  /** The earliest to begin first. */
  sessions: readonly Session[];
  fills: ReadonlyMap<string | null, string>;
  from: number;
  to: number;
  now: number;
  onPoint: (session: Session | null) => void;
};

/** Enough of the band for the minutes to be written into it. */
const wideEnough = 7;

/** A device's spans along the time. One of them takes part in the tab order; the arrows move on. */
export function SessionBand({ name, sessions, fills, from, to, now, onPoint }: Props) {
  const [active, setActive] = useState(sessions.length - 1);
  const spans = useRef<(HTMLButtonElement | null)[]>([]);
  const reachable = Math.min(active, sessions.length - 1);

  const move = (event: KeyboardEvent) => {
    const target = {
      ArrowLeft: reachable - 1,
      ArrowRight: reachable + 1,
      Home: 0,
      End: sessions.length - 1,
    }[event.key];
    if (target === undefined || target < 0 || target >= sessions.length) return;
    event.preventDefault();
    setActive(target);
    spans.current[target]?.focus();
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div
      role="group"
      aria-label={`${name}, ${formatClock(from)} to ${formatClock(to)}: arrow keys move from one to the next`}
      onKeyDown={move}
      className="relative h-6 overflow-hidden rounded-inner bg-sunken max-lg:h-11"
    >
      {sessions.map((session, index) => {
        const begins = Math.max(from, Date.parse(session.started_at));
        const ends = Math.max(begins, Math.min(to, endOf(session, now)));
        const left = (100 * (begins - from)) / (to - from);
        const width = (100 * (ends - begins)) / (to - from);
        const kind = kindOf(session.state);
        return (
          <button
            key={session.id}
            ref={(button) => {
              spans.current[index] = button;
            }}
            type="button"
            tabIndex={index === reachable ? 0 : -1}
            aria-label={told(session, now)}
            onFocus={() => {
              setActive(index);
              onPoint(session);
            }}
            onBlur={() => onPoint(null)}
            onPointerEnter={() => onPoint(session)}
            onPointerLeave={() => onPoint(null)}
            className="absolute inset-y-0 min-w-[3px] overflow-hidden border-r border-surface text-axis font-medium whitespace-nowrap text-surface focus-visible:z-10 focus-visible:outline-offset-[-2px] focus-visible:outline-ink"
            style={{ left: `${left}%`, width: `${width}%`, background: fills.get(session.state) }}
          >
            {kind === 'stopped' && width > wideEnough && (
              <span aria-hidden>{lasted((ends - begins) / 1000)}</span>
            )}
          </button>
        );
      })}
    </div>
  );
}

const steps = [5, 10, 15, 30, 60, 120, 180, 240, 360];

/** The times along the bands, at most seven of them, on whole steps of the person's own clock. */
export function BandAxis({ from, to }: { from: number; to: number }) {
  const stepMs = 60_000 * (steps.find((step) => (to - from) / 60_000 / step <= 6) ?? 360);
  const zoneMs = -60_000 * new Date(to).getTimezoneOffset();
  const times: number[] = [];
  for (let at = Math.ceil((from + zoneMs) / stepMs) * stepMs - zoneMs; at < to; at += stepMs) {
    times.push(at);
  }
  return (
    <div aria-hidden className="relative h-5 text-axis text-ink-3">
      {times.map((at) => {
        const left = (100 * (at - from)) / (to - from);
        return (
          <span
            key={at}
            className="absolute top-0.5 -translate-x-1/2"
            // The first and the last stay within the panel.
            style={{ left: `clamp(1rem, ${left}%, calc(100% - 1rem))` }}
          >
            {formatClock(at)}
          </span>
        );
      })}
    </div>
  );
}

/** What a customer's table is called, for people: "plant.machine_stop" as "Machine stop". */
export const tableName = (table: string): string => words(table.slice(table.lastIndexOf('.') + 1));
