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
  retry_id: null,
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
  more: Record<string, unknown> = {},
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
    ...more,
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

it('says that it was retried since, and says so again before another retry', async () => {
  const retry = '01a2031c-0000-7000-8000-0000abcdef99';
  open(execution({ retry_id: retry }));
  const link = await screen.findByRole('link', { name: 'Retried since' });
  expect(link.getAttribute('href')).toBe(`/app/executions/${retry}`);
  await userEvent.click(await screen.findByRole('button', { name: 'Retry' }));
  const dialog = within(await screen.findByRole('dialog'));
  expect(dialog.getByText(/was retried already/)).toBeTruthy();
  expect(dialog.getByRole('link', { name: 'Retried since' })).toBeTruthy();
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

it('marks the steps that a retry took over, and runs none of them', async () => {
  const retry = execution({ status: 'success', trigger_type: 'retry', outcome: 'success' });
  const taken = { ...logged, timestamp: retry.created_at, duration_ms: null, kind: 'succeeded' };
  open(retry, true, [], page(taken, { ...logged, log_id: 2, kind: 'succeeded', step: 'after' }));
  expect(await screen.findByRole('button', { name: /call.*Taken over/ })).toBeTruthy();
  expect(screen.getByRole('button', { name: /after.*Succeeded/ })).toBeTruthy();
});

it.each([
  ['is loading', new Promise(() => {}), /^version 2$/],
  [
    'was deleted',
    Response.json({ code: 'not_found', status: 404, title: 'There is none' }, { status: 404 }),
    /^of a workflow that was deleted, version 2$/,
  ],
])('says of a workflow that %s no more than is known', async (_, workflow, words) => {
  open(execution(), true, [], page(logged), { '/v1/workflows/w1': workflow });
  expect(await screen.findByText(words)).toBeTruthy();
});

const retrying = async (one: Execution) => {
  open(one, true, [], page(logged), {
    [`/v1/executions/${one.id}/input`]: { input: { id: 7 } },
  });
  await screen.findByText(/^Not run:/);
  await userEvent.click(screen.getByRole('button', { name: 'Retry' }));
  const dialog = within(await screen.findByRole('dialog'));
  const begin = dialog.getByLabelText('Begin') as HTMLSelectElement;
  return {
    dialog,
    begins: () => begin.selectedOptions[0]?.textContent,
    choose: (step: string) => userEvent.selectOptions(begin, step),
    edit: async () => {
      await userEvent.click(dialog.getByRole('checkbox'));
      const input = (await dialog.findByLabelText('Input, as JSON')) as HTMLTextAreaElement;
      await dialog.findByDisplayValue(/"id": 7/);
      await userEvent.type(input, ' ');
      return input;
    },
  };
};

it.each(['failed', 'success'] as const)(
  'begins anew, and says so, once the input of one that ended as %s is changed',
  async (status) => {
    const { dialog, begins, edit } = await retrying(execution({ status }));
    const before = begins();
    expect(dialog.getByText(/carry the same Idempotency-Key/)).toBeTruthy();
    expect(dialog.getByText(/answers are taken over/)).toBeTruthy();
    const input = await edit();
    expect(begins()).toBe('Anew, with all steps');
    expect(dialog.getByText(/carry new Idempotency-Keys/)).toBeTruthy();
    expect(dialog.queryByText(/answers are taken over/)).toBeNull();
    await userEvent.type(input, '{Backspace}');
    expect(begins()).toBe(before);
  },
);

it('keeps the step at which somebody wants to begin, whatever becomes of the input', async () => {
  const { begins, choose, edit } = await retrying(execution());
  await choose('after');
  await edit();
  expect(begins()).toBe('At step after');
});

it('names the versions of a retry', async () => {
  const { dialog } = await retrying(execution());
  const version = dialog.getByLabelText('Version') as HTMLSelectElement;
  expect([...version.options].map((option) => option.textContent)).toEqual([
    'The same version (2)',
    'The published version',
  ]);
  await userEvent.selectOptions(version, 'published');
  expect(dialog.getByText(/carry new Idempotency-Keys/)).toBeTruthy();
});

it.each([
  ['retry', 'retry', 'Step call failed and is tried again in 400 ms: Refused', 'Next try at'],
  ['retry', 'note', 'The execution waits for its turn: No room', 'Next try at'],
  [
    'decision',
    'parked',
    'Step call waits for a person to decide: Cut off',
    'Undecided, it fails at',
  ],
] as const)(
  'says what one waits for (%s, told by a %s), and why',
  async (waitingFor, kind, message, then) => {
    const until = '2026-12-20T10:00:00Z';
    open(
      execution({ status: 'waiting', waiting_for: waitingFor, waiting_until: until }),
      true,
      [],
      page({ ...logged, kind: 'retry', message: 'An earlier one' }, { ...logged, kind, message }),
    );
    const said = await screen.findByText(new RegExp(`^${message}\\. .*${then}`));
    expect(said.querySelector('time')?.getAttribute('datetime')).toBe(until);
  },
);

const ada = { id: 'a', name: 'Ada', role: 'member', email: 'ada@northgate.example' };

it.each([
  ['api', 'Started by'],
  ['retry', 'Retried by'],
] as const)('names who is behind one of type %s', async (type, label) => {
  const one = execution({ trigger_type: type, started_by: 'a' });
  open(one, true, ['members.read'], page(logged), { '/v1/organizations/o/users': page(ada) });
  const name = await screen.findByText('Ada');
  expect(name.previousElementSibling?.textContent).toBe(label);
});

it('says of a person who is no member any more that they left, and of nobody where none is', async () => {
  open(execution({ started_by: 'b' }), true, ['members.read'], page(logged), {
    '/v1/organizations/o/users': page(ada),
  });
  expect(await screen.findByText('Somebody who has left')).toBeTruthy();
  cleanup();
  open(execution(), true, ['members.read']);
  expect(await screen.findByText('Trigger')).toBeTruthy();
  expect(screen.queryByText('Started by')).toBeNull();
});
