import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import type { Source, SourceTable } from '../../api/types';
import { aSource, aTable, me, openApp, page } from '../../testing/openApp';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const open = (tables: SourceTable[], source: Source = aSource()) =>
  openApp('/app/data-sources/s1', {
    '/v1/sources': page(source),
    '/v1/sources/s1': source,
    '/v1/sources/s1/tables': page(...tables),
  });

it('counts every kind of event of a table', async () => {
  open([aTable({ truncates: 3 })]);
  await screen.findByRole('table');
  const headers = screen.getAllByRole('columnheader').map((header) => header.textContent);
  expect(headers).toEqual(
    expect.arrayContaining([
      'Reads',
      'Inserts',
      'Updates',
      'Deletes',
      'Truncates',
      'Incomplete',
      'Failed',
    ]),
  );
  expect(screen.getByRole('cell', { name: '3' })).toBeTruthy();
});

it('does not say that everything was applied where updates lack values', async () => {
  open([aTable({ updates: 7, incomplete: 7, exact: false })]);
  expect(await screen.findByText(/None failed. 7 updates lack values/)).toBeTruthy();
  expect(screen.queryByText(/Every event that arrived was applied/)).toBeNull();
});

it('says why a table is not exact', async () => {
  open([
    aTable({ incomplete: 1, exact: false }),
    aTable({ table: 'public.log', exact: false, entity: 'metric' }),
  ]);
  await userEvent.click(await screen.findByRole('button', { name: 'How public.pumps is read' }));
  expect(screen.getByText(/^Updates of 1 row left large values/)).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'How public.log is read' }));
  expect(screen.getByText(/The table has no key/)).toBeTruthy();
});

it('gives a table without a key that reason alone, unless its definition was changed', async () => {
  const log = { exact: false, entity: 'row', mapping: { id: [] } as never };
  open([
    aTable({ ...log, table: 'public.log' }),
    aTable({ ...log, table: 'public.changed', schema_version: 2 }),
  ]);
  await userEvent.click(await screen.findByRole('button', { name: 'How public.log is read' }));
  expect(screen.getByText(/The table has no key/)).toBeTruthy();
  expect(screen.queryByText(/Or its definition was changed/)).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'How public.changed is read' }));
  expect(screen.getByText(/Or its definition was changed/)).toBeTruthy();
});

it('says of what failed and of what is missing what a person can make of it', async () => {
  open([
    aTable({ failed: 3, exact: false }),
    aTable({ table: 'public.log', missing: 2, exact: false }),
    aTable({ table: 'public.fine', missing_dismissed: 1 }),
  ]);
  await userEvent.click(await screen.findByRole('button', { name: 'How public.pumps is read' }));
  expect(screen.getByText(/^3 rows are not shown as the source has them/)).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'How public.log is read' }));
  expect(screen.getByText(/^2 events that may be of this table .* are missing here/)).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'How public.fine is read' }));
  expect(screen.getByText('1 missing event was dismissed')).toBeTruthy();
  expect(await screen.findByText(/None is open/)).toBeTruthy();
});

it('puts a snapshot that is under way before all other figures', async () => {
  open(
    [],
    aSource({
      state: 'snapshotting',
      snapshot: { tables_done: 4, tables_total: 4, rows: 200, rows_stored: 50 },
    }),
  );
  const figures = await screen.findByRole('region', { name: 'Key figures' });
  expect(figures.querySelector('dt')?.textContent).toBe('Snapshot');
  expect(figures.textContent).toContain('50 of 200 rows stored');
});

it('says of a snapshot that is built from what is stored how much of it is built', async () => {
  const source = aSource({
    state: 'snapshotting',
    snapshot: { tables_done: 4, tables_total: 4, rows: 200, rows_stored: 200 },
  });
  open([], {
    ...source,
    model: { ...source.model, state: 'building', rows: 200, events_done: 180, events_total: 1000 },
  });
  const figures = within(await screen.findByRole('region', { name: 'Key figures' }));
  expect(figures.getByText('18 %')).toBeTruthy();
  expect(figures.getByText(/180 of 1,000 events so far/)).toBeTruthy();
  expect(figures.queryByText(/left/)).toBeNull();
});

it('calls no table exact while the first snapshot is being taken in, and offline neither', async () => {
  const snapshot = { tables_done: 4, tables_total: 4, rows: 200, rows_stored: 50 };
  for (const state of ['snapshotting', 'offline'] as const) {
    open([aTable()], aSource({ state, snapshot }));
    expect(await screen.findByText('Being taken in')).toBeTruthy();
    expect(screen.queryByText('Exact')).toBeNull();
    cleanup();
  }
  open(
    [aTable()],
    aSource({
      state: 'snapshotting',
      snapshot,
      model: { ...aSource().model, state: 'building', rows: 50 },
    }),
  );
  expect(await screen.findByText('Exact')).toBeTruthy();
});

it('says how many values of a table are beyond the limits, and what those are', async () => {
  open([
    aTable({ values_left_out: 1200 }),
    aTable({ table: 'public.times', times_replaced: 1, values_left_out: 1 }),
    aTable({ table: 'public.fine' }),
  ]);
  const sum = await screen.findByText(/1,201 values are left out or shortened/);
  expect(sum.textContent).toBe(
    '1,201 values are left out or shortened, 1 reading stands at the time of its commit. Open public.pumps, public.times to see why.',
  );
  await userEvent.click(await screen.findByRole('button', { name: 'How public.pumps is read' }));
  expect(screen.getByText('1,200 values are left out or shortened')).toBeTruthy();
  expect(screen.getByText(/numbers of 1,000 digits before the point/)).toBeTruthy();
});

it('says how many events left a row of sessions without one', async () => {
  open([aTable({ entity: 'session', sessions_left_out: 3 })]);
  await userEvent.click(await screen.findByRole('button', { name: 'How public.pumps is read' }));
  expect(screen.getByText('3 rows are without a session')).toBeTruthy();
});

it('lists what was missed, and says what of it is not repaired', async () => {
  openApp('/app/data-sources/s1', {
    '/v1/sources': page(aSource({ gaps: 2, gaps_open: 1 })),
    '/v1/sources/s1': aSource({ gaps: 2, gaps_open: 1 }),
    '/v1/sources/s1/tables': page(),
    '/v1/sources/s1/gaps': page(
      {
        id: 'g2',
        cause: 'slot_dropped',
        words: 'the replication slot clarity_plant is gone',
        from_position: '0/16B3748',
        to_position: null,
        noticed_at: '2026-11-02T00:00:00Z',
        repaired_at: null,
      },
      {
        id: 'g1',
        cause: 'log_diverged',
        words: 'it was restored from a backup',
        from_position: '0/15B3748',
        to_position: '0/16B0000',
        noticed_at: '2026-11-01T00:00:00Z',
        repaired_at: '2026-11-01T00:01:00Z',
      },
    ),
  });
  expect(await screen.findByText('2 gaps, not repaired')).toBeTruthy();
  expect(await screen.findByText('the replication slot clarity_plant is gone')).toBeTruthy();
  expect(screen.getByText(/Not repaired yet/)).toBeTruthy();
  expect(screen.getByText(/missing in the history only/)).toBeTruthy();
});

it('removes a source only after a question, for those who may', async () => {
  open([], aSource({ state: 'offline' }));
  await screen.findByRole('heading', { name: 'plant' });
  expect(screen.queryByRole('button', { name: 'Remove' })).toBeNull();
  cleanup();

  openApp('/app/data-sources/s1', {
    '/v1/me': { ...me, permissions: [...me.permissions, 'sources.write'] },
    '/v1/sources': page(aSource()),
    '/v1/sources/s1': aSource({ state: 'offline' }),
  });
  await userEvent.click(await screen.findByRole('button', { name: 'Remove' }));
  const dialog = within(await screen.findByRole('dialog', { name: 'Remove plant?' }));
  expect(dialog.getByText(/what it has delivered stays/)).toBeTruthy();
  const sent = vi.spyOn(globalThis, 'fetch');
  await userEvent.click(dialog.getByRole('button', { name: 'Remove source' }));
  const requests = sent.mock.calls.map(([request]) => request as Request);
  expect(
    requests.some(({ method, url }) => method === 'DELETE' && url.endsWith('/v1/sources/s1')),
  ).toBe(true);
});
