import { InfiniteQueryObserver, QueryClient } from '@tanstack/react-query';
import { afterEach, expect, it, vi } from 'vitest';
import { executionLogQuery, executionQuery, retriesQuery } from './executions';
import { ApiProblem } from './problem';
import type { Execution, ExecutionState, Problem } from './types';

afterEach(() => {
  vi.unstubAllGlobals();
});

const problem = (status: number) => new ApiProblem({ status } as Problem, null);

type Asked = { refetchInterval?: unknown };
const every = ({ refetchInterval }: Asked, state: { data?: unknown; error?: unknown }) =>
  (refetchInterval as (query: { state: object }) => number | false)({ state });

it.each([
  ['is open', { data: { status: 'running' } }, 1_000],
  ['has ended', { data: { status: 'success' } }, false],
  ['cannot be had just now', { error: problem(503) }, 1_000],
  ['was asked for too often', { error: problem(429) }, 1_000],
  ['is none', { error: problem(404) }, false],
  ['may not be seen', { error: problem(403), data: { status: 'running' } }, false],
])('asks again for an execution that %s as it should', (_, state, ms) => {
  expect(every(executionQuery('e'), state)).toBe(ms);
});

it('asks again for retries while one of them is open', () => {
  const asked = retriesQuery({ id: 'e' } as Execution);
  const found = (status: ExecutionState) => ({ data: { data: [{ status }], more: false } });
  expect(every(asked, found('running'))).toBe(10_000);
  expect(every(asked, found('failed'))).toBe(false);
});

it('asks again for the last page of a log only', async () => {
  const asked: (string | null)[] = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    const cursor = new URL(request.url).searchParams.get('cursor');
    asked.push(cursor);
    return Response.json({ data: [], next_cursor: cursor === null ? 'second' : null });
  });
  const log = new InfiniteQueryObserver(new QueryClient(), executionLogQuery('e', false));
  await log.refetch();
  await log.fetchNextPage();
  expect(asked.splice(0)).toEqual([null, 'second']);

  const again = await log.refetch();

  expect(asked).toEqual(['second']);
  expect(again.data?.pages).toHaveLength(2);
});
