import { afterEach, expect, it, vi } from 'vitest';
import { extrasCsv } from '../pages/extras/csv';
import { valueText } from '../pages/extras/values';
import { address, api, body } from './client';
import { ApiProblem, explain, problemOf, Unreachable } from './problem';

it('an address has its parameters encoded and leaves out what is not set', () => {
  expect(
    address('/v1/devices/{id}', { path: { id: 'a/b' }, query: { q: 'x y', state: undefined } }),
  ).toBe('/v1/devices/a%2Fb?q=x+y');
});

it('a list is a parameter that comes once for each of it', () => {
  expect(address('/v1/metrics/series', { query: { key: ['flow', 'a,b'], step: '1m' } })).toBe(
    '/v1/metrics/series?key=flow&key=a%2Cb&step=1m',
  );
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

const digits = '12345678901234567890.12345678901234567890';

const answer = (json: string) => vi.stubGlobal('fetch', async () => new Response(json));

afterEach(() => vi.unstubAllGlobals());

it('a number of an extra has every digit, on the page and in a file', async () => {
  answer(`{"data":[{"entity":null,"key":"n","type":"num","value":${digits}}],"next_cursor":null}`);
  const { data } = await body(api.GET('/v1/extras', {}));
  expect(valueText(data[0]?.value, 'num')).toBe(digits);
  expect(extrasCsv(data)).toContain(`"num","${digits}"`);
});

it('a number of a device’s extra has every digit, and its latest values are numbers', async () => {
  answer(`{"attributes":{"n":${digits}},"metrics":[{"last_value":12.0}]}`);
  const device = await body(api.GET('/v1/devices/{id}', { params: { path: { id: 'd' } } }));
  expect(valueText(device.attributes.n, 'num')).toBe(digits);
  expect(device.metrics[0]?.last_value).toBe(12);
});

it('a number of a conflict’s sample has every digit', async () => {
  answer(`{"data":[{"types":[{"sample":${digits}}]}],"next_cursor":null}`);
  const { data } = await body(api.GET('/v1/extras/conflicts', {}));
  expect(data[0]?.types[0]?.sample).toBe(digits);
});
