import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { me, openApp, page } from '../../testing/openApp';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const open = (permissions: string[]) =>
  openApp('/app/settings', {
    '/v1/me': {
      ...me,
      role: 'owner',
      permissions,
      organization: {
        ...me.organization,
        industry: 'energy',
        region: 'eu-north',
        plan: 'starter',
        domain: null,
        created_at: '2026-11-01T00:00:00Z',
      },
    },
    '/v1/auth/options': {
      industries: [
        { id: 'automotive', name: 'Automotive' },
        { id: 'energy', name: 'Energy' },
      ],
      regions: [{ id: 'eu-north', name: 'Europe, north' }],
      password: { min_length: 12, max_length: 200 },
    },
    '/v1/plans': page({
      id: 'starter',
      title: 'Starter',
      members_max: 10,
      workflows_max: 50,
      connections_max: 20,
      executions_at_once_max: 20,
      executions_backlog_max: 10_000,
      log_retention_days: 7,
      webhook_body_bytes_max: 262_144,
    }),
  });

it('says what the plan allows, and lets nobody change the workspace who may not', async () => {
  open([]);
  expect(await screen.findByText('20 at once, 10,000 waiting')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Change' })).toBeNull();
});

it('begins a change of the workspace with what it says now', async () => {
  open(['workspace.write']);
  await userEvent.click(await screen.findByRole('button', { name: 'Change' }));
  const dialog = within(screen.getByRole('dialog', { name: 'Change the workspace' }));
  expect((dialog.getByLabelText('Name') as HTMLInputElement).value).toBe('Northgate');
  expect((dialog.getByLabelText('Industry') as HTMLSelectElement).value).toBe('energy');
});
