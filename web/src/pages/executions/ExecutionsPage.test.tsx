import { cleanup, screen, within } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { me, onPhone, openApp, page } from '../../testing/openApp';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const until = '2026-12-20T10:00:00Z';
const execution = (change: object) => ({
  id: '01a2031c-0000-7000-8000-0000abcdef01',
  workflow_id: 'w1',
  version: 2,
  status: 'success',
  trigger_type: 'webhook',
  name: 'Order 7',
  created_at: '2026-11-20T10:00:00Z',
  started_at: '2026-11-20T10:00:00Z',
  finished_at: '2026-11-20T10:00:02Z',
  outcome: null,
  error: null,
  error_step: null,
  waiting_for: null,
  waiting_until: null,
  retry_id: null,
  ...change,
});

const open = (change: object) =>
  openApp('/app/executions', {
    '/v1/me': { ...me, permissions: ['executions.read', 'workflows.read'] },
    '/v1/executions': page(execution(change)),
    '/v1/workflows': page({ id: 'w1', name: 'Order to ERP' }),
  });

const row = async () => (await screen.findByRole('row', { name: /Order 7/ })) as HTMLElement;

it.each([
  ['retry', /Next try at/],
  ['decision', /For a decision, until/],
])('says what one that waits (%s) waits for', async (waitingFor, words) => {
  open({ status: 'waiting', finished_at: null, waiting_for: waitingFor, waiting_until: until });
  const said = within(await row()).getByText(words);
  expect(said.querySelector('time')?.getAttribute('datetime')).toBe(until);
});

it('leads from an execution to its workflow', async () => {
  open({});
  const link = await within(await row()).findByRole('link', { name: 'Order to ERP' });
  expect(link.getAttribute('href')).toBe('/app/workflows/w1');
});

const retryId = '01a2031c-0000-7000-8000-0000abcdef99';

it('leads from one that failed to what it was retried by since', async () => {
  open({ status: 'failed', outcome: 'http_503', error_step: 'call', retry_id: retryId });
  const link = within(await row()).getByRole('link', { name: 'Retried since' });
  expect(link.getAttribute('href')).toBe(`/app/executions/${retryId}`);
});

it('says on a phone too that one was retried since', async () => {
  await onPhone(async () => {
    open({ status: 'failed', outcome: 'http_503', error_step: 'call', retry_id: retryId });
    expect(
      await screen.findByRole('link', { name: /Order 7.*Retried since http_503 at call/ }),
    ).toBeTruthy();
  });
});

it('says on a phone too why one failed', async () => {
  await onPhone(async () => {
    open({ status: 'failed', outcome: 'http_503', error_step: 'call' });
    const item = await screen.findByRole('link', { name: /Order 7.*Failed.*http_503 at call/ });
    expect(item.getAttribute('href')).toMatch(/^\/app\/executions\//);
  });
});
