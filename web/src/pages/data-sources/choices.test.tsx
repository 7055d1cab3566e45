import { cleanup, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import type { Source, SourceTable } from '../../api/types';
import { aSource, aTable, me, openApp, page } from '../../testing/openApp';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

type Case = {
  may?: string[];
  table?: Partial<SourceTable>;
  source?: Partial<Source>;
  rebuilds?: unknown[];
};

const open = ({ may = [], table = {}, source = {}, rebuilds = [] }: Case) => {
  const shown = aSource(source);
  openApp('/app/data-sources/s1', {
    '/v1/me': { ...me, permissions: [...me.permissions, ...may] },
    '/v1/sources': page(shown),
    '/v1/sources/s1': shown,
    '/v1/sources/s1/tables': page(aTable(table)),
    '/v1/sources/s1/rebuilds': page(...rebuilds),
  });
};

const openTable = async () =>
  userEvent.click(await screen.findByRole('button', { name: 'How public.pumps is read' }));

/** What is changed from now on, as method, path and body. */
function listen(): string[] {
  const sent: string[] = [];
  const answer = window.fetch;
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method !== 'GET') {
      const { pathname, search } = new URL(request.url);
      sent.push(`${request.method} ${pathname}${search} ${await request.clone().text()}`);
    }
    return answer(request);
  });
  return sent;
}

it('lets deleted rows be kept after saying what that means', async () => {
  open({ may: ['mapping.write'] });
  await openTable();
  await userEvent.click(await screen.findByRole('button', { name: 'Keep deleted rows' }));
  const dialog = within(
    await screen.findByRole('dialog', { name: 'Keep deleted rows of public.pumps?' }),
  );
  expect(
    dialog.getByText(/They stay when the table is read again, alone or with all/),
  ).toBeTruthy();
  expect(dialog.getByText(/is built anew, aside/)).toBeTruthy();
  const sent = listen();
  await userEvent.click(dialog.getByRole('button', { name: 'Keep and build anew' }));
  await waitFor(() =>
    expect(sent).toEqual(['PATCH /v1/sources/s1/tables?table=public.pumps {"on_delete":"keep"}']),
  );
});

it.each([
  ['a key', ['id'], /^They stay when the table is read again, .* others: what is read/],
  ['no key', [], /^The table has no key, so they go when it is read again/],
])('says of deleted rows of a table with %s only what holds of it', async (_, id, says) => {
  open({ may: ['mapping.write'], table: { mapping: { id } as never } });
  await openTable();
  await userEvent.click(await screen.findByRole('button', { name: 'Keep deleted rows' }));
  const dialog = within(await screen.findByRole('dialog'));
  expect(dialog.getByText(says)).toBeTruthy();
  expect(dialog.queryByText(/if it has a key/)).toBeNull();
});

it('shows how far building anew with the choice is, and offers no second one', async () => {
  open({
    may: ['mapping.write'],
    table: { on_delete: 'keep' },
    rebuilds: [
      {
        id: 'r1',
        source_id: 's1',
        state: 'running',
        events_done: 400,
        events_total: 1000,
        problem: null,
        requested_at: '2026-11-20T10:00:00Z',
        ended_at: null,
      },
    ],
  });
  await openTable();
  expect(await screen.findByText(/being built anew with it: 400 of 1,000 events/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Take deleted rows back' })).toBeNull();
});

it('says that a choice is not shown whose building anew was cancelled', async () => {
  open({ may: ['mapping.write'], table: { on_delete: 'keep' } });
  await openTable();
  expect(await screen.findByText(/what is shown was not built anew with it/)).toBeTruthy();
  expect(await screen.findByRole('button', { name: 'Take deleted rows back' })).toBeTruthy();
});

it('lets nobody choose who may not', async () => {
  open({ table: { on_delete: 'keep', on_delete_shown: 'keep' } });
  await openTable();
  expect(await screen.findByText('Deleted rows are kept')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Take deleted rows back' })).toBeNull();
  expect(screen.getByText('Once stored here')).toBeTruthy();
  expect(screen.queryByRole('button', { name: /when the database may forget/ })).toBeNull();
});

it('lets the database forget at the agent’s disk after saying what is lost with that disk', async () => {
  open({ may: ['sources.write'] });
  await userEvent.click(
    await screen.findByRole('button', { name: 'Change when the database may forget' }),
  );
  const dialog = within(
    await screen.findByRole('dialog', { name: 'Let plant forget at the agent’s disk?' }),
  );
  expect(dialog.getByText(/disk that is lost loses what was not sent yet/)).toBeTruthy();
  const sent = listen();
  await userEvent.click(dialog.getByRole('button', { name: 'Rely on the agent’s disk' }));
  await waitFor(() => expect(sent).toEqual(['PATCH /v1/sources/s1 {"acknowledge":"spool"}']));
});

it('says that a database which keeps its log needs room for it', async () => {
  open({ may: ['sources.write'], source: { acknowledge: 'spool' } });
  expect(await screen.findByText('At the agent’s disk')).toBeTruthy();
  await userEvent.click(
    screen.getByRole('button', { name: 'Change when the database may forget' }),
  );
  expect(await screen.findByText(/the log grows on the database’s disk/)).toBeTruthy();
});

it('says of a new copy of all tables and of one that what is kept stays if a key tells it', async () => {
  open({ may: ['sources.write'], table: { on_delete: 'keep', on_delete_shown: 'keep' } });
  await userEvent.click(await screen.findByRole('button', { name: 'Read again' }));
  const dialog = within(await screen.findByRole('dialog', { name: 'Read plant again?' }));
  expect(
    await dialog.findByText(/kept here of public.pumps. They stay, where a table has a key/),
  ).toBeTruthy();
  await userEvent.selectOptions(dialog.getByRole('combobox'), 'public.pumps');
  expect(dialog.getByText(/kept here stay, if the table has a key/)).toBeTruthy();
});

it('says that a cleared table may be captured no more, and offers not to read it again', async () => {
  open({ may: ['sources.write'], table: { clears: 1, cleared: true } });
  expect(await screen.findByText('Captured no more, or empty')).toBeTruthy();
  expect(screen.queryByText('Exact')).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'Read again' }));
  const dialog = within(await screen.findByRole('dialog', { name: 'Read plant again?' }));
  expect(dialog.queryByRole('option', { name: 'public.pumps' })).toBeNull();
});

it('tells a table that was cleared to be read again from one that somebody truncated', async () => {
  open({ table: { clears: 1 } });
  await openTable();
  expect(await screen.findByText('Cleared 1 time, to be read again')).toBeTruthy();
  expect(screen.getByText(/Nobody truncated it at its source/)).toBeTruthy();
});

it('says in the list which tables keep their deleted rows', async () => {
  open({ table: { on_delete: 'keep', on_delete_shown: 'keep' } });
  const cell = await screen.findByRole('cell', { name: /public.pumps/ });
  expect(cell.textContent).toContain('keeps deleted rows');
});
