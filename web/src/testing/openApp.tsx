import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { configure, render } from '@testing-library/react';
import { vi } from 'vitest';
import type { Me, Source, SourceTable } from '../api/types';
import { makeRouter } from '../routes';

/** A page's script is loaded when it is first opened, which takes its time on a busy machine. */
configure({ asyncUtilTimeout: 20_000 });

/** A stream that opens and stays silent. */
class SilentStream extends EventTarget {
  onopen: (() => void) | null = null;
  close() {}
}

export const me: Me = {
  user: { id: 'u', email: 'ines@northgate.example', name: 'Ines Marques' },
  organization: { id: 'o', name: 'Northgate' },
  permissions: ['overview.read', 'devices.read', 'sources.read', 'agents.read', 'events.read'],
  organizations: [{ id: 'o', name: 'Northgate', role: 'viewer' }],
} as unknown as Me;

/** What is done within sees a page as wide as a phone's. */
export async function onPhone(act: () => Promise<void>): Promise<void> {
  const { happyDOM, innerWidth: width } = window as unknown as {
    happyDOM: { setViewport: (size: { width: number }) => void };
    innerWidth: number;
  };
  happyDOM.setViewport({ width: 390 });
  try {
    await act();
  } finally {
    happyDOM.setViewport({ width });
  }
}

/** The whole app at an address, with an API that answers by path, a promise when it is kept and a response as it is; what is not named is empty. */
export function openApp(address: string, answers: Record<string, unknown>): QueryClient {
  const known: Record<string, unknown> = { '/v1/me': me, ...answers };
  vi.stubGlobal('EventSource', SilentStream);
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    const answer = (await known[pathname]) ?? { data: [], next_cursor: null };
    if (answer instanceof Response) return answer.clone();
    return Response.json(
      pathname === '/v1/sources' && searchParams.get('removed') !== 'true'
        ? withoutRemoved(answer as { data: Source[] })
        : answer,
    );
  });
  window.history.replaceState(null, '', address);
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={makeRouter({ queryClient })} />
    </QueryClientProvider>,
  );
  return queryClient;
}

/** As the API lists sources unless the removed ones are asked for. */
const withoutRemoved = (answer: { data: Source[] }) => ({
  ...answer,
  data: answer.data.filter((source) => source.state !== 'removed'),
});

export const page = (...data: unknown[]) => ({ data, next_cursor: null });

export const aSource = (change: Partial<Source> = {}): Source => ({
  id: 's1',
  name: 'plant',
  kind: 'postgresql',
  agent_id: 'a1',
  agent_name: 'press line 3',
  state: 'streaming',
  state_detail: '',
  epoch: 1,
  durable_seq: 100,
  events_total: 100,
  events_per_s: 12,
  lag_s: 0,
  lag_bytes: 0,
  spool_bytes: 0,
  tables_not_exact: 0,
  gaps: 0,
  gaps_open: 0,
  acknowledge: 'bronze',
  snapshot: null,
  model: { state: 'live', rows: null, events_done: null, events_total: null, since: null },
  last_event_at: new Date().toISOString(),
  created_at: '2026-11-01T00:00:00Z',
  ...change,
});

export const aTable = (change: Partial<SourceTable> = {}): SourceTable => ({
  table: 'public.pumps',
  entity: 'device',
  mapping: {},
  events: 2,
  reads: 2,
  inserts: 0,
  updates: 0,
  deletes: 0,
  truncates: 0,
  clears: 0,
  cleared: false,
  incomplete: 0,
  failed: 0,
  missing: 0,
  missing_dismissed: 0,
  values_left_out: 0,
  sessions_left_out: 0,
  times_replaced: 0,
  exact: true,
  on_delete: 'retract',
  on_delete_shown: 'retract',
  last_event_at: new Date().toISOString(),
  schema_version: 1,
  ...change,
});
