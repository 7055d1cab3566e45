import { useSyncExternalStore } from 'react';

/**
 * One clock for every age on the screen, by the server's time: a laptop whose clock is minutes off
 * would otherwise call fresh readings stale.
 */
let offsetMs = 0;

/** Takes the server's time from an answer's Date header, which counts in whole seconds. */
export function setServerClock(date: string | null): void {
  const server = date ? Date.parse(date) : Number.NaN;
  if (Number.isNaN(server)) return;
  const offset = server + 500 - Date.now();
  offsetMs = Math.abs(offset) > 2000 ? offset : 0;
}

export const serverNow = (): number => Date.now() + offsetMs;

const listeners = new Set<() => void>();
let tick = serverNow();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    tick = serverNow();
    timer = setInterval(() => {
      tick = serverNow();
      for (const each of listeners) each();
    }, 1000);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearInterval(timer);
  };
}

/** The time in milliseconds, renewed every second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => tick);
}
