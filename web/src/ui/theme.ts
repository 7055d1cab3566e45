import { useSyncExternalStore } from 'react';

export type Theme = 'light' | 'dark';

const key = 'clarity.theme';
const system = globalThis.matchMedia?.('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

function chosen(): Theme | null {
  const theme = document.documentElement.dataset.theme;
  return theme === 'light' || theme === 'dark' ? theme : null;
}

export const currentTheme = (): Theme => chosen() ?? (system?.matches ? 'dark' : 'light');

/** Keeps the person's choice; null follows the system again. */
export function setTheme(theme: Theme | null): void {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  try {
    if (theme) localStorage.setItem(key, theme);
    else localStorage.removeItem(key);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  system?.addEventListener('change', listener);
  return () => {
    listeners.delete(listener);
    system?.removeEventListener('change', listener);
  };
}

export const useTheme = (): Theme => useSyncExternalStore(subscribe, currentTheme);

/** What the person chose; null where the system decides. */
export const useThemeChoice = (): Theme | null => useSyncExternalStore(subscribe, chosen);

export const toggleTheme = (): void => setTheme(currentTheme() === 'dark' ? 'light' : 'dark');

/** Resolves a token for canvas, which cannot read CSS variables. */
export function tokenColor(token: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(--${token})`;
  probe.style.display = 'none';
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}
