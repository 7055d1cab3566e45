import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { aSource, aTable, me, openApp, page } from '../../testing/openApp';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const snapshot = {
  id: 'n1',
  source_id: 's1',
  tables: [],
  state: 'running',
  reason: null,
  tables_done: 3,
  tables_total: 8,
  requested_at: '2026-11-20T10:00:00Z',
  started_at: '2026-11-20T10:00:01Z',
  ended_at: null,
};

const open = (permissions: string[], snapshots: unknown[]) => {
  const source = aSource();
  openApp('/app/data-sources/s1', {
    '/v1/me': { ...me, permissions },
    '/v1/sources': page(source),
    '/v1/sources/s1': source,
    '/v1/sources/s1/snapshots': page(...snapshots),
  });
};

it('asks before tables are read again, and says what that means', async () => {
  open(['sources.read', 'sources.write'], []);
  await userEvent.click(await screen.findByRole('button', { name: 'Read again' }));
  const dialog = within(await screen.findByRole('dialog', { name: 'Read plant again?' }));
  expect(dialog.getByText(/Pages show the present state until the new copy is whole/)).toBeTruthy();
  expect(dialog.getByRole('combobox', { name: 'What is read' })).toBeTruthy();
});

it('shows how far one is that is under way, and offers no second one', async () => {
  open(['sources.read', 'sources.write'], [snapshot]);
  expect(await screen.findByText(/3 of 8 tables/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Read again' })).toBeNull();
});

it('says why one failed, and lets nobody order who may not', async () => {
  const failed = {
    ...snapshot,
    tables: ['public.x'],
    state: 'failed',
    reason: 'not captured: public.x',
    ended_at: '2026-11-20T10:01:00Z',
  };
  open(['sources.read'], [failed]);
  expect(await screen.findByText('not captured: public.x')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Read again' })).toBeNull();
});

it('asks once, however often the button is pressed', async () => {
  open(['sources.read', 'sources.write'], []);
  await userEvent.click(await screen.findByRole('button', { name: 'Read again' }));
  const dialog = within(await screen.findByRole('dialog', { name: 'Read plant again?' }));
  const asked = holdPosts();
  await userEvent.dblClick(dialog.getByRole('button', { name: 'Read again' }));
  expect(await dialog.findByRole('button', { name: 'Asking…' })).toBeTruthy();
  await userEvent.click(dialog.getByRole('button', { name: 'Asking…' }));
  expect(asked).toEqual(['/v1/sources/s1/snapshots']);
});

it('gives up an order that has not ended, by whoever may order one', async () => {
  open(['sources.read', 'sources.write'], [{ ...snapshot, state: 'asked', started_at: null }]);
  const asked = holdPosts();
  await userEvent.click(await screen.findByRole('button', { name: 'Cancel the order' }));
  expect(asked).toEqual(['/v1/sources/s1/snapshots/n1/cancel']);
  cleanup();

  open(['sources.read'], [snapshot]);
  expect(await screen.findByText(/3 of 8 tables/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Cancel the order' })).toBeNull();
});

it('says that an order expired, and offers another', async () => {
  const reason = 'No agent began it for 7 days. Order it again when the agent is back.';
  const ended = '2026-11-27T10:00:00Z';
  open(
    ['sources.read', 'sources.write'],
    [{ ...snapshot, state: 'expired', reason, ended_at: ended }],
  );
  expect(await screen.findByText('Expired')).toBeTruthy();
  expect(screen.getByText(reason)).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Read again' })).toBeTruthy();
});

/** Leaves what is posted from now on without an answer, and tells where it went. */
function holdPosts(): string[] {
  const asked: string[] = [];
  const answer = window.fetch;
  vi.stubGlobal('fetch', (request: Request) => {
    if (request.method !== 'POST') return answer(request);
    asked.push(new URL(request.url).pathname);
    return new Promise<never>(() => {});
  });
  return asked;
}

it('says what a copy of all tables gives up of what is being built, and of one table nothing', async () => {
  const source = aSource();
  const rebuild = {
    id: 'r1',
    source_id: 's1',
    state: 'running',
    events_done: 400,
    events_total: 1000,
    problem: null,
    of_snapshot: false,
    requested_at: '2026-11-20T10:00:00Z',
    ended_at: null,
  };
  openApp('/app/data-sources/s1', {
    '/v1/me': { ...me, permissions: ['sources.read', 'sources.write'] },
    '/v1/sources': page(source),
    '/v1/sources/s1': source,
    '/v1/sources/s1/snapshots': page(),
    '/v1/sources/s1/tables': page(aTable()),
    '/v1/sources/s1/rebuilds': page(rebuild),
  });
  await userEvent.click(await screen.findByRole('button', { name: 'Read again' }));
  const dialog = within(await screen.findByRole('dialog', { name: 'Read plant again?' }));
  expect(
    await dialog.findByText(/Building anew is under way \(400 of 1,000 events\). It is given up/),
  ).toBeTruthy();
  await userEvent.selectOptions(dialog.getByRole('combobox'), 'public.pumps');
  expect(dialog.queryByText(/given up/)).toBeNull();
});
