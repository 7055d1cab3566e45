import { expect, it } from 'vitest';
import { keyParts } from './series';

it('a device with many metrics is asked for twenty at a time', () => {
  const keys = Array.from({ length: 45 }, (_, n) => `metric_${n}`);
  const parts = keyParts(keys);
  expect(parts.map((part) => part.length)).toEqual([20, 20, 5]);
  expect(parts.flat()).toEqual(keys);
});

it('metrics with long names are asked for in addresses that hold them', () => {
  const keys = Array.from({ length: 8 }, (_, n) => `${n}${'圧'.repeat(120)}`);
  const parts = keyParts(keys);
  expect(parts.flat()).toEqual(keys);
  expect(parts.map((part) => part.length)).toEqual([3, 3, 2]);
});
