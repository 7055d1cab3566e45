import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import type { DeadLetter, DeadLetterGroup, DeadLetterGroups } from '../../api/types';
import { aSource, me, openApp, page } from '../../testing/openApp';

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
  open_letters: 1_200,
  settled_letters: 7,
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
  expect(screen.getByText(/Settled, or dismissed by a person/)).toBeTruthy();
});

it('says at the filter how many are open and how many settled', async () => {
  open(groups([group()]));
  expect(await screen.findByRole('option', { name: 'Open (1,200)' })).toBeTruthy();
  expect(screen.getByRole('option', { name: 'Settled (7)' })).toBeTruthy();
});

const letter = (change: Partial<DeadLetter> = {}): DeadLetter => ({
  id: 'l1',
  source_id: 's1',
  table: 'public.log',
  row_key: null,
  epoch: 1,
  seq: 42,
  seq_end: 42,
  lsn: '0/1F',
  cause: 'mapping_failed',
  sqlstate: null,
  detail: 'no device',
  sample: '{}',
  epochs_before: 0,
  at: '2026-11-20T11:00:00Z',
  settled_at: null,
  dismissed_at: null,
  dismissed_by: null,
  dismissible: true,
  ...change,
});

const openLetter = async (
  one: DeadLetter,
  permissions: string[],
  name = 'No place in the mapping',
) => {
  openApp('/app/dead-letters?view=list', {
    '/v1/me': { ...me, permissions },
    '/v1/dead-letters/groups': groups([group()]),
    '/v1/dead-letters': page(one),
    '/v1/dead-letters/l1/dismiss': { ...one, dismissible: false },
    '/v1/sources': page(aSource()),
  });
  await userEvent.click(await screen.findByRole('button', { name: new RegExp(name) }));
};

it('dismisses an open entry, after a question, for those who may', async () => {
  await openLetter(letter(), ['dead_letters.read', 'sources.write']);
  await userEvent.click(screen.getByRole('button', { name: 'Dismiss' }));
  const dialog = await screen.findByRole('dialog', { name: 'Dismiss this failed event?' });
  expect(within(dialog).getByText(/What is shown lacks it still/)).toBeTruthy();
  await userEvent.click(within(dialog).getByRole('button', { name: 'Dismiss' }));
  expect(await screen.findByText('The failed event is dismissed')).toBeTruthy();
  expect(screen.queryByRole('dialog')).toBeNull();
});

it('offers nobody to dismiss who may not, nor what is settled', async () => {
  await openLetter(letter(), ['dead_letters.read']);
  expect(screen.getByText('no device')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Dismiss' })).toBeNull();
  cleanup();
  await openLetter(letter({ dismissible: false }), ['dead_letters.read', 'sources.write']);
  expect(screen.getByText('no device')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Dismiss' })).toBeNull();
});

it('says before it dismisses what that leaves: a row that waits, and what is missing', async () => {
  await openLetter(
    letter({ cause: 'refused_by_database', row_key: '1:7;' }),
    ['dead_letters.read', 'sources.write'],
    'Refused by the database',
  );
  await userEvent.click(screen.getByRole('button', { name: 'Dismiss' }));
  expect(
    screen.getByText(/its row stays as it is, and its table is not called exact/),
  ).toBeTruthy();
  cleanup();
  openApp('/app/dead-letters?view=list', {
    '/v1/me': { ...me, permissions: ['dead_letters.read', 'sources.write'] },
    '/v1/dead-letters/groups': groups([group()]),
    '/v1/dead-letters': page(letter({ cause: 'batch_corrupt', table: null })),
    '/v1/sources': page(aSource()),
  });
  await userEvent.click(await screen.findByRole('button', { name: /Unreadable on arrival/ }));
  await userEvent.click(screen.getByRole('button', { name: 'Dismiss' }));
  expect(screen.getByText(/Its events stay missing here/)).toBeTruthy();
});

it.each([
  ['mapping_failed', '1:7;', 'No place in the mapping', /again does not help: the row fails anew/],
  ['mapping_failed', null, 'No place in the mapping', /makes .* right, but for rows that are at/],
  ['refused_by_database', '1:7;', 'Refused by', /makes .* right, but for rows that are at/],
  ['not_in_bronze', '1:7;', 'Could not be stored', /makes what is shown of it right\.$/],
] as const)(
  'says what reading the table again does about %s of row %s',
  async (cause, row_key, name, says) => {
    await openLetter(letter({ cause, row_key }), ['dead_letters.read', 'sources.write'], name);
    await userEvent.click(screen.getByRole('button', { name: 'Dismiss' }));
    expect(within(screen.getByRole('dialog')).getByText(says)).toBeTruthy();
  },
);

it('sends nobody to read a table again for what nothing is lacking by', async () => {
  await openLetter(
    letter({ cause: 'payload_wrapped', row_key: '1:7;' }),
    ['dead_letters.read', 'sources.write'],
    'Stored in a wrapper',
  );
  await userEvent.click(screen.getByRole('button', { name: 'Dismiss' }));
  const dialog = within(screen.getByRole('dialog'));
  expect(dialog.getByText(/Nothing is lacking by it/)).toBeTruthy();
  expect(dialog.queryByText(/again, on the source/)).toBeNull();
});

it('says who dismissed one, and when', async () => {
  await openLetter(
    letter({
      dismissible: false,
      dismissed_at: '2026-11-21T10:00:00Z',
      dismissed_by: 'ines@northgate.example',
    }),
    ['dead_letters.read', 'sources.write'],
  );
  expect(screen.getByText(/Dismissed by ines@northgate.example at/)).toBeTruthy();
});
