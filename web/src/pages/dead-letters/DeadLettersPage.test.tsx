import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import type { DeadLetterGroup, DeadLetterGroups } from '../../api/types';
import { aSource, openApp, page } from '../../testing/openApp';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const group = (change: Partial<DeadLetterGroup> = {}): DeadLetterGroup => ({
  source_id: 's1',
  table: 'public.pumps',
  cause: 'refused_by_database',
  sqlstate: '22003',
  letters: 3,
  events: 1200,
  first_at: '2026-11-20T10:00:00Z',
  last_at: '2026-11-20T11:00:00Z',
  lsn: '0/1F',
  epoch: 1,
  seq: 42,
  detail: 'a pressure of 666',
  sample: '{"after": {"pressure": 666}}',
  ...change,
});

const groups = (data: DeadLetterGroup[], change: Partial<DeadLetterGroups> = {}) => ({
  data,
  letters: 3,
  truncated: false,
  dropped: [],
  kept_days: 90,
  kept_letters_max: 10_000,
  ...change,
});

const open = (answer: unknown, address = '/app/dead-letters') =>
  openApp(address, {
    '/v1/dead-letters/groups': answer,
    '/v1/sources': page(aSource()),
  });

it('counts the events of each cause, and says what helps', async () => {
  open(groups([group()]));
  const row = (await screen.findByText('Refused by the database', { selector: 'td' })).closest(
    'tr',
  ) as HTMLElement;
  expect(within(row).getByText('1,200')).toBeTruthy();
  await userEvent.click(within(row).getByRole('button'));
  expect(screen.getByText('a pressure of 666')).toBeTruthy();
  expect(screen.getByText(/Correct the row at its source/)).toBeTruthy();
  expect(screen.getByText('0/1F')).toBeTruthy();
  expect(screen.getByRole('group', { name: 'Sample of the event' }).textContent).toContain(
    '"pressure": 666',
  );
});

it('leads to building anew where that mends it, and nowhere else', async () => {
  open(groups([group(), group({ cause: 'batch_corrupt', table: null, sqlstate: null })]));
  const rowOf = async (name: string) =>
    (await screen.findByText(name, { selector: 'td' })).closest('tr') as HTMLElement;
  await userEvent.click(within(await rowOf('Unreadable on arrival')).getByRole('button'));
  expect(
    screen.queryByRole('link', { name: 'Build what is shown of this source anew' }),
  ).toBeNull();
  await userEvent.click(within(await rowOf('Refused by the database')).getByRole('button'));
  expect(
    screen
      .getByRole('link', { name: 'Build what is shown of this source anew' })
      .getAttribute('href'),
  ).toBe('/app/data-sources/s1');
});

it('says how many entries are not listed any more', async () => {
  open(
    groups([group()], {
      dropped: [{ source_id: 's1', letters: 500, newest_at: '2026-08-01T00:00:00Z' }],
    }),
  );
  expect(await screen.findByText(/500 entries are not listed any more/)).toBeTruthy();
});

it('says what would be here where nothing failed', async () => {
  open(groups([]));
  expect(await screen.findByText('No event failed')).toBeTruthy();
});

it('says that nothing matches where a filter is set', async () => {
  open(groups([]), '/app/dead-letters?cause=mapping_failed');
  expect(await screen.findByText('No failed event matches')).toBeTruthy();
});

it('shows the open ones, says what settles one, and the settled ones by address', async () => {
  open(groups([]), '/app/dead-letters?settled=true');
  expect(await screen.findByText(/its row was mended or deleted at\s+the source/)).toBeTruthy();
  expect(screen.getByText(/What is shown lacks none of these any more/)).toBeTruthy();
});
