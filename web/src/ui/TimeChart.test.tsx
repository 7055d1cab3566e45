import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it } from 'vitest';
import { TimeChart } from './TimeChart';

afterEach(cleanup);

const to = Math.floor(Date.now() / 60_000) * 60;
const at = new Date((to - 30) * 1000).toISOString();
const line = (name: string, value: number) => ({
  id: name,
  name,
  points: [
    [to - 120, value],
    [to - 60, value + 1],
  ],
});

const chart = (series: ReturnType<typeof line>[], age = at) => (
  <TimeChart
    title="Bowl pressure"
    unit="bar"
    series={series}
    from={to - 3600}
    to={to}
    stepS={60}
    at={age}
    staleAfterS={300}
    syncKey="test"
  />
);

it('tells its latest values to those who do not see it', () => {
  render(chart([line('Leeds', 3), line('Porto', 7)]));
  const label = screen.getByRole('img').getAttribute('aria-label');
  expect(label).toContain('Latest: Leeds 4.00 bar, Porto 8.00 bar.');
});

it('shows the same as a table', async () => {
  render(chart([line('Leeds', 3)]));
  await userEvent.click(screen.getByRole('button', { name: 'View Bowl pressure as table' }));
  expect(screen.getByRole('columnheader', { name: 'Leeds' })).toBeTruthy();
  expect(screen.getAllByRole('row')).toHaveLength(3);
  expect(screen.getByRole('cell', { name: '4.00' })).toBeTruthy();
});

it('says that old data is stale', () => {
  render(chart([line('Leeds', 3)], new Date(Date.now() - 3_600_000).toISOString()));
  expect(screen.getByText(/^Stale/)).toBeTruthy();
});

it('draws small charts instead of more than four lines', () => {
  render(chart(['A', 'B', 'C', 'D', 'E'].map((name) => line(name, 1))));
  expect(screen.queryByRole('img')).toBeNull();
  expect(screen.getAllByRole('listitem')).toHaveLength(5);
});

it('keeps no data apart from zero', () => {
  render(chart([{ id: 'a', name: 'Leeds', points: [] }]));
  expect(screen.getByText(/No readings between/)).toBeTruthy();
});
