import { cleanup, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
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

it('accepts an invitation once, also when going on in the workspace fails at first', async () => {
  localStorage.setItem('clarity.session', '1');
  openApp('/auth#invitation=tok_en-1', { ...options, '/v1/me': me });
  const answer = globalThis.fetch;
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname } = new URL(request.url);
    if (request.method === 'POST') asked.push(pathname);
    if (pathname === '/v1/invitations/accept') return Response.json({ organization: { id: 'o' } });
    if (pathname !== '/v1/auth/switch') return answer(request);
    return asked.length === 2
      ? Response.json({ status: 503, code: 'unavailable', detail: 'Busy.' }, { status: 503 })
      : Response.json({});
  });
  const join = await screen.findByRole('button', { name: 'Join the workspace' });
  await userEvent.click(join);
  expect(await screen.findByText(/Busy\./)).toBeTruthy();
  await userEvent.click(join);
  await waitFor(() => expect(window.location.pathname).toBe('/app/overview'));
  expect(asked).toEqual(['/v1/invitations/accept', '/v1/auth/switch', '/v1/auth/switch']);
});
