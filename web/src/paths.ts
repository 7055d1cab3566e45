/** Every address of the app, once. Links, redirects and the palette name pages through this. */
export const paths = {
  home: '/',
  auth: '/auth',
  app: '/app',
  overview: '/app/overview',
  devices: '/app/devices',
  device: '/app/devices/$id',
  dataSources: '/app/data-sources',
  source: '/app/data-sources/$id',
  deadLetters: '/app/dead-letters',
  events: '/app/events',
  extras: '/app/extras',
  workflows: '/app/workflows',
  workflow: '/app/workflows/$id',
  executions: '/app/executions',
  execution: '/app/executions/$id',
  connections: '/app/connections',
  members: '/app/members',
  settings: '/app/settings',
} as const;

/** Where `next` may lead after a sign-in: a page of the app, never another host. */
export function safeNext(next: unknown): string | undefined {
  if (typeof next !== 'string') return undefined;
  return /^\/app(?:[/?#]|$)/.test(next) && !next.includes('\\') ? next : undefined;
}
