import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { SignInForm } from './SignInForm';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const refusing = (
  status: number,
  code: string,
  headers: Record<string, string> = {},
  errors: object[] = [],
) =>
  vi.stubGlobal('fetch', async () =>
    Response.json(
      { type: 'x', title: 'Refused', status, code, instance: 'urn:uuid:1', remedy: '', errors },
      { status, headers },
    ),
  );

async function fillIn() {
  const person = userEvent.setup();
  await person.type(screen.getByLabelText('Email'), 'ines@northgate.example');
  await person.type(screen.getByLabelText('Password'), 'wrong horse battery');
  await person.click(screen.getByRole('button', { name: 'Sign in' }));
}

it('says what to do when a field is left empty or wrong', async () => {
  render(<SignInForm onDone={async () => {}} />);
  const person = userEvent.setup();
  await person.type(screen.getByLabelText('Email'), 'ines');
  await person.tab();
  expect(await screen.findByText('Enter an email like name@company.com.')).toBeTruthy();
  await person.tab();
  expect(await screen.findByText('Enter your password.')).toBeTruthy();
});

it('keeps what was typed when the sign-in is refused', async () => {
  refusing(401, 'invalid_credentials');
  render(<SignInForm onDone={async () => {}} />);
  await fillIn();
  const alert = await screen.findByText(/do not match/);
  expect(alert).toBeTruthy();
  expect(screen.getByLabelText<HTMLInputElement>('Email').value).toBe('ines@northgate.example');
});

it('says beside its field what is wrong with it', async () => {
  refusing(400, 'validation_failed', {}, [{ pointer: '/email', message: 'is no such thing' }]);
  render(<SignInForm onDone={async () => {}} />);
  await fillIn();
  expect(await screen.findByText('is no such thing')).toBeTruthy();
  expect(screen.getByLabelText('Email').getAttribute('aria-invalid')).toBe('true');
});

it('says how long to wait after too many attempts', async () => {
  refusing(429, 'rate_limited', { 'Retry-After': '90' });
  render(<SignInForm onDone={async () => {}} />);
  await fillIn();
  expect(await screen.findByText('Too many attempts. Try again in 1 min.')).toBeTruthy();
});

it('goes on after a sign-in', async () => {
  vi.stubGlobal('fetch', async () => Response.json({}));
  const done = vi.fn(async () => {});
  render(<SignInForm onDone={done} />);
  await fillIn();
  await vi.waitFor(() => expect(done).toHaveBeenCalledOnce());
});
