import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import type { Extra, ExtraConflict, ExtraEntity } from '../../api/types';
import { aSource, openApp, page } from '../../testing/openApp';
import { extrasCsv } from './csv';
import { isOfReadings } from './values';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const entity = (change: Partial<ExtraEntity> = {}): ExtraEntity => ({
  id: 'd1',
  kind: 'device',
  source_id: 's1',
  table: 'public.pumps',
  key: '7',
  name: 'North pump',
  ...change,
});

const extra = (change: Partial<Extra> = {}): Extra => ({
  entity_id: 'd1',
  key: 'info.rev',
  type: 'num',
  value: 4,
  entity: entity(),
  ...change,
});

const conflict: ExtraConflict = {
  source_id: 's1',
  table: 'public.pumps',
  key: 'info.rev',
  types: [
    { type: 'num', entities: 2000, sample: 4, examples: [entity()] },
    {
      type: 'text',
      entities: 1,
      sample: 'B',
      examples: [entity({ id: 'r', kind: 'row', name: null, table: 'public.orders', key: '42' })],
    },
  ],
};

const open = (address: string, answers: Record<string, unknown> = {}) =>
  openApp(address, { '/v1/sources': page(aSource()), ...answers });

it('lists values with the device or row that each is of', async () => {
  open('/app/extras', {
    '/v1/extras': page(
      extra(),
      extra({
        entity_id: 'r',
        type: 'bool',
        value: true,
        entity: entity({ id: 'r', kind: 'row', table: 'public.orders', key: '42', name: null }),
      }),
    ),
  });
  const device = await screen.findByRole('link', { name: 'North pump' });
  expect(device.getAttribute('href')).toBe('/app/devices/d1');
  const row = screen.getByText('public.orders').closest('tr') as HTMLElement;
  expect(within(row).getByText('42')).toBeTruthy();
  expect(within(row).getByText('yes')).toBeTruthy();
});

it('names a row without a key by the event that brought it', async () => {
  const row = entity({ id: 'r', kind: 'row', name: null, table: 'public.log', key: '#2-4711' });
  open('/app/extras', { '/v1/extras': page(extra({ entity_id: 'r', entity: row })) });
  expect(await screen.findByText('row of event 4,711, epoch 2')).toBeTruthy();
  expect(screen.queryByText('#2-4711')).toBeNull();
});

it('asks for a key before it looks for values, and keeps what was typed', async () => {
  open('/app/extras', { '/v1/extras': page(extra()) });
  await screen.findByRole('link', { name: 'North pump' });
  await userEvent.selectOptions(screen.getByLabelText('Type'), 'num');
  await userEvent.type(screen.getByLabelText('At least'), '3');
  await userEvent.click(screen.getByRole('button', { name: 'Search' }));
  expect(screen.getByRole('alert').textContent).toContain('Name the key');
  expect((screen.getByLabelText('At least') as HTMLInputElement).value).toBe('3');
  await userEvent.type(screen.getByLabelText('Key'), 'info.rev{Enter}');
  await vi.waitFor(() =>
    expect(window.location.search).toBe('?key=info.rev&type=num&from=%223%22'),
  );
});

it('says what would be here where nothing is, and what to do where nothing matches', async () => {
  open('/app/extras?key=nothing');
  expect(await screen.findByText('No value matches')).toBeTruthy();
  cleanup();
  open('/app/extras');
  expect(await screen.findByText('No extras yet')).toBeTruthy();
});

it('shows of a conflict how many have which type, and leads to the values of each', async () => {
  open('/app/extras?view=conflicts', { '/v1/extras/conflicts': page(conflict) });
  const row = (await screen.findByText('Number in 2,000 rows, text in 1')).closest(
    'tr',
  ) as HTMLElement;
  await userEvent.click(within(row).getByRole('button'));
  expect(screen.getByText('B')).toBeTruthy();
  const links = screen.getAllByRole('link', { name: 'See these values' });
  expect(links[1]?.getAttribute('href')).toBe(
    '/app/extras?key=info.rev&type=text&table=public.pumps',
  );
});

it('says that every key has one type where there is no conflict', async () => {
  open('/app/extras?view=conflicts');
  expect(await screen.findByText('Every key has one type')).toBeTruthy();
});

it('is found in the palette, as the failed events are', async () => {
  open('/app/extras');
  await screen.findByText('No extras yet');
  await userEvent.keyboard('{Control>}k{/Control}');
  expect(await screen.findByRole('option', { name: /Extras/ })).toBeTruthy();
  expect(screen.getByRole('option', { name: /Failed events/ })).toBeTruthy();
});

it('exports what a spreadsheet takes as it is, and runs nothing of it', () => {
  const csv = extrasCsv([
    extra({ value: -3 }),
    extra({ type: 'text', value: '=HYPERLINK("x")', entity: null }),
  ]);
  expect(csv.split('\r\n')).toEqual([
    'entity_kind,entity_table,entity_key,entity_name,key,type,value',
    '"device","public.pumps","7","North pump","info.rev","num","-3"',
    '"","","","","info.rev","text","\'=HYPERLINK(""x"")"',
    '',
  ]);
});

it('tells keys of readings by the colon behind their table', () => {
  expect(isOfReadings('readings:unit')).toBe(true);
  expect(isOfReadings('a\\:b')).toBe(false);
  expect(isOfReadings('a\\\\:b')).toBe(true);
});
