import { act, cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { openApp, page } from '../../testing/openApp';
import { fillsOf, kindOf, lasted } from './states';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

const device = {
  id: 'd1',
  key: 'F-01',
  name: 'Filler 1',
  kind: 'machine',
  site_id: null,
  site_name: null,
  source_id: 's1',
  state: 'never',
  last_event_at: null,
  age_s: null,
  expected_interval_s: 60,
  attributes: {},
  attribute_types: {},
  mixed_attributes: [],
  metrics: [],
};

const session = (id: string, change: object = {}) => ({
  id,
  source_id: 's1',
  table: 'plant.machine_stop',
  device_id: 'd1',
  device_name: 'Filler 1',
  site_id: null,
  site_name: null,
  state: 'stop',
  reason: 'Belt torn',
  started_at: ago(50),
  ended_at: ago(40),
  ...change,
});

const answers = (...sessions: unknown[]) => ({
  '/v1/devices/d1': device,
  '/v1/devices/d1/sessions': page(...sessions),
  '/v1/devices/d1/sessions/summary': {
    device_id: 'd1',
    from: ago(60),
    to: ago(0),
    states:
      sessions.length === 0
        ? []
        : [
            {
              table: 'plant.machine_stop',
              state: 'stop',
              sessions: 2,
              seconds: 1200,
              lasting: true,
            },
          ],
  },
});

const open = (...sessions: unknown[]) => openApp('/app/devices/d1', answers(...sessions));

const rows = async () => {
  const table = await screen.findByRole('group', { name: /Stops and states as a table/ });
  return within(table).getAllByRole('row').slice(1);
};

it('shows what a device did, how long and why, the latest first', async () => {
  open(session('b', { started_at: ago(10), ended_at: null, reason: 'Jam' }), session('a'));
  const [latest, before] = await rows();
  expect(latest?.textContent).toMatch(/Stop.*since .*lasting.*10 min so far.*Jam/);
  expect(before?.textContent).toMatch(/Stop.*10 min.*Belt torn/);
  expect(screen.getByText('20 min')).toBeTruthy();
});

it('tells each span to those who do not see it, and moves along them by arrows', async () => {
  open(session('b', { started_at: ago(10), ended_at: null, reason: 'Jam' }), session('a'));
  const band = await screen.findByRole('group', { name: /^Machine stop,/ });
  const spans = within(band).getAllByRole('button');
  expect(spans.map((span) => span.tabIndex)).toEqual([-1, 0]);
  expect(spans[1]?.getAttribute('aria-label')).toMatch(/^Stop, since .*, 10 min so far, Jam$/);

  spans[1]?.focus();
  await userEvent.keyboard('{ArrowLeft}');
  expect(document.activeElement).toBe(spans[0]);
  expect(spans.map((span) => span.tabIndex)).toEqual([0, -1]);
  // The first stays where it is, and what is pointed at is written below.
  await userEvent.keyboard('{ArrowLeft}');
  expect(document.activeElement).toBe(spans[0]);
  expect(screen.getByText(/^Stop, .* to .*, 10 min, Belt torn$/)).toBeTruthy();
});

it.each([
  ['one is after it and more is counted', [session('a')], 'more', true],
  ['none is after it', [session('a')], null, false],
  ['all that is counted is in it', [session('b'), session('a')], 'more', false],
])('says whether more is than is drawn by a short page, where %s', async (_, data, next, says) => {
  openApp('/app/devices/d1', {
    ...answers(...data),
    '/v1/devices/d1/sessions': { data, next_cursor: next },
  });
  expect((await rows()).length).toBe(data.length);
  const limited = new RegExp(`^Drawn are the latest ${data.length}; the figures are of all`);
  expect(screen.queryByText(limited) !== null).toBe(says);
});

it('draws nothing of the device whose page was open before', async () => {
  const unanswered = new Promise<never>(() => {});
  openApp('/app/devices/d1', {
    ...answers(session('a')),
    '/v1/devices/d2': { ...device, id: 'd2', name: 'Filler 2' },
    '/v1/devices/d2/sessions': unanswered,
  });
  // Once around, so that both pages are known and the one stays while it becomes the other.
  for (const [id, name] of [
    ['d2', 'Filler 2'],
    ['d1', 'Filler 1'],
    ['d2', 'Filler 2'],
  ] as const) {
    if (id === 'd2') expect((await rows()).length).toBe(1);
    act(() => window.history.pushState(null, '', `/app/devices/${id}`));
    expect(await screen.findByRole('heading', { name })).toBeTruthy();
  }
  expect(screen.queryByText('Belt torn')).toBeNull();
  expect(screen.getByText(/Loading stops and states/)).toBeTruthy();
});

const fails = () => ({
  // biome-ignore lint/suspicious/noThenProperty: it is awaited, and no promise that nobody handles
  then: (_: unknown, no: (error: Error) => void) => no(new TypeError('the network is gone')),
});

it('draws what a device did where its figures cannot be loaded', async () => {
  openApp('/app/devices/d1', {
    ...answers(session('a')),
    '/v1/devices/d1/sessions/summary': fails(),
  });
  expect(await screen.findByRole('alert', undefined, { timeout: 10_000 })).toBeTruthy();
  expect((await rows())[0]?.textContent).toContain('Belt torn');
}, 20_000);

it('tells how long a device was in which state where its spans cannot be loaded', async () => {
  openApp('/app/devices/d1', { ...answers(session('a')), '/v1/devices/d1/sessions': fails() });
  expect(await screen.findByRole('alert', undefined, { timeout: 10_000 })).toBeTruthy();
  expect(screen.getByText('20 min')).toBeTruthy();
  expect(screen.getByText('2 spans')).toBeTruthy();
}, 20_000);

it('says both where neither its spans nor its figures can be loaded', async () => {
  openApp('/app/devices/d1', {
    ...answers(session('a')),
    '/v1/devices/d1/sessions': fails(),
    '/v1/devices/d1/sessions/summary': fails(),
  });
  await screen.findAllByRole('alert', undefined, { timeout: 10_000 });
  expect(screen.getAllByRole('alert')).toHaveLength(2);
}, 20_000);

it('draws no empty bands of a page that holds nothing yet', async () => {
  openApp('/app/devices/d1', {
    ...answers(),
    '/v1/devices/d1/sessions': { data: [], next_cursor: 'more' },
    '/v1/devices/d1/sessions/summary': fails(),
  });
  expect(await screen.findByRole('alert', undefined, { timeout: 10_000 })).toBeTruthy();
  expect(screen.queryByText(/^Drawn are the latest/)).toBeNull();
  expect(screen.queryByText(/^Times in/)).toBeNull();
}, 20_000);

it('leaves a span that ends before it begins as it is', async () => {
  open(session('a', { started_at: ago(20), ended_at: ago(30) }));
  expect((await rows())[0]?.textContent).toContain('ends before it begins');
});

it('says what would be there where nothing is', async () => {
  open();
  expect(await screen.findByText(/^Nothing in the last 1 h\./)).toBeTruthy();
});

it('puts a table in its own band', async () => {
  open(
    session('b', { table: 'plant.machine_state', state: 'running', reason: null }),
    session('a'),
  );
  expect(await screen.findByRole('group', { name: /^Machine state,/ })).toBeTruthy();
  expect(screen.getByRole('group', { name: /^Machine stop,/ })).toBeTruthy();
});

it.each([
  ['STOPPED', 'stopped'],
  ['downtime', 'stopped'],
  ['Running', 'running'],
  ['idle', 'waiting'],
  ['changeover', 'changeover'],
  ['not running', 'stopped'],
  ['Inoperative', 'stopped'],
  ['out of operation', 'stopped'],
  ['abnormal', 'stopped'],
  ['INACTIVE', 'waiting'],
  ['deactivated', 'waiting'],
  ['not_active', 'waiting'],
  ['unproductive', 'waiting'],
  ['non-productive', 'waiting'],
  ['no production', 'waiting'],
  ['In operation', 'running'],
  ['in production', 'running'],
  ['operational', 'running'],
  ['active', 'running'],
  ['normal', 'running'],
  ['on', 'running'],
  ['Break', 'waiting'],
  ['Off', 'off'],
  ['switched_off', 'off'],
  ['offline test run', 'running'],
  ['breakdown', 'stopped'],
  ['trip', 'other'],
  ['shift', 'other'],
  ['3', 'other'],
  [null, 'other'],
])('draws the state %s as %s', (state, kind) => {
  expect(kindOf(state)).toBe(kind);
});

it.each([
  [0, '0 s'],
  [59, '59 s'],
  [2100, '35 min'],
  [3900, '1 h 05 min'],
  [183_600, '2 d 3 h'],
])('writes %d seconds as %s', (seconds, text) => {
  expect(lasted(seconds)).toBe(text);
});

it('fills states of one kind differently where they stand side by side', () => {
  const states = ['setup', 'cleaning', 'maintenance', 'blocked', 'starved', 'stop', 'fault', 'run'];
  const fills = fillsOf([...states, 'run']);
  expect(fills.size).toBe(states.length);
  expect(new Set(fills.values()).size).toBe(states.length);
  expect(fillsOf([...states].reverse())).toEqual(fills);
});
