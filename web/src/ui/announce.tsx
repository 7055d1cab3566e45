import { useSyncExternalStore } from 'react';

/** Words for screen readers about what just happened; the eye sees it in its place. */
let message = '';
const listeners = new Set<() => void>();

export function announce(text: string): void {
  // The same words twice in a row are only read when the text differs.
  message = text === message ? `${text}\u00a0` : text;
  for (const listener of listeners) listener();
}

export function Announcer() {
  const text = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => message,
  );
  return (
    <div role="status" className="sr-only">
      {text}
    </div>
  );
}
