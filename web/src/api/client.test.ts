import { expect, it } from 'vitest';
import { address } from './client';
import { ApiProblem, explain, problemOf, Unreachable } from './problem';

it('an address has its parameters encoded and leaves out what is not set', () => {
  expect(
    address('/v1/devices/{id}', { path: { id: 'a/b' }, query: { q: 'x y', state: undefined } }),
  ).toBe('/v1/devices/a%2Fb?q=x+y');
});

it('a refusal without a body is still a problem', () => {
  const problem = problemOf(new Response('', { status: 502 }), undefined);
  expect(problem).toBeInstanceOf(ApiProblem);
  expect(problem.code).toBe('internal');
});

it('a rate limit carries how long to wait', () => {
  const response = new Response('', { status: 429, headers: { 'Retry-After': '90' } });
  expect(problemOf(response, undefined).retryAfterS).toBe(90);
});

it('a failure of the server is told with its reference', () => {
  const response = new Response('', { status: 500 });
  const problem = problemOf(response, {
    type: 'x',
    title: 'Internal error',
    status: 500,
    code: 'internal',
    instance: 'urn:uuid:7f1c',
    remedy: 'Try again.',
  });
  expect(explain(problem).remedy).toBe('Try again. Its reference is 7f1c.');
});

it('no connection is told as such', () => {
  expect(explain(new Unreachable(null)).what).toBe('The server cannot be reached.');
});
