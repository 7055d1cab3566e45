import { cleanup, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { openApp } from '../../testing/openApp';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it('writes a time as people read it, and a text that looks like one as it is', async () => {
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
      attributes: { label: '2026-11-20T08:30:00Z', built_at: '2019-03-04T00:00:00Z' },
      attribute_types: { label: 'text', built_at: 'time' },
      mixed_attributes: [],
      metrics: [],
    },
    '/v1/devices/d1/sessions/summary': { device_id: 'd1', from: '', to: '', states: [] },
  });
  expect(await screen.findByText('2026-11-20T08:30:00Z')).toBeTruthy();
  expect(screen.getByText('4 Mar 2019')).toBeTruthy();
});
