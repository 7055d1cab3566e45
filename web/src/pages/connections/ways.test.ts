import { expect, it } from 'vitest';
import { configOf, wayOf } from './ways';

it('sends only what the way of showing a secret needs', () => {
  expect(configOf('bearer', 'left over')).toEqual({ auth: 'bearer' });
  expect(configOf('basic', ' clarity ')).toEqual({ auth: 'basic', username: 'clarity' });
  expect(configOf('query', 'key')).toEqual({ auth: 'query', parameter: 'key' });
});

it('says how a connection shows who calls', () => {
  expect(wayOf({ auth: 'header', parameter: 'X-Api-Key' })).toBe('Key in a header, X-Api-Key');
  expect(wayOf({ auth: 'none' })).toBe('Nothing');
});
