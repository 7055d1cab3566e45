import { useQueryClient } from '@tanstack/react-query';
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from 'react';
import { api, body } from '../api/client';
import { overviewQuery } from '../api/overview';
import { ApiProblem } from '../api/problem';
import { foldIntoOverview } from './fold';
import { LiveConnection, type LiveState } from './LiveConnection';
import type { LiveItem } from './messages';
import { remember } from './recent';

/** Readings are shown at most this often: faster than eyes, slower than every message. */
const showEveryMs = 100;

type Live = {
  connection: LiveConnection;
  /** Readings as they come, gathered for at most 100 ms. */
  onItems: (listener: (items: LiveItem[]) => void) => () => void;
};

const LiveContext = createContext<Live | null>(null);

export function LiveProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [listeners] = useState(() => new Set<(items: LiveItem[]) => void>());

  const live = useMemo<Live>(() => {
    let waiting: LiveItem[] = [];
    let scheduled = false;
    let shownAt = 0;
    const show = () => {
      scheduled = false;
      shownAt = performance.now();
      const items = waiting;
      waiting = [];
      queries.setQueryData(overviewQuery.queryKey, (old) => old && foldIntoOverview(old, items));
      for (const listener of listeners) listener(items);
    };
    const connection = new LiveConnection(
      {
        onMetrics: ({ items }) => {
          remember(items, Date.now());
          waiting.push(...items);
          if (scheduled) return;
          scheduled = true;
          setTimeout(show, Math.max(0, shownAt + showEveryMs - performance.now()));
        },
        onSource: () => {
          void queries.invalidateQueries({ queryKey: ['sources'] });
          void queries.invalidateQueries({ queryKey: ['agents'] });
        },
        // Not what was made once, such as a pairing code: asking again would make another.
        onReadAgain: () =>
          void queries.invalidateQueries({ predicate: (query) => !query.meta?.once }),
      },
      {
        open: (url) => new EventSource(url),
        checkSession: async () => {
          try {
            await body(api.GET('/v1/me'));
            return true;
          } catch (error) {
            if (error instanceof ApiProblem && error.status === 401) return false;
            throw error;
          }
        },
        random: Math.random,
      },
    );
    return {
      connection,
      onItems: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
  }, [queries, listeners]);

  useEffect(() => {
    live.connection.start();
    return () => live.connection.stop();
  }, [live]);

  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error('useLive is for pages inside the LiveProvider');
  return live;
}

export function useLiveState(): LiveState {
  const { connection } = useLive();
  return useSyncExternalStore(connection.subscribe, connection.getState);
}
