import { expect, it } from 'vitest';
import type { Execution, ExecutionLogEntry } from '../../api/types';
import { timeline } from './timeline';

let number = 0;
const entry = (at: number, change: Partial<ExecutionLogEntry>): ExecutionLogEntry => ({
  log_id: number++,
  execution_id: 'e',
  timestamp: new Date(1_700_000_000_000 + at).toISOString(),
  level: 'info',
  kind: 'note',
  step: null,
  attempt: null,
  message: '',
  duration_ms: null,
  input: null,
  output: null,
  output_bytes: null,
  ...change,
});

const of = (status: Execution['status'], change: Partial<Execution> = {}) => ({
  status,
  trigger_type: 'webhook' as const,
  created_at: new Date(1_700_000_000_000).toISOString(),
  ...change,
});
const open = of('running');
const ended = of('failed');

const tried = [
  entry(0, { kind: 'trigger' }),
  entry(10, { kind: 'succeeded', step: 'map', attempt: 1, duration_ms: 4 }),
  entry(20, { kind: 'intent', step: 'call', attempt: 1 }),
  entry(50, { kind: 'retry', step: 'call', attempt: 1, duration_ms: 30 }),
  entry(350, { kind: 'intent', step: 'call', attempt: 2 }),
];
const done = [
  ...tried,
  entry(400, { kind: 'succeeded', step: 'call', attempt: 2, duration_ms: 50 }),
];

it('gathers the attempts of a step, with how long it acted and how long it took in all', () => {
  const items = timeline(done, ended);
  expect(items.map((item) => item.step)).toEqual([null, 'map', 'call']);
  expect(items[2]).toMatchObject({
    state: 'succeeded',
    attempts: 2,
    from: 20,
    lasted: 80,
    span: 380,
  });
});

it('lets a step that is told of afterwards begin before its entry', () => {
  expect(timeline(done, ended)[1]).toMatchObject({ from: 6, lasted: 4, span: 4 });
});

it('says of a step that acts that it runs, and of one whose execution ended that it was cut', () => {
  expect(timeline(tried, open).at(-1)?.state).toBe('acting');
  expect(timeline(tried, ended).at(-1)?.state).toBe('cut');
});

it.each([
  ['retry', 'retry'],
  ['parked', 'parked'],
  ['handled', 'handled'],
  ['failed', 'failed'],
] as const)('shows an open step whose last entry is %s as %s', (kind, state) => {
  const log = [...tried, entry(400, { kind, step: 'call', attempt: 2 })];
  expect(timeline(log, open).at(-1)?.state).toBe(state);
});

it('keeps what happened to the execution as a whole in its place', () => {
  const items = timeline([...tried, entry(500, { message: 'Canceled by a person.' })], ended);
  expect(items.at(-1)).toMatchObject({ kind: 'note', from: 500, state: null });
});

it('has nothing to show of an empty log', () => {
  expect(timeline([], open)).toEqual([]);
});

it('says of a step whose answer a retry took over that it was, and not how it once ran', () => {
  const log = [
    entry(0, { kind: 'trigger' }),
    entry(0, { kind: 'succeeded', step: 'map', attempt: 3 }),
    entry(0, { kind: 'handled', step: 'ask', attempt: 2 }),
    entry(4, { kind: 'intent', step: 'call', attempt: 1 }),
    entry(9, { kind: 'succeeded', step: 'call', attempt: 1, duration_ms: 5 }),
  ];
  const items = timeline(log, of('success', { trigger_type: 'retry' }));
  expect(items.map((item) => [item.state, item.attempts])).toEqual([
    [null, 0],
    ['taken', 0],
    ['taken', 0],
    ['succeeded', 1],
  ]);
});

it('takes a step for one that was run where it took its time, or nothing can be taken over', () => {
  const log = (duration: number | null) => [
    entry(0, { kind: 'succeeded', step: 'map', attempt: 1, duration_ms: duration }),
  ];
  const retry = of('success', { trigger_type: 'retry' });
  expect(timeline(log(0.3), retry)[0]?.state).toBe('succeeded');
  expect(timeline(log(null), of('success'))[0]?.state).toBe('succeeded');
});
