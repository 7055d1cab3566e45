import type { Session } from '../../api/types';
import { formatMoment, words } from '../../ui/format';
import { lasted } from './states';

export const stateName = (state: string | null): string => (state ? words(state) : 'Not said');

/** When it ended; one that lasts has come to now. */
export const endOf = (session: Session, now: number): number =>
  session.ended_at ? Date.parse(session.ended_at) : Math.max(now, Date.parse(session.started_at));

export const isReversed = (session: Session): boolean =>
  session.ended_at !== null && Date.parse(session.ended_at) < Date.parse(session.started_at);

/** How long in words; null is said of nothing: each has lasted, lasts, or cannot have. */
export function lastedIn(session: Session, now: number): string {
  if (isReversed(session)) return 'ends before it begins';
  const seconds = (endOf(session, now) - Date.parse(session.started_at)) / 1000;
  return session.ended_at ? lasted(seconds) : `${lasted(seconds)} so far`;
}

/** A session in a sentence, for the tip and for those who hear it. */
export function told(session: Session, now: number): string {
  const start = formatMoment(Date.parse(session.started_at), now);
  const time = session.ended_at
    ? `${start} to ${formatMoment(Date.parse(session.ended_at), now)}`
    : `since ${start}`;
  return [stateName(session.state), time, lastedIn(session, now), session.reason]
    .filter(Boolean)
    .join(', ');
}
