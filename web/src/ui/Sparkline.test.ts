import { expect, it } from 'vitest';
import { sparkPath } from './Sparkline';

it('draws a dot where a value has no neighbour', () => {
  expect(sparkPath([1, null, 2, 3], 30, 10).match(/h0/g)).toHaveLength(1);
  expect(sparkPath([1, 2, 3], 30, 10)).not.toContain('h0');
});
