import type { Connection } from '../../api/types';

export type Auth = Connection['config']['auth'];

/** How a service is shown who calls it; what the secret is called, and what is asked beside it. */
export const ways: Record<
  Auth,
  { label: string; secret: string | null; beside: 'username' | 'parameter' | null; hint: string }
> = {
  bearer: {
    label: 'Bearer token',
    secret: 'Token',
    beside: null,
    hint: 'Sent as Authorization: Bearer …',
  },
  basic: {
    label: 'User and password',
    secret: 'Password',
    beside: 'username',
    hint: 'Sent as Authorization: Basic …',
  },
  header: {
    label: 'Key in a header',
    secret: 'Key',
    beside: 'parameter',
    hint: 'Sent in a header of its own, such as X-Api-Key.',
  },
  query: {
    label: 'Key in the address',
    secret: 'Key',
    beside: 'parameter',
    hint: 'Sent as a parameter behind the question mark.',
  },
  none: {
    label: 'Nothing',
    secret: null,
    beside: null,
    hint: 'The service asks nobody who calls.',
  },
};

export const auths = Object.keys(ways) as Auth[];

/** "X-Api-Key in a header", without what is secret. */
export function wayOf({ auth, username, parameter }: Connection['config']): string {
  const way = ways[auth];
  const beside = way.beside === 'username' ? username : parameter;
  return way.beside && beside ? `${way.label}, ${beside}` : way.label;
}

/** What goes to the API of what a form holds: only what the way needs. */
export const configOf = (auth: Auth, beside: string): Connection['config'] => {
  const way = ways[auth];
  return way.beside ? { auth, [way.beside]: beside.trim() } : { auth };
};
