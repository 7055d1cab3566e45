import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import type { Overview, Source } from '../../api/types';
import { aSource, openApp, page } from '../../testing/openApp';
import { allReport } from './OverviewPage';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const chart = (key: string, name: string, unit: string | null) => ({
  key,
  name,
  unit,
  device_share: 1,
  coefficient_of_variation: 0,
  pinned: false,
  last_at: null,
  usual_interval_s: 60,
  series: [],
});

const overview = (change: Partial<Overview> = {}): Overview => ({
  generated_at: new Date().toISOString(),
  sources: { total: 1, streaming: 1, snapshotting: 0, failed: 0 },
  newest_event_at: '2026-01-01T00:00:00Z',
  kpis: [],
  charts: [],
  sites: [],
  counts: { devices: 1, reporting: 0, late: 0, silent: 1, never: 0, loading: 0, removed: 0 },
  ...change,
});

const open = (answer: Overview, source: Source = aSource()) =>
  openApp('/app/overview', { '/v1/overview': answer, '/v1/sources': page(source) });

const snapshotting = aSource({
  state: 'snapshotting',
  snapshot: { tables_done: 4, tables_total: 4, rows: 200, rows_stored: 50 },
});

it('says that a snapshot is being taken in, and neither live nor stale', async () => {
  open(overview({ sources: { total: 1, streaming: 0, snapshotting: 1, failed: 0 } }), snapshotting);
  expect(await screen.findByText('A snapshot is being taken in.')).toBeTruthy();
  expect(screen.getByText(/50 of 200 rows stored \(25 %\)/)).toBeTruthy();
  expect(screen.queryByText(/No new readings/)).toBeNull();
  expect(screen.queryByText(/^Live/)).toBeNull();
});

it('does not blame the tables before their rows are here', async () => {
  open(
    overview({
      sources: { total: 1, streaming: 0, snapshotting: 1, failed: 0 },
      counts: { devices: 0, reporting: 0, late: 0, silent: 0, never: 0, loading: 0, removed: 0 },
    }),
    snapshotting,
  );
  expect(await screen.findByText(/rows are on their way/)).toBeTruthy();
  expect(screen.queryByText(/no table has been recognised/)).toBeNull();
});

it('tells two metrics of one name apart by their keys', async () => {
  open(
    overview({
      charts: [
        chart('pressure', 'Pressure', null),
        chart('pressure_bar', 'Pressure', 'bar'),
        chart('temp_c', 'Temperature', '°C'),
      ],
    }),
  );
  expect(await screen.findByRole('heading', { name: 'Pressure pressure' })).toBeTruthy();
  expect(screen.getByRole('heading', { name: 'Pressure bar pressure_bar' })).toBeTruthy();
  expect(screen.getByRole('heading', { name: 'Temperature °C' })).toBeTruthy();
});

it('counts no site where devices are of none', async () => {
  const site = (id: string | null, name: string) => ({ id, name, devices: [] });
  open(
    overview({
      sites: [site('a', 'North'), site(null, 'No site')],
      counts: { devices: 17, reporting: 0, late: 0, silent: 17, never: 0, loading: 0, removed: 0 },
    } as Partial<Overview>),
  );
  expect(await screen.findByText('17 devices on 1 site')).toBeTruthy();
});

it('has nothing overdue only while every device reports', () => {
  const counts = { late: 0, silent: 0, never: 0, loading: 0, removed: 0 };
  expect(allReport({ ...counts, devices: 17, reporting: 17 })).toBe(true);
  expect(allReport({ ...counts, devices: 17, reporting: 15, removed: 2 })).toBe(true);
  expect(allReport({ ...counts, devices: 17, reporting: 16, late: 1 })).toBe(false);
  expect(allReport({ ...counts, devices: 2, reporting: 0, removed: 2 })).toBe(false);
});

it('leads to every page from a phone too, to those that its bar has no room for by More', async () => {
  open(overview());
  const [side, bar] = await screen.findAllByRole('navigation', { name: 'Main' });
  const names = within(side as HTMLElement)
    .getAllByRole('link')
    .map((link) => link.textContent);
  await userEvent.click(within(bar as HTMLElement).getByRole('button', { name: 'More' }));
  const all = within(await screen.findByRole('dialog', { name: 'All pages' }));
  expect(all.getAllByRole('link').map((link) => link.textContent)).toEqual(names);
  await userEvent.click(all.getByRole('link', { name: 'Extras' }));
  expect(await screen.findByRole('heading', { name: 'Extras', level: 1 })).toBeTruthy();
  expect(screen.queryByRole('dialog')).toBeNull();
});

it('asks nobody to pair an agent that is paired, after the only source was removed', async () => {
  openApp('/app/overview', {
    '/v1/overview': overview({
      sources: { total: 0, streaming: 0, snapshotting: 0, failed: 0 },
      counts: { devices: 0, reporting: 0, late: 0, silent: 0, never: 0, loading: 0, removed: 2 },
    }),
    '/v1/sources': page(aSource({ state: 'removed' })),
    '/v1/agents': page({ id: 'a1', name: 'press line 3', state: 'online' }),
  });
  expect(await screen.findByText(/The source that was here is removed/)).toBeTruthy();
  expect(await screen.findByText(/The agent press line 3 is paired/)).toBeTruthy();
  expect(screen.queryByRole('link', { name: 'Pair an agent' })).toBeNull();
});

it('calls what comes each hour stale after five hours only', async () => {
  const readAt = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
  const hourly = (key: string, hours: number) => ({
    ...chart(key, key, null),
    last_at: readAt(hours),
    usual_interval_s: 3600,
  });
  open(overview({ charts: [hourly('fresh', 4), hourly('old', 6)] }));
  expect(await screen.findByText('Stale, 6 h ago')).toBeTruthy();
  expect(screen.getByText('4 h ago')).toBeTruthy();
});
