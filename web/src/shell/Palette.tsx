import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Command } from 'cmdk';
import { type ReactNode, useDeferredValue, useState } from 'react';
import { api, body } from '../api/client';
import { sourcesQuery } from '../api/queries';
import { paths } from '../paths';
import { Dialog } from '../ui/Dialog';
import { DeviceStatus } from '../ui/Status';
import { toggleTheme } from '../ui/theme';
import { allItems } from './nav';
import { useSignOut } from './useSignOut';

const recentKey = 'clarity.recent';
const recentLimit = 5;
type Recent = { id: string; name: string };

function readRecent(): Recent[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(recentKey) ?? '[]');
    return Array.isArray(found)
      ? found
          .filter(
            (each): each is Recent =>
              typeof each?.id === 'string' && typeof each?.name === 'string',
          )
          .slice(0, recentLimit)
      : [];
  } catch {
    return [];
  }
}

function remember(device: Recent): void {
  try {
    const others = readRecent().filter((each) => each.id !== device.id);
    localStorage.setItem(recentKey, JSON.stringify([device, ...others].slice(0, recentLimit)));
  } catch {
    // Without storage there is simply no list of recent devices.
  }
}

/** Go to a page or a device, or do something, by typing. */
export default function Palette({
  onClose,
  showShortcuts,
}: {
  onClose: () => void;
  showShortcuts: () => void;
}) {
  const navigate = useNavigate();
  const signOut = useSignOut();
  const [search, setSearch] = useState('');
  const wanted = useDeferredValue(search.trim());
  const [recent] = useState(readRecent);
  const devices = useQuery({
    queryKey: ['palette-devices', wanted],
    queryFn: ({ signal }) =>
      body(api.GET('/v1/devices', { params: { query: { q: wanted, limit: 8 } }, signal })),
    enabled: wanted.length > 0,
    staleTime: 10_000,
  });
  const sources = useQuery({ ...sourcesQuery, refetchInterval: false });

  const run = (act: () => void) => () => {
    onClose();
    act();
  };
  const openDevice = (device: Recent) =>
    run(() => {
      remember(device);
      void navigate({ to: paths.device, params: { id: device.id } });
    });

  return (
    <Dialog
      title="Search or run a command"
      bare
      onClose={onClose}
      className="mt-[12vh] max-w-[40rem] overflow-hidden"
    >
      <Command label="Search or run a command" loop>
        <Command.Input
          value={search}
          onValueChange={setSearch}
          data-autofocus
          placeholder="Page, device, source or command"
          className="h-12 w-full border-b border-line bg-transparent px-4 text-prose outline-none placeholder:text-ink-3 max-lg:text-[1rem]"
        />
        <Command.List className="max-h-[min(24rem,60dvh)] overflow-y-auto p-1.5">
          <Command.Empty className="px-3 py-4 text-ink-3">
            {devices.isFetching ? 'Searching…' : 'Nothing has this name.'}
          </Command.Empty>
          {wanted !== '' && (devices.data?.data.length ?? 0) > 0 && (
            <Group heading="Devices">
              {devices.data?.data.map((device) => (
                <Item
                  key={device.id}
                  value={`${device.name} ${device.key} ${device.id}`}
                  onSelect={openDevice({ id: device.id, name: device.name })}
                >
                  <span>{device.name}</span>
                  <span className="text-ink-3">{device.site_name}</span>
                  <span className="ml-auto">
                    <DeviceStatus state={device.state} />
                  </span>
                </Item>
              ))}
            </Group>
          )}
          <Group heading="Go to">
            {allItems.map((item) => (
              <Item
                key={item.to}
                value={item.label}
                onSelect={run(() => void navigate({ to: item.to }))}
              >
                <item.icon aria-hidden className="size-4 text-ink-3" strokeWidth={1.75} />
                {item.label}
                <kbd className="ml-auto font-mono text-axis text-ink-3">
                  G {item.key.toUpperCase()}
                </kbd>
              </Item>
            ))}
          </Group>
          {recent.length > 0 && (
            <Group heading="Recent devices">
              {recent.map((device) => (
                <Item
                  key={device.id}
                  value={`recent ${device.name} ${device.id}`}
                  onSelect={openDevice(device)}
                >
                  {device.name}
                </Item>
              ))}
            </Group>
          )}
          {(sources.data?.data.length ?? 0) > 0 && (
            <Group heading="Data sources">
              {sources.data?.data.map((source) => (
                <Item
                  key={source.id}
                  value={`source ${source.name} ${source.id}`}
                  onSelect={run(
                    () => void navigate({ to: paths.source, params: { id: source.id } }),
                  )}
                >
                  {source.name}
                </Item>
              ))}
            </Group>
          )}
          <Group heading="Actions">
            <Item
              value="Pair an agent"
              onSelect={run(() => void navigate({ to: paths.dataSources, search: { pair: true } }))}
            >
              Pair an agent
            </Item>
            <Item value="Switch light or dark theme" onSelect={run(toggleTheme)}>
              Switch light or dark
            </Item>
            <Item value="Keyboard shortcuts help" onSelect={showShortcuts}>
              Show keyboard shortcuts
              <kbd className="ml-auto font-mono text-axis text-ink-3">?</kbd>
            </Item>
            <Item value="Sign out" onSelect={run(() => void signOut())}>
              Sign out
            </Item>
          </Group>
        </Command.List>
      </Command>
    </Dialog>
  );
}

function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-meta [&_[cmdk-group-heading]]:text-ink-3"
    >
      {children}
    </Command.Group>
  );
}

function Item(props: { value: string; onSelect: () => void; children: ReactNode }) {
  return (
    <Command.Item
      {...props}
      className="flex min-h-9 cursor-pointer items-center gap-3 rounded-inner px-2.5 text-body data-[selected=true]:bg-accent-wash max-lg:min-h-11"
    />
  );
}
