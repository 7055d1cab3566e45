import { useSyncExternalStore } from 'react';

const query = globalThis.matchMedia?.('(min-width: 1024px)');

/** Whether the page has the side navigation; below it is laid out for a phone. */
export const useWide = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      query?.addEventListener('change', listener);
      return () => query?.removeEventListener('change', listener);
    },
    () => query?.matches ?? true,
  );
