import { cleanup, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import type { Source, SourceTable } from '../../api/types';
import { aSource, aTable, openApp, page } from '../../testing/openApp';

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
      'Skipped',
      'Failed',
    ]),
  );
  expect(screen.getByRole('cell', { name: '3' })).toBeTruthy();
});

it('does not say that everything was applied where changes were skipped', async () => {
  open([aTable({ updates: 7, skipped: 7, exact: false })]);
  expect(await screen.findByText(/None failed. 7 changes were skipped/)).toBeTruthy();
  expect(screen.queryByText(/Every event that arrived was applied/)).toBeNull();
});

it('says why a table is not exact', async () => {
  open([
    aTable({ skipped: 1, exact: false }),
    aTable({ table: 'public.log', exact: false, entity: 'metric' }),
  ]);
  await userEvent.click(await screen.findByRole('button', { name: 'How public.pumps is read' }));
  expect(screen.getByText(/^1 change was skipped/)).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'How public.log is read' }));
  expect(screen.getByText(/The table has no key/)).toBeTruthy();
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
