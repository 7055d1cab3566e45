import { describe, expect, it } from 'vitest';
import {
  ageSeconds,
  formatAge,
  formatBytes,
  formatDuration,
  formatSpan,
  formatValue,
  words,
} from './format';

describe('formatValue', () => {
  it('writes a missing value as a dash, and zero as zero', () => {
    expect(formatValue(null)).toBe('–');
    expect(formatValue(0)).toBe('0');
  });

  it('keeps about four significant digits', () => {
    expect(formatValue(31240.4)).toBe('31,240');
    expect(formatValue(310.26)).toBe('310.3');
    expect(formatValue(3.41999)).toBe('3.42');
    expect(formatValue(0.012345)).toBe('0.0123');
  });

  it('writes four digits and a power of ten where all digits are no help', () => {
    expect(formatValue(1e300)).toBe('1e300');
    expect(formatValue(-1.23456e15, 2)).toBe('-1.235e15');
    expect(formatValue(1.2e-7)).toBe('1.2e-7');
    expect(formatValue(3e-10, 6)).toBe('3e-10');
    expect(formatValue(999_999_999_999_999)).toBe('999,999,999,999,999');
    expect(formatValue(0.000001)).toBe('0.000001');
  });

  it('writes as few decimals as are asked for of a value that is next to nothing', () => {
    expect(formatValue(1e-9, 2)).toBe('0.00');
  });

  it('never writes a negative zero', () => {
    expect(formatValue(-0.001, 1)).toBe('0.0');
  });
});

describe('ages', () => {
  it('are told in their largest unit', () => {
    expect(formatDuration(59.9)).toBe('59 s');
    expect(formatDuration(61)).toBe('1 min');
    expect(formatDuration(3600)).toBe('1 h');
    expect(formatDuration(3 * 86_400)).toBe('3 d');
    expect(formatAge(0.4)).toBe('now');
  });

  it('are never negative and are unknown without a time', () => {
    expect(ageSeconds('2026-01-01T00:00:01Z', Date.parse('2026-01-01T00:00:00Z'))).toBe(0);
    expect(ageSeconds(null, 0)).toBeNull();
    expect(ageSeconds('nonsense', 0)).toBeNull();
  });
});

it('bytes are counted in binary steps', () => {
  expect(formatBytes(18_432)).toBe('18.0 KB');
  expect(formatBytes(0)).toBe('0 B');
  expect(formatBytes(null)).toBe('–');
});

it('ids become words', () => {
  expect(words('food-and-beverage')).toBe('Food and beverage');
});

it.each([
  [0.2, '< 1 ms'],
  [84.4, '84 ms'],
  [999.7, '1.0 s'],
  [9_960, '10 s'],
  [59_400, '59 s'],
  [184_000, '3 min 4 s'],
  [7_500_000, '2 h 5 min'],
  [259_200_000, '3 d'],
])('says that %d ms are %s', (ms, said) => {
  expect(formatSpan(ms)).toBe(said);
});
