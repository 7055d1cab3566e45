import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { me, onPhone, openApp } from '../../testing/openApp';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const document = { name: 'Order', steps: [{ id: 'a', type: 'set' }] };

const open = (change: object = {}, view = 'draft', more: Record<string, unknown> = {}) =>
  openApp(`/app/workflows/w1?view=${view}`, {
    '/v1/me': { ...me, permissions: ['workflows.read', 'executions.read'] },
    '/v1/workflows/w1': {
      id: 'w1',
      name: 'Order',
      enabled: true,
      may_edit: true,
      may_run: true,
      published_version: 1,
      unpublished_changes: true,
      webhooks: [],
      document,
      ...change,
    },
    '/v1/workflows/w1/export': document,
    ...more,
  });

const editor = async () =>
  (await screen.findByLabelText('Document, as JSON')) as HTMLTextAreaElement;

it('shows the draft with a line for each value', async () => {
  open();
  expect((await editor()).value.split('\n')).toHaveLength(9);
  expect(screen.getByText('Saved. Not published yet.')).toBeTruthy();
});

it('says in which line a text stops being JSON, and saves nothing then', async () => {
  open();
  const area = await editor();
  await userEvent.clear(area);
  await userEvent.type(area, '{{"name": "x"{enter}"steps": 1}');
  expect(screen.getByText(/^Line 2: Here is a comma missing/)).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Save draft' }).getAttribute('aria-disabled')).toBe(
    'true',
  );
});

it('publishes only what is saved', async () => {
  open();
  const area = await editor();
  const publish = screen.getByRole('button', { name: 'Publish' });
  expect(publish.getAttribute('aria-disabled')).toBe('false');
  await userEvent.type(area, ' ');
  expect(publish.getAttribute('aria-disabled')).toBe('true');
  expect(screen.getByText('Not saved yet.')).toBeTruthy();
});

it('leads to the line of each flaw, with what to do', async () => {
  open({}, 'draft', {
    '/v1/workflows/w1/validate': {
      valid: false,
      flaws: [
        {
          code: 'leads_nowhere',
          pointer: '/steps/0',
          message: 'No trigger leads to a',
          remedy: 'Draw an edge',
        },
      ],
    },
  });
  const area = await editor();
  await userEvent.click(screen.getByRole('button', { name: 'Check' }));
  expect(await screen.findByText('No trigger leads to a.')).toBeTruthy();
  expect(screen.getByText(/Draw an edge\./)).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: '/steps/0, line 4' }));
  expect(area.value.slice(area.selectionStart).startsWith('{\n      "id"')).toBe(true);
});

it('asks before changes that are not saved are lost', async () => {
  open();
  await userEvent.type(await editor(), ' ');
  await userEvent.click(screen.getByRole('radio', { name: 'Versions' }));
  const dialog = within(await screen.findByRole('dialog', { name: 'Leave without saving?' }));
  await userEvent.click(dialog.getByRole('button', { name: 'Stay' }));
  expect((await editor()).value.endsWith(' ')).toBe(true);
});

it('lets those who may only look read the draft and change nothing', async () => {
  open({ may_edit: false, may_run: false });
  expect(await screen.findByRole('group', { name: 'Draft' })).toBeTruthy();
  for (const name of ['Save draft', 'Publish', 'Run now', 'Enable']) {
    expect(screen.queryByRole('button', { name })).toBeNull();
  }
});

it('says how to make runs by hand possible where only webhooks start it', async () => {
  open({}, 'overview', {
    '/v1/workflows/w1/versions/1': {
      document: { ...document, triggers: [{ id: 'hook', type: 'webhook' }] },
    },
  });
  await userEvent.click(await screen.findByRole('button', { name: 'Run now' }));
  expect(await screen.findByText(/Only webhooks start version 1/)).toBeTruthy();
});

const flaw = {
  code: 'leads_nowhere',
  pointer: '/steps/0',
  message: 'No trigger leads to a',
  remedy: 'Draw an edge',
};

it('says that nothing is published, and why, before anybody is asked for a note', async () => {
  open({}, 'draft', { '/v1/workflows/w1/validate': { valid: false, flaws: [flaw] } });
  await editor();
  await userEvent.click(screen.getByRole('button', { name: 'Publish' }));
  expect(await screen.findByText('Not published.')).toBeTruthy();
  expect(screen.getByText('No trigger leads to a.')).toBeTruthy();
  expect(screen.queryByRole('dialog')).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'Check' }));
  expect(await screen.findByText('No trigger leads to a.')).toBeTruthy();
  expect(screen.queryByText('Not published.')).toBeNull();
});

it('asks for a note once nothing is wrong', async () => {
  open({}, 'draft', { '/v1/workflows/w1/validate': { valid: true, flaws: [] } });
  await editor();
  await userEvent.click(screen.getByRole('button', { name: 'Publish' }));
  const dialog = within(await screen.findByRole('dialog', { name: 'Publish version 2' }));
  expect(dialog.getByLabelText('Note')).toBeTruthy();
});

it('leads back to the list on a phone, which has no side navigation', async () => {
  await onPhone(async () => {
    open({}, 'overview');
    await screen.findByRole('heading', { name: 'Order', level: 1 });
    const content = within(screen.getByRole('main'));
    const back = within(content.getByRole('navigation', { name: 'Breadcrumb' })).getByRole('link', {
      name: 'Workflows',
    });
    expect(back.getAttribute('href')).toBe('/app/workflows');
  });
});
