import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  type SearchSchemaInput,
} from '@tanstack/react-router';
import {
  type DeadLetterFilter,
  type DeviceFilter,
  type EventFilter,
  type ExtraFilter,
  meQuery,
} from '../api/queries';
import type { DeadLetter } from '../api/types';
import { paths, safeNext } from '../paths';
import type { RouterContext } from './context';
import { NotFound, PageError } from './fallback';

/** Every route, once. Pages load apart; what a page needs first is asked for while its script loads. */

const root = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  notFoundComponent: () => (
    <main>
      <NotFound />
    </main>
  ),
});

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value.slice(0, 200) : undefined;

/** What looks like a number or a boolean in an address comes as one. */
const written = (value: unknown): string | undefined =>
  typeof value === 'number' || typeof value === 'boolean' ? String(value) : text(value);

const oneOf = <T extends string>(known: readonly T[], value: unknown): T | undefined =>
  known.find((each) => each === value);
const deviceStates = ['reporting', 'late', 'silent', 'never', 'loading', 'removed'] as const;
const extraTypes = ['text', 'num', 'bool', 'time'] as const;
const operations = ['insert', 'update', 'delete', 'read', 'truncate'] as const;

const deadLetterCauses: readonly DeadLetter['cause'][] = [
  'refused_by_database',
  'mapping_failed',
  'too_many_in_batch',
  'row_in_quarantine',
  'payload_wrapped',
  'not_in_bronze',
  'batch_corrupt',
];

/** Leaves out what is not set, so that addresses stay short. */
const defined = <T extends object>(search: T): { [K in keyof T]: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: NonNullable<T[K]>;
  };

const home = createRoute({
  getParentRoute: () => root,
  path: paths.home,
  component: lazyRouteComponent(() => import('../pages/home/HomePage'), 'HomePage'),
});

export type AuthSearch = { mode?: 'sign-up'; next?: string; reason?: 'ended' };
const auth = createRoute({
  getParentRoute: () => root,
  path: paths.auth,
  validateSearch: (search: Record<string, unknown> & SearchSchemaInput): AuthSearch =>
    defined({
      mode: search.mode === 'sign-up' ? ('sign-up' as const) : undefined,
      next: safeNext(search.next),
      reason: search.reason === 'ended' ? ('ended' as const) : undefined,
    }),
  component: lazyRouteComponent(() => import('../pages/auth/AuthPage'), 'AuthPage'),
});

const app = createRoute({
  getParentRoute: () => root,
  path: paths.app,
  beforeLoad: async ({ context, location }) => {
    const me = await context.queryClient.ensureQueryData(meQuery);
    if (!me) throw redirect({ to: paths.auth, search: { next: location.href } });
  },
  component: lazyRouteComponent(() => import('../shell/AppShell'), 'AppShell'),
  notFoundComponent: NotFound,
});

const appIndex = createRoute({
  getParentRoute: () => app,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: paths.overview });
  },
});

const overview = createRoute({
  getParentRoute: () => app,
  path: 'overview',
  component: lazyRouteComponent(() => import('../pages/overview/OverviewPage'), 'OverviewPage'),
});

export type DevicesSearch = DeviceFilter;
const devices = createRoute({
  getParentRoute: () => app,
  path: 'devices',
  validateSearch: (search: Record<string, unknown> & SearchSchemaInput): DevicesSearch =>
    defined({
      site_id: text(search.site_id),
      state: oneOf(deviceStates, search.state),
      q: text(search.q),
    }),
  component: lazyRouteComponent(() => import('../pages/devices/DevicesPage'), 'DevicesPage'),
});

export type DeviceSearch = { range?: '6h' | '24h' };
const device = createRoute({
  getParentRoute: () => app,
  path: 'devices/$id',
  validateSearch: (search: Record<string, unknown> & SearchSchemaInput): DeviceSearch =>
    defined({
      range: search.range === '6h' || search.range === '24h' ? search.range : undefined,
    }),
  component: lazyRouteComponent(() => import('../pages/devices/DevicePage'), 'DevicePage'),
});

export type DataSourcesSearch = { pair?: boolean };
const dataSources = createRoute({
  getParentRoute: () => app,
  path: 'data-sources',
  validateSearch: (search: Record<string, unknown> & SearchSchemaInput): DataSourcesSearch =>
    defined({ pair: search.pair === true ? true : undefined }),
  component: lazyRouteComponent(
    () => import('../pages/data-sources/DataSourcesPage'),
    'DataSourcesPage',
  ),
});

const source = createRoute({
  getParentRoute: () => app,
  path: 'data-sources/$id',
  component: lazyRouteComponent(() => import('../pages/data-sources/SourcePage'), 'SourcePage'),
});

export type EventsSearch = EventFilter;
const events = createRoute({
  getParentRoute: () => app,
  path: 'events',
  validateSearch: (search: Record<string, unknown> & SearchSchemaInput): EventsSearch =>
    defined({
      source_id: text(search.source_id),
      table: text(search.table),
      op: oneOf(operations, search.op),
      from: text(search.from),
      to: text(search.to),
    }),
  component: lazyRouteComponent(() => import('../pages/events/EventsPage'), 'EventsPage'),
});

export type DeadLettersSearch = DeadLetterFilter & { view?: 'list' };
const deadLetters = createRoute({
  getParentRoute: () => app,
  path: 'dead-letters',
  validateSearch: (search: Record<string, unknown> & SearchSchemaInput): DeadLettersSearch =>
    defined({
      view: search.view === 'list' ? ('list' as const) : undefined,
      source_id: text(search.source_id),
      cause: oneOf(deadLetterCauses, search.cause),
      table: text(search.table),
      settled: search.settled === true || search.settled === 'true' ? (true as const) : undefined,
    }),
  component: lazyRouteComponent(
    () => import('../pages/dead-letters/DeadLettersPage'),
    'DeadLettersPage',
  ),
});

export type ExtrasSearch = ExtraFilter & { view?: 'conflicts'; source_id?: string };
const extras = createRoute({
  getParentRoute: () => app,
  path: 'extras',
  validateSearch: (search: Record<string, unknown> & SearchSchemaInput): ExtrasSearch =>
    defined({
      view: search.view === 'conflicts' ? ('conflicts' as const) : undefined,
      source_id: text(search.source_id),
      key: written(search.key),
      type: oneOf(extraTypes, search.type),
      table: text(search.table),
      from: written(search.from),
      to: written(search.to),
      prefix: written(search.prefix),
      contains: written(search.contains),
    }),
  component: lazyRouteComponent(() => import('../pages/extras/ExtrasPage'), 'ExtrasPage'),
});

const settings = createRoute({
  getParentRoute: () => app,
  path: 'settings',
  component: lazyRouteComponent(() => import('../pages/settings/SettingsPage'), 'SettingsPage'),
});

const tree = root.addChildren([
  home,
  auth,
  app.addChildren([
    appIndex,
    overview,
    devices,
    device,
    dataSources,
    source,
    deadLetters,
    events,
    extras,
    settings,
  ]),
]);

export const makeRouter = (context: RouterContext) =>
  createRouter({
    routeTree: tree,
    context,
    defaultPreload: 'intent',
    scrollRestoration: true,
    defaultErrorComponent: PageError,
    defaultNotFoundComponent: NotFound,
  });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
