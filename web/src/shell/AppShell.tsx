import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { Link, Outlet, useMatches, useNavigate, useRouter } from '@tanstack/react-router';
import {
  Check,
  ChevronsUpDown,
  Ellipsis,
  LogOut,
  Moon,
  Search,
  Settings,
  Sun,
  User,
} from 'lucide-react';
import {
  lazy,
  type ReactNode,
  Suspense,
  useCallback,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react';
import { deviceQuery, meQuery, sourceQuery } from '../api/queries';
import { noteWorkspace, onOtherWorkspace, onSessionEnd } from '../api/session';
import type { Me } from '../api/types';
import type { OpenedWorkflow } from '../api/workflows';
import { LiveProvider } from '../live/LiveProvider';
import { paths } from '../paths';
import { Announcer } from '../ui/announce';
import { IconButton } from '../ui/Button';
import { cx } from '../ui/cx';
import { words } from '../ui/format';
import { Menu, menuItemClass } from '../ui/Menu';
import { toggleTheme, useTheme } from '../ui/theme';
import { useWide } from '../ui/useWide';
import {
  allItems,
  barItems,
  membersItem,
  type NavItem,
  navGroups,
  navItems,
  settingsItem,
} from './nav';
import { useShortcuts } from './useShortcuts';
import { useSignOut } from './useSignOut';
import { useWorkspaceSwitch } from './useWorkspaceSwitch';

const Palette = lazy(() => import('./Palette'));
const Shortcuts = lazy(() => import('./Shortcuts'));
const MorePages = lazy(() => import('./MorePages'));

/** The frame of every signed-in page. */
export function AppShell() {
  const { data: me } = useSuspenseQuery(meQuery);
  const [overlay, setOverlay] = useState<'palette' | 'shortcuts' | 'more' | null>(null);
  const wide = useWide();
  const open = useCallback((what: 'palette' | 'shortcuts') => setOverlay(what), []);
  useShortcuts(open);
  useSessionEnd();
  useSameWorkspace(me?.organization.id);
  useFocusOnNavigation();

  if (!me) return null;
  return (
    <LiveProvider>
      <a
        href="#main"
        className="sr-only z-50 rounded-panel bg-raised px-3 py-2 focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <div className="lg:grid lg:grid-cols-[208px_minmax(0,1fr)]">
        <SideNav me={me} />
        <div className="min-w-0">
          <Header me={me} openPalette={() => setOverlay('palette')} />
          <main id="main" className="px-4 pt-4 pb-6 max-lg:px-3 max-lg:pb-24">
            {!wide && <Breadcrumb />}
            <Outlet />
          </main>
        </div>
      </div>
      <BottomBar showMore={() => setOverlay('more')} />
      <Announcer />
      <Suspense fallback={null}>
        {overlay === 'palette' && (
          <Palette onClose={() => setOverlay(null)} showShortcuts={() => setOverlay('shortcuts')} />
        )}
        {overlay === 'shortcuts' && <Shortcuts onClose={() => setOverlay(null)} />}
        {overlay === 'more' && <MorePages onClose={() => setOverlay(null)} />}
      </Suspense>
    </LiveProvider>
  );
}

/** When the session cannot be renewed: to the sign-in, and back here after it. */
function useSessionEnd(): void {
  const navigate = useNavigate();
  const router = useRouter();
  useEffect(
    () =>
      onSessionEnd(() => {
        router.options.context.queryClient.setQueryData(meQuery.queryKey, null);
        void navigate({
          to: paths.auth,
          search: { next: router.state.location.href, reason: 'ended' },
        });
      }),
    [navigate, router],
  );
}

/**
 * The cookie is all tabs' own: once it is another workspace's, whatever this page did would be done
 * there. So it is loaded anew, at the overview, as what it showed is in no other workspace.
 */
function useSameWorkspace(shown: string | undefined): void {
  useEffect(() => {
    if (!shown) return;
    noteWorkspace(shown);
    return onOtherWorkspace(shown, () => window.location.assign(paths.overview));
  }, [shown]);
}

/** A new page begins at its heading, for those who do not see it change. */
function useFocusOnNavigation(): void {
  const path = useMatches({ select: (matches) => matches.at(-1)?.pathname });
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path is what triggers it
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
  }, [path]);
}

const initials = (name: string): string =>
  name
    .split(/\s+/)
    .filter((part) => /^[\p{L}\p{N}]/u.test(part))
    .slice(0, 2)
    .map((part) => part[0]?.toUpperCase())
    .join('');

function Monogram({ name }: { name: string }) {
  return (
    <span
      aria-hidden
      className="flex size-6 shrink-0 items-center justify-center rounded-inner bg-ink font-mono text-axis text-canvas max-lg:size-8"
    >
      {initials(name)}
    </span>
  );
}

function WorkspaceMenu({ me }: { me: Me }) {
  const { organization } = me;
  const goOnIn = useWorkspaceSwitch();
  return (
    <Menu
      label={`Workspace ${organization.name}`}
      triggerClassName="flex h-9 w-full items-center gap-2 rounded-panel px-1 text-body font-semibold max-lg:w-auto max-lg:max-w-full hover:bg-sunken max-lg:h-11"
      trigger={
        <>
          <Monogram name={organization.name} />
          <span className="truncate">{organization.name}</span>
          <ChevronsUpDown
            aria-hidden
            className="ml-auto size-4 shrink-0 text-ink-3"
            strokeWidth={1.75}
          />
        </>
      }
    >
      <p className="px-2 pt-1 pb-1 text-meta text-ink-3">Your workspaces</p>
      {me.organizations.map((each) => (
        <button
          key={each.id}
          type="button"
          role="menuitemradio"
          aria-checked={each.id === organization.id}
          tabIndex={-1}
          onClick={each.id === organization.id ? undefined : () => void goOnIn(each.id)}
          className={menuItemClass}
        >
          <span className="min-w-0 flex-1">
            <span className="block truncate font-medium">{each.name}</span>
            <span className="block text-meta text-ink-3">{words(each.role)}</span>
          </span>
          {each.id === organization.id && <Check aria-hidden className="size-4" />}
        </button>
      ))}
      <hr className="my-1 border-line-weak" />
      <Link to={paths.settings} role="menuitem" tabIndex={-1} className={menuItemClass}>
        <Settings aria-hidden className="size-4 text-ink-3" strokeWidth={1.75} />
        Workspace settings
      </Link>
    </Menu>
  );
}

/** Failed events are a part of the data sources, at an address of their own. */
const useIsFailedEvents = (): boolean =>
  useMatches({ select: (matches) => matches.at(-1)?.fullPath === paths.deadLetters });

function NavLink({ item }: { item: NavItem }) {
  const Icon = item.icon;
  const within = useIsFailedEvents() && item.to === paths.dataSources;
  const active = 'bg-sunken font-medium text-ink';
  return (
    <Link
      to={item.to}
      className="flex h-8 items-center gap-3 rounded-panel px-2 text-body"
      activeProps={{ className: active }}
      inactiveProps={{
        className: within ? active : 'text-ink-2 hover:bg-sunken/60 hover:text-ink',
      }}
    >
      <Icon aria-hidden className="size-4 shrink-0" strokeWidth={1.75} />
      {item.label}
    </Link>
  );
}

function NavGroup({ title, children }: { title: string | null; children: ReactNode }) {
  const id = useId();
  if (title === null) return <div className="flex flex-col gap-px">{children}</div>;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div role="group" aria-labelledby={id} className="flex flex-col gap-px">
      <p id={id} className="px-2 pb-1 text-meta text-ink-3">
        {title}
      </p>
      {children}
    </div>
  );
}

function SideNav({ me }: { me: Me }) {
  return (
    <nav
      aria-label="Main"
      className="sticky top-0 hidden h-dvh flex-col border-r border-line px-2 py-1.5 lg:flex"
    >
      <WorkspaceMenu me={me} />
      <div className="mt-2 flex min-h-0 flex-col gap-3 overflow-y-auto">
        {navGroups.map((group) => (
          <NavGroup key={group.title} title={group.title}>
            {group.items.map((item) => (
              <NavLink key={item.to} item={item} />
            ))}
          </NavGroup>
        ))}
      </div>
      <div className="mt-auto pt-2 pb-1">
        <NavLink item={membersItem} />
        <NavLink item={settingsItem} />
      </div>
    </nav>
  );
}

function BottomBar({ showMore }: { showMore: () => void }) {
  const failedEvents = useIsFailedEvents();
  const path = useMatches({ select: (matches) => matches.at(-1)?.fullPath ?? '' });
  const elsewhere = !failedEvents && !barItems.some((item) => path.startsWith(item.to));
  const active = 'font-medium text-ink';
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-20 grid grid-cols-5 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] lg:hidden"
    >
      {barItems.map((item) => (
        <Link
          key={item.to}
          to={item.to}
          className="flex h-14 min-w-0 flex-col items-center justify-center gap-1 text-center text-axis leading-none focus-visible:outline-offset-[-2px]"
          activeProps={{ className: active }}
          inactiveProps={{
            className: failedEvents && item.to === paths.dataSources ? active : 'text-ink-3',
          }}
        >
          <item.icon aria-hidden className="size-5" strokeWidth={1.75} />
          {item.label}
        </Link>
      ))}
      <button
        type="button"
        aria-haspopup="dialog"
        onClick={showMore}
        className={cx(
          'flex h-14 min-w-0 flex-col items-center justify-center gap-1 text-axis leading-none focus-visible:outline-offset-[-2px]',
          elsewhere ? active : 'text-ink-3',
        )}
      >
        <Ellipsis aria-hidden className="size-5" strokeWidth={1.75} />
        More
      </button>
    </nav>
  );
}

function Header({ me, openPalette }: { me: Me; openPalette: () => void }) {
  const wide = useWide();
  const theme = useTheme();
  const signOut = useSignOut();
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <header className="sticky top-0 z-10 flex h-12 items-center gap-2 border-b border-line bg-canvas px-4 max-lg:px-2">
      {wide && (
        <div className="min-w-0 flex-1">
          <Breadcrumb />
        </div>
      )}
      <div className="min-w-0 flex-1 lg:hidden">
        <WorkspaceMenu me={me} />
      </div>
      <button
        type="button"
        onClick={openPalette}
        aria-keyshortcuts="Control+K Meta+K"
        className="flex h-8 w-64 items-center gap-2 rounded-panel border border-line bg-surface px-2.5 text-ink-3 hover:border-line-strong max-lg:hidden"
      >
        <Search aria-hidden className="size-4" strokeWidth={1.75} />
        <span className="text-ink-2">Search or run a command</span>
        <kbd aria-hidden className="ml-auto font-mono text-axis">
          {isMac ? '⌘ K' : 'Ctrl K'}
        </kbd>
      </button>
      <IconButton label="Search or run a command" className="lg:hidden" onClick={openPalette}>
        <Search aria-hidden className="size-5" strokeWidth={1.75} />
      </IconButton>
      <IconButton
        label={`Switch to ${other} theme`}
        className="lg:size-8 max-lg:hidden"
        onClick={toggleTheme}
      >
        {theme === 'dark' ? (
          <Sun aria-hidden className="size-4 max-lg:size-5" strokeWidth={1.75} />
        ) : (
          <Moon aria-hidden className="size-4 max-lg:size-5" strokeWidth={1.75} />
        )}
      </IconButton>
      <Menu
        label={`${me.user.name}, your account`}
        align="right"
        triggerClassName="flex size-8 items-center justify-center rounded-full bg-accent-wash text-axis font-semibold text-accent max-lg:size-11 max-lg:text-meta"
        trigger={<span aria-hidden>{initials(me.user.name)}</span>}
      >
        <div className="px-2 pt-1 pb-2">
          <p className="truncate font-medium">{me.user.name}</p>
          <p className="truncate text-meta text-ink-3">{me.user.email}</p>
        </div>
        <hr className="mb-1 border-line-weak" />
        <Link to={paths.settings} role="menuitem" tabIndex={-1} className={menuItemClass}>
          <User aria-hidden className="size-4 text-ink-3" strokeWidth={1.75} />
          Settings
        </Link>
        <button
          type="button"
          role="menuitem"
          tabIndex={-1}
          className={menuItemClass}
          onClick={toggleTheme}
        >
          {theme === 'dark' ? (
            <Sun aria-hidden className="size-4 text-ink-3" strokeWidth={1.75} />
          ) : (
            <Moon aria-hidden className="size-4 text-ink-3" strokeWidth={1.75} />
          )}
          Switch to {other}
        </button>
        <button
          type="button"
          role="menuitem"
          tabIndex={-1}
          className={menuItemClass}
          onClick={signOut}
        >
          <LogOut aria-hidden className="size-4 text-ink-3" strokeWidth={1.75} />
          Sign out
        </button>
      </Menu>
    </header>
  );
}

const isMac = /mac/i.test(globalThis.navigator?.platform ?? '');

/** Which list a page is one of, or a part of. */
const parents: Record<string, NavItem['to']> = {
  [paths.device]: paths.devices,
  [paths.source]: paths.dataSources,
  [paths.deadLetters]: paths.dataSources,
  [paths.workflow]: paths.workflows,
  [paths.execution]: paths.executions,
};

/** On a phone it stands above the page, and only where it leads back. */
function Breadcrumb() {
  const wide = useWide();
  const match = useMatches({
    select: (matches) => {
      const last = matches.at(-1);
      return { path: last?.fullPath ?? '', id: (last?.params as { id?: string })?.id };
    },
  });
  const parent = navItems.find((item) => item.to === parents[match.path]);
  const page = allItems.find((item) => item.to === match.path);
  if (!wide && !parent) return null;
  return (
    <nav aria-label="Breadcrumb" className="max-lg:-mt-3">
      <ol className="flex min-w-0 items-center text-body">
        {parent && (
          <li className="flex items-center">
            <Link
              to={parent.to}
              className="text-ink-2 hover:text-ink max-lg:flex max-lg:min-h-11 max-lg:items-center max-lg:underline max-lg:underline-offset-3"
            >
              {parent.label}
            </Link>
            <span aria-hidden className="px-2 text-ink-3">
              /
            </span>
          </li>
        )}
        <li className="truncate font-medium" aria-current="page">
          {match.id ? <DetailName path={match.path} id={match.id} /> : (page?.label ?? '')}
        </li>
      </ol>
    </nav>
  );
}

function DetailName({ path, id }: { path: string; id: string }) {
  const device = useQuery({ ...deviceQuery(id), enabled: path === paths.device });
  const source = useQuery({ ...sourceQuery(id), enabled: path === paths.source });
  // Its page asks; what questions about workflows need is not for every page to load.
  const workflow = useQuery<OpenedWorkflow>({
    queryKey: ['workflows', 'one', id],
    queryFn: async ({ signal }) => (await import('../api/workflows')).openWorkflow(id, signal),
    enabled: false,
  });
  if (path === paths.execution) return <span className="font-mono">{id.slice(-8)}</span>;
  const [name, kind] =
    path === paths.device
      ? [device.data?.name, 'Device']
      : path === paths.workflow
        ? [workflow.data?.workflow.name, 'Workflow']
        : [source.data?.name, 'Source'];
  return <span className={cx(!name && 'text-ink-3')}>{name ?? kind}</span>;
}
