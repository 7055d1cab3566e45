import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import type { Member, Role } from '../../api/types';
import { me, openApp, page } from '../../testing/openApp';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const member = (id: string, name: string, role: Role): Member => ({
  id,
  name,
  role,
  email: `${name.toLowerCase()}@northgate.example`,
  joined_at: '2026-11-01T00:00:00Z',
  last_login_at: null,
});

const open = (role: Role, permissions: string[]) =>
  openApp('/app/members', {
    '/v1/me': { ...me, role, permissions },
    '/v1/organizations/o/users': page(
      member('u', 'Ines', role),
      member('v', 'Olga', 'owner'),
      member('w', 'Vera', 'viewer'),
    ),
    '/v1/organizations/o/invitations': page({
      id: 'i',
      email: 'grace@northgate.example',
      name: null,
      role: 'member',
      expires_at: '2026-11-30T00:00:00Z',
    }),
  });

it('lets an admin change those that an admin may, and nobody above', async () => {
  open('admin', ['members.read', 'members.write']);
  expect(await screen.findByRole('button', { name: 'Remove Vera' })).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Remove Olga' })).toBeNull();
  expect(screen.queryByRole('button', { name: 'Remove Ines' })).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'Change the role of Vera' }));
  const roles = within(screen.getByRole('dialog')).getAllByRole('option');
  expect(roles.map((option) => option.textContent)).toEqual([
    'Admin',
    'Member',
    'Operator',
    'Viewer',
  ]);
});

it('shows a viewer who is there, and lets them leave', async () => {
  open('viewer', ['members.read']);
  expect(await screen.findByText('Vera')).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Leave' })).toBeTruthy();
  expect(screen.queryByText('Open invitations')).toBeNull();
  expect(screen.queryByRole('button', { name: 'Invite a member' })).toBeNull();
});

it('asks before an invitation is revoked', async () => {
  open('owner', ['members.read', 'members.write']);
  await userEvent.click(
    await screen.findByRole('button', { name: 'Revoke the invitation of grace@northgate.example' }),
  );
  expect(screen.getByRole('dialog', { name: 'Revoke this invitation?' })).toBeTruthy();
});

it('lets an owner leave only while another stays', async () => {
  open('owner', ['members.read', 'members.write']);
  expect(await screen.findByRole('button', { name: 'Leave' })).toBeTruthy();
  cleanup();
  openApp('/app/members', {
    '/v1/me': { ...me, role: 'owner', permissions: ['members.read', 'members.write'] },
    '/v1/organizations/o/users': page(member('u', 'Ines', 'owner'), member('w', 'Vera', 'admin')),
  });
  expect(await screen.findByText(/^The only owner cannot leave/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Leave' })).toBeNull();
});
