import { cleanup, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { openApp } from '../testing/openApp';

afterEach(() => {
  cleanup();
  localStorage.clear();
  vi.unstubAllGlobals();
});

const told = (newValue: string) =>
  window.dispatchEvent(new StorageEvent('storage', { key: 'clarity.workspace', newValue }));

it('is loaded anew once another tab goes on in another workspace', async () => {
  const assign = vi.spyOn(window.location, 'assign').mockImplementation(() => undefined);
  openApp('/app/members', {});
  await screen.findByRole('main');
  expect(localStorage.getItem('clarity.workspace')).toBe('o');

  told('o');
  expect(assign).not.toHaveBeenCalled();
  told('elsewhere');
  expect(assign).toHaveBeenCalledExactlyOnceWith('/app/overview');
});
