import { cleanup, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { openApp } from '../../testing/openApp';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const open = (change: object) =>
  openApp('/app/devices/d1', {
    '/v1/devices/d1': {
      id: 'd1',
      key: 'F-01',
      name: 'Filler 1',
      kind: 'machine',
      site_id: null,
      site_name: null,
      source_id: 's1',
      state: 'never',
      last_event_at: null,
      age_s: null,
      expected_interval_s: 60,
      attributes: {},
      attribute_types: {},
      mixed_attributes: [],
      metrics: [],
      ...change,
    },
    '/v1/devices/d1/sessions/summary': { device_id: 'd1', from: '', to: '', states: [] },
  });

it('writes a time as people read it, and a text that looks like one as it is', async () => {
  open({
    attributes: { label: '2026-11-20T08:30:00Z', built_at: '2019-03-04T00:00:00Z' },
    attribute_types: { label: 'text', built_at: 'time' },
  });
  expect(await screen.findByText('2026-11-20T08:30:00Z')).toBeTruthy();
  expect(screen.getByText('4 Mar 2019')).toBeTruthy();
});

it('says that a newest reading is no number, without a unit, and nothing of a metric without one', async () => {
  const metric = { unit: '°C', last_value: null, last_at: null };
  open({
    metrics: [
      { ...metric, key: 'temp', name: 'Temperature', last_at: new Date().toISOString() },
      { ...metric, key: 'oil', name: 'Oil' },
    ],
  });
  const value = await screen.findByText('NaN or infinite');
  expect(value.parentElement?.textContent).toBe('NaN or infinite');
  expect(screen.getAllByText('–')).toHaveLength(1);
});

it('says what a device’s tag is', async () => {
  open({});
  expect(
    (await screen.findByText('F-01', { selector: 'main span span' })).parentElement?.textContent,
  ).toBe('Tag F-01');
});
