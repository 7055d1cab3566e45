import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import type { Execution, ExecutionLogEntry } from '../../api/types';
import { me, openApp, page } from '../../testing/openApp';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const execution = (change: Partial<Execution> = {}): Execution => ({
  id: '01a2031c-0000-7000-8000-0000abcdef01',
  workflow_id: 'w1',
  version: 2,
  status: 'failed',
  trigger_type: 'webhook',
  trigger: 'hook',
  name: 'Order 7',
  correlation_key: null,
  created_at: '2026-11-20T10:00:00Z',
  started_at: '2026-11-20T10:00:00Z',
  finished_at: '2026-11-20T10:00:02Z',
  outcome: 'http_503',
  error: 'The receiver answered 503.',
  error_step: 'call',
  origin_id: null,
  from_step: null,
  started_by: null,
  waiting_for: null,
  waiting_until: null,
  steps_done: 1,
  worker_ms: 12,
  ...change,
});

const logged: ExecutionLogEntry = {
  log_id: 1,
  execution_id: 'e',
  timestamp: '2026-11-20T10:00:02Z',
  level: 'error',
  kind: 'failed',
  step: 'call',
  attempt: 1,
  message: 'Step call failed: The receiver answered 503.',
  duration_ms: 5,
  input: null,
  output: '{"error": "down", "cut',
  output_bytes: null,
};

const open = (
  one: Execution,
  mayRun = true,
  permissions: string[] = [],
  log: { data: unknown[] } = page(logged),
) => {
  const at = `/v1/executions/${one.id}`;
  return openApp(`/app/executions/${one.id}`, {
    '/v1/me': { ...me, permissions: ['executions.read', ...permissions] },
    [at]: one,
    [`${at}/logs`]: log,
    '/v1/workflows/w1': { id: 'w1', name: 'Order to ERP', may_run: mayRun, webhooks: [] },
    '/v1/workflows/w1/versions/2': {
      document: {
        steps: [
          { id: 'call', type: 'http_request' },
          { id: 'after', type: 'set' },
        ],
      },
    },
  });
};

it('says where and why it failed, and what was not run', async () => {
  open(execution());
  expect(await screen.findByText(/The receiver answered 503\.$/, { selector: 'p' })).toBeTruthy();
  expect(await screen.findByText('after')).toBeTruthy();
  expect(screen.getByText(/Not run:/)).toBeTruthy();
  await userEvent.click(await screen.findByRole('button', { name: /call.*Failed/ }));
  expect(screen.getByText(/Output of call, its beginning/)).toBeTruthy();
});

it('asks for its log once more when it has ended', async () => {
  const running = execution({ status: 'running', outcome: null, error: null, finished_at: null });
  const log = page();
  const queries = open(running, true, [], log);
  expect(await screen.findByText(/^Nothing yet/)).toBeTruthy();
  log.data.push(logged);
  queries.setQueryData(['executions', 'one', running.id], execution());
  expect(await screen.findByRole('button', { name: /call.*Failed/ })).toBeTruthy();
});

it('begins a retry where it failed unless another step is chosen', async () => {
  open(execution());
  await userEvent.click(await screen.findByRole('button', { name: 'Retry' }));
  const dialog = within(await screen.findByRole('dialog'));
  const begin = dialog.getByLabelText('Begin') as HTMLSelectElement;
  expect(begin.selectedOptions[0]?.textContent).toBe('Where it failed: call');
  expect([...begin.options].map((option) => option.value)).toEqual(['', 'call', 'after']);
});

it.each([
  ['running', null, ['Cancel']],
  ['waiting', 'retry', ['Cancel', 'Try now']],
  ['waiting', 'decision', ['Cancel', 'Decide']],
  ['success', null, ['Retry']],
] as const)('offers what one that is %s (%s) allows', async (status, waitingFor, offered) => {
  open(execution({ status, waiting_for: waitingFor, finished_at: null }));
  for (const name of offered) expect(await screen.findByRole('button', { name })).toBeTruthy();
  for (const name of ['Cancel', 'Try now', 'Decide', 'Retry']) {
    if (!(offered as readonly string[]).includes(name)) {
      expect(screen.queryByRole('button', { name })).toBeNull();
    }
  }
});

it('offers nothing to those who may only look', async () => {
  open(execution(), false);
  expect(await screen.findByText('after')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Retry' })).toBeNull();
});

it('says until when somebody has to decide, and takes no longer a note than the API', async () => {
  const until = '2026-12-20T10:00:00Z';
  open(execution({ status: 'waiting', waiting_for: 'decision', waiting_until: until }));
  const said = await screen.findByText(/Undecided, it fails at/);
  expect(said.querySelector('time')?.getAttribute('datetime')).toBe(until);
  await userEvent.click(await screen.findByRole('button', { name: 'Decide' }));
  const dialog = within(await screen.findByRole('dialog'));
  expect((dialog.getByLabelText('Note') as HTMLTextAreaElement).maxLength).toBe(500);
});

it('decides only once something is chosen', async () => {
  open(execution({ status: 'waiting', waiting_for: 'decision' }));
  await userEvent.click(await screen.findByRole('button', { name: 'Decide' }));
  const dialog = within(await screen.findByRole('dialog'));
  const decide = dialog.getByRole('button', { name: 'Decide' });
  expect(decide.getAttribute('aria-disabled')).toBe('true');
  await userEvent.click(dialog.getByRole('radio', { name: /It has succeeded/ }));
  expect(decide.getAttribute('aria-disabled')).toBe('false');
  await userEvent.type(dialog.getByLabelText('Output of the step, as JSON'), '{{"status" 201}');
  expect(dialog.getByText('Line 1: Here is a colon missing.')).toBeTruthy();
  expect(decide.getAttribute('aria-disabled')).toBe('true');
});
