import { act, cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import type { Source } from '../../api/types';
import { aSource, openApp, page } from '../../testing/openApp';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const open = (...sources: Source[]) =>
  openApp('/app/data-sources', { '/v1/sources': page(...sources) });

it('leads from the count of tables that are not exact to the tables', async () => {
  open(aSource({ tables_not_exact: 2 }));
  const badge = await screen.findByRole('link', { name: '2 tables not exact' });
  expect(badge.getAttribute('href')).toBe('/app/data-sources/s1#tables');
});

it('calls a source exact whose tables all are', async () => {
  open(aSource());
  expect(await screen.findByRole('cell', { name: 'Exact' })).toBeTruthy();
});

it('says how far a snapshot is, how fast, and how long it still takes', async () => {
  open(
    aSource({
      state: 'snapshotting',
      events_per_s: 500,
      snapshot: { tables_done: 4, tables_total: 4, rows: 90_000, rows_stored: 60_000 },
    }),
  );
  expect(await screen.findByText(/60,000 of 90,000 rows stored \(66 %\)/)).toBeTruthy();
  expect(screen.getByText(/about 1 min left/)).toBeTruthy();
  expect(screen.getByText('Taking in snapshot')).toBeTruthy();
});

it('claims no total while the agent still reads', async () => {
  open(
    aSource({
      state: 'snapshotting',
      snapshot: { tables_done: 1, tables_total: 4, rows: 9_000, rows_stored: 6_000 },
    }),
  );
  expect(
    await screen.findByText(/6,000 rows stored, 9,000 read so far, 1 of 4 tables read/),
  ).toBeTruthy();
  expect(screen.queryByText(/%|left/)).toBeNull();
});

it('hides sources that were removed until somebody asks for them', async () => {
  open(aSource(), aSource({ id: 's2', name: 'old plant', state: 'removed' }));
  const sources = within(await screen.findByRole('region', { name: 'Sources' }));
  await sources.findByRole('link', { name: 'plant' });
  expect(sources.queryByRole('link', { name: 'old plant' })).toBeNull();
  await userEvent.click(sources.getByRole('button', { name: 'Show removed (1)' }));
  expect(sources.getByRole('link', { name: 'old plant' })).toBeTruthy();
  expect(sources.getByText('Removed')).toBeTruthy();
});

it('gives a long state the width of the table', async () => {
  open(aSource({ state: 'waiting', state_detail: 'the spool is full: 4.0 GB of 4.0 GB' }));
  const detail = await screen.findByRole('cell', { name: /the spool is full/ });
  expect(detail.getAttribute('colspan')).toBe('8');
});

it('says that the page is old once it cannot be loaded again', async () => {
  const queries = open(aSource());
  await screen.findByRole('link', { name: 'plant' });
  expect(screen.queryByText(/Not refreshed since/)).toBeNull();
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
  await act(() => queries.refetchQueries({ queryKey: ['sources'] }));
  expect(await screen.findByText(/Not refreshed since/)).toBeTruthy();
  expect(screen.getByText(/The server cannot be reached/)).toBeTruthy();
  expect(screen.getByRole('link', { name: 'plant' })).toBeTruthy();
});

it('does not call a source caught up that nobody reads', async () => {
  open(aSource({ state: 'offline', lag_s: 0 }));
  await screen.findByText('Offline');
  expect(screen.queryByText('Caught up')).toBeNull();
});

it('calls nothing exact while a snapshot is being taken in', async () => {
  open(aSource({ state: 'snapshotting' }));
  await screen.findByText('Taking in snapshot');
  expect(screen.queryByText('Exact')).toBeNull();
});

it('does not call an agent without a source offline', async () => {
  openApp('/app/data-sources', {
    '/v1/agents': page({
      id: 'a1',
      name: 'press line 3',
      state: 'offline',
      version: '0.1.0',
      paired_at: '2026-11-01T00:00:00Z',
      last_seen_at: null,
      certificate_expires_at: '2026-11-02T00:00:00Z',
      sources: 0,
    }),
  });
  expect(await screen.findByText('No source yet')).toBeTruthy();
  expect(screen.queryByText('Offline')).toBeNull();
});
