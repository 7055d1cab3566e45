import { cleanup, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { aSource, me, openApp, page } from '../../testing/openApp';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const rebuild = {
  id: 'r1',
  source_id: 's1',
  state: 'running',
  events_done: 400,
  events_total: 1000,
  problem: null,
  of_snapshot: false,
  requested_at: '2026-11-20T10:00:00Z',
  ended_at: null,
};

const open = (permissions: string[], rebuilds: unknown[], model = {}) => {
  const source = aSource({ model: { ...aSource().model, ...model } });
  openApp('/app/data-sources/s1', {
    '/v1/me': { ...me, permissions },
    '/v1/sources': page(source),
    '/v1/sources/s1': source,
    '/v1/sources/s1/rebuilds': page(...rebuilds),
  });
};

it('asks before it builds anew, and says what that means', async () => {
  open(['sources.read', 'sources.write'], []);
  await userEvent.click(await screen.findByRole('button', { name: 'Build anew' }));
  expect(await screen.findByRole('dialog', { name: 'Build plant anew?' })).toBeTruthy();
  expect(screen.getByText(/All 100 stored events/)).toBeTruthy();
});

it('shows how far one is that is under way, and offers no second one', async () => {
  open(['sources.read', 'sources.write'], [rebuild], { state: 'rebuilding' });
  expect(await screen.findByText(/400 of 1,000 events/)).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Cancel building' })).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Build anew' })).toBeNull();
});

it('shows how far one is that belongs to a new copy of all tables, and lets nobody cancel it', async () => {
  open(['sources.read', 'sources.write'], [{ ...rebuild, of_snapshot: true }], {
    state: 'building',
    rows: 1500,
  });
  expect(await screen.findByText(/400 of 1,000 events/)).toBeTruthy();
  expect(screen.getByText(/with a new copy of all tables, as deleted rows are kept/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Cancel building' })).toBeNull();
});

it('lets nobody build anew who may not', async () => {
  open(['sources.read'], [rebuild]);
  expect(await screen.findByText(/400 of 1,000 events/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Cancel building' })).toBeNull();
  expect(screen.queryByRole('button', { name: 'Build anew' })).toBeNull();
});

it('says that pages show the state before a snapshot that is taken again', async () => {
  open(['sources.read'], [], { state: 'building', rows: 1500 });
  expect(await screen.findByText(/1,500 rows so far. Pages show the state before it/)).toBeTruthy();
});
