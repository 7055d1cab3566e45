import { expect, it } from 'vitest';
import { safeNext } from './paths';

it('a sign-in leads back into the app only', () => {
  expect(safeNext('/app/devices/1?range=6h')).toBe('/app/devices/1?range=6h');
  expect(safeNext('https://evil.example/app')).toBeUndefined();
  expect(safeNext('//evil.example')).toBeUndefined();
  expect(safeNext('/application')).toBeUndefined();
  expect(safeNext('/app/\\evil.example')).toBeUndefined();
  expect(safeNext(7)).toBeUndefined();
});
