import { cleanup, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { me, openApp } from '../../testing/openApp';

afterEach(() => {
  cleanup();
  localStorage.clear();
  vi.unstubAllGlobals();
});

const options = {
  '/v1/auth/options': {
    industries: [],
    regions: [],
    password: { min_length: 12, max_length: 200 },
  },
};

it('asks who follows an invitation for no workspace, as it leads to one', async () => {
  openApp('/auth#invitation=tok_en-1', options);
  expect(await screen.findByRole('button', { name: 'Create account and join' })).toBeTruthy();
  expect(screen.queryByLabelText('Workspace')).toBeNull();
});

it('keeps the invitation for who has an account', async () => {
  openApp('/auth?mode=sign-in#invitation=tok_en-1', options);
  expect(await screen.findByRole('button', { name: 'Sign in and join' })).toBeTruthy();
  expect(screen.getByRole('link', { name: 'Create an account' }).getAttribute('href')).toContain(
    '#invitation=tok_en-1',
  );
});

it('lets who is signed in join with one step', async () => {
  localStorage.setItem('clarity.session', '1');
  openApp('/auth#invitation=tok_en-1', { ...options, '/v1/me': me });
  expect(await screen.findByRole('button', { name: 'Join the workspace' })).toBeTruthy();
  expect(screen.getByText(me.user.email)).toBeTruthy();
});
