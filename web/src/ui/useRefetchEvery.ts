import { useEffect } from 'react';

/**
 * Asks again at a steady pace while the page is looked at. An answer that live values are folded
 * into needs this: each fold would set a query's own `refetchInterval` back to its beginning, and
 * an answer that moves all the time would never be asked for again.
 */
export function useRefetchEvery(refetch: () => unknown, everyMs: number): void {
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') refetch();
    }, everyMs);
    return () => clearInterval(timer);
  }, [refetch, everyMs]);
}
