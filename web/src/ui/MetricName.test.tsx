import { cleanup, render } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import { MetricName } from './MetricName';

afterEach(cleanup);

it('has its unit beside it, unless that is its name already', () => {
  expect(render(<MetricName name="Energy" unit="kWh" />).container.textContent).toBe('Energy kWh');
  expect(render(<MetricName name="kwh" unit="kWh" />).container.textContent).toBe('kwh');
});
