import { cleanup, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { me, openApp, page } from '../../testing/openApp';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const connection = {
  id: 'c1',
  connector_id: 'k1',
  name: 'ERP, production',
  config: { auth: 'header', parameter: 'X-Api-Key' },
  has_secret: true,
  status: 'active',
  created_at: '2026-11-01T00:00:00Z',
  updated_at: '2026-11-01T00:00:00Z',
};

const open = (permissions: string[], more: Record<string, unknown> = {}) =>
  openApp('/app/connections', {
    '/v1/me': { ...me, permissions },
    '/v1/connections': page(connection),
    '/v1/connectors': page({
      id: 'k1',
      name: 'ERP',
      type: 'http',
      config: {},
      status: 'active',
      created_at: '2026-11-01T00:00:00Z',
    }),
    ...more,
  });

it('keeps a stored secret unless a new one is given', async () => {
  open(['connections.read', 'connections.write']);
  await userEvent.click(await screen.findByRole('button', { name: 'Change ERP, production' }));
  const dialog = within(screen.getByRole('dialog'));
  const secret = dialog.getByLabelText('New key') as HTMLInputElement;
  expect(secret.value).toBe('');
  expect(secret.type).toBe('password');
  expect(dialog.getByText('Leave it empty to keep the one that is stored.')).toBeTruthy();
});

it('asks only for what the way of showing who calls needs', async () => {
  open(['connections.read', 'connections.write']);
  await userEvent.click(await screen.findByRole('button', { name: 'New connection' }));
  const dialog = within(screen.getByRole('dialog'));
  const way = dialog.getByLabelText('Authentication');
  await userEvent.selectOptions(way, 'basic');
  expect(dialog.getByLabelText('User')).toBeTruthy();
  expect(dialog.getByLabelText('Password')).toBeTruthy();
  await userEvent.selectOptions(way, 'none');
  expect(dialog.queryByLabelText('User')).toBeNull();
  expect(dialog.queryByLabelText('Password')).toBeNull();
});

it('takes a secret for an address only', async () => {
  open(['connections.read', 'connections.write']);
  await userEvent.click(await screen.findByRole('button', { name: 'New connection' }));
  const dialog = within(screen.getByRole('dialog'));
  await userEvent.type(dialog.getByLabelText('Name'), 'ERP, test');
  await userEvent.type(dialog.getByLabelText('Token'), 'a-token');
  const create = dialog.getByRole('button', { name: 'Create' });
  await userEvent.click(create);
  expect(await dialog.findByText(/This connector has no address/)).toBeTruthy();

  await userEvent.selectOptions(dialog.getByLabelText('Connector'), 'A new one');
  await userEvent.type(dialog.getByLabelText('Name of the connector'), 'ERP 2');
  expect(dialog.getByText('The secret is sent below it, and nowhere else.')).toBeTruthy();
  await userEvent.click(create);
  expect(await dialog.findByText('Is needed where a secret is.')).toBeTruthy();

  await userEvent.selectOptions(dialog.getByLabelText('Authentication'), 'none');
  expect(dialog.getByText('Left empty, each step names its own.')).toBeTruthy();
  await userEvent.click(create);
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
});

it('says so to those who may not look, and offers no change to those who only may', async () => {
  open([]);
  expect(await screen.findByText('Connections are not shown to your role')).toBeTruthy();
  cleanup();
  open(['connections.read']);
  expect(await screen.findByText('ERP, production')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'New connection' })).toBeNull();
  expect(screen.queryByRole('button', { name: 'Delete ERP, production' })).toBeNull();
});

it('says which connections keep a connector from being deleted, and asks only if none does', async () => {
  const permissions = ['connections.read', 'connections.write'];
  open(permissions);
  expect(await screen.findByText('In use by ERP, production')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Delete the connector ERP' })).toBeNull();
  cleanup();
  open(permissions, { '/v1/connections': page({ ...connection, connector_id: 'k2' }) });
  await userEvent.click(await screen.findByRole('button', { name: 'Delete the connector ERP' }));
  expect(screen.getByRole('dialog', { name: 'Delete the connector ERP?' })).toBeTruthy();
});
