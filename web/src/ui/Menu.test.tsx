import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { Menu } from './Menu';

afterEach(cleanup);

const menu = (act = () => {}) => (
  <Menu label="Account" trigger="IM">
    <button type="button" role="menuitem" tabIndex={-1} onClick={act}>
      Settings
    </button>
    <button type="button" role="menuitem" tabIndex={-1}>
      Sign out
    </button>
  </Menu>
);

it('is worked by the keyboard alone', async () => {
  const act = vi.fn();
  render(menu(act));
  const person = userEvent.setup();
  await person.tab();
  await person.keyboard('{ArrowDown}');
  expect(document.activeElement?.textContent).toBe('Settings');
  await person.keyboard('{ArrowUp}');
  expect(document.activeElement?.textContent).toBe('Sign out');
  await person.keyboard('{Home}{Enter}');
  expect(act).toHaveBeenCalledOnce();
  expect(screen.queryByRole('menu')).toBeNull();
});

it('gives the focus back to its button on Escape', async () => {
  render(menu());
  const person = userEvent.setup();
  await person.click(screen.getByRole('button', { name: 'Account' }));
  await person.keyboard('{Escape}');
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Account' }));
});
