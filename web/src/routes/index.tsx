import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { meQuery } from '../api/queries';
import { paths } from '../paths';
import type { RouterContext } from './context';
import { NotFound, PageError } from './fallback';
import * as search from './search';

/** Every route, once. Pages load apart; what a page needs first is asked for while its script loads. */

const root = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  notFoundComponent: () => (
    <main>
      <NotFound />
    </main>
  ),
});

const home = createRoute({
  getParentRoute: () => root,
  path: paths.home,
  component: lazyRouteComponent(() => import('../pages/home/HomePage'), 'HomePage'),
});

const auth = createRoute({
  getParentRoute: () => root,
  path: paths.auth,
  validateSearch: search.authSearch,
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

const devices = createRoute({
  getParentRoute: () => app,
  path: 'devices',
  validateSearch: search.devicesSearch,
  component: lazyRouteComponent(() => import('../pages/devices/DevicesPage'), 'DevicesPage'),
});

const device = createRoute({
  getParentRoute: () => app,
  path: 'devices/$id',
  validateSearch: search.deviceSearch,
  component: lazyRouteComponent(() => import('../pages/devices/DevicePage'), 'DevicePage'),
});

const dataSources = createRoute({
  getParentRoute: () => app,
  path: 'data-sources',
  validateSearch: search.dataSourcesSearch,
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

const events = createRoute({
  getParentRoute: () => app,
  path: 'events',
  validateSearch: search.eventsSearch,
  component: lazyRouteComponent(() => import('../pages/events/EventsPage'), 'EventsPage'),
});

const deadLetters = createRoute({
  getParentRoute: () => app,
  path: 'dead-letters',
  validateSearch: search.deadLettersSearch,
  component: lazyRouteComponent(
    () => import('../pages/dead-letters/DeadLettersPage'),
    'DeadLettersPage',
  ),
});

const extras = createRoute({
  getParentRoute: () => app,
  path: 'extras',
  validateSearch: search.extrasSearch,
  component: lazyRouteComponent(() => import('../pages/extras/ExtrasPage'), 'ExtrasPage'),
});

const workflows = createRoute({
  getParentRoute: () => app,
  path: 'workflows',
  validateSearch: search.workflowsSearch,
  component: lazyRouteComponent(() => import('../pages/workflows/WorkflowsPage'), 'WorkflowsPage'),
});

const workflow = createRoute({
  getParentRoute: () => app,
  path: 'workflows/$id',
  validateSearch: search.workflowSearch,
  component: lazyRouteComponent(() => import('../pages/workflows/WorkflowPage'), 'WorkflowPage'),
});

const executions = createRoute({
  getParentRoute: () => app,
  path: 'executions',
  validateSearch: search.executionsSearch,
  component: lazyRouteComponent(
    () => import('../pages/executions/ExecutionsPage'),
    'ExecutionsPage',
  ),
});

const execution = createRoute({
  getParentRoute: () => app,
  path: 'executions/$id',
  component: lazyRouteComponent(() => import('../pages/executions/ExecutionPage'), 'ExecutionPage'),
});

const connections = createRoute({
  getParentRoute: () => app,
  path: 'connections',
  component: lazyRouteComponent(
    () => import('../pages/connections/ConnectionsPage'),
    'ConnectionsPage',
  ),
});

const members = createRoute({
  getParentRoute: () => app,
  path: 'members',
  component: lazyRouteComponent(() => import('../pages/members/MembersPage'), 'MembersPage'),
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
    workflows,
    workflow,
    executions,
    execution,
    connections,
    members,
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
