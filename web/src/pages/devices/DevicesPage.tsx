import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Cpu } from 'lucide-react';
import { useEffect, useState } from 'react';
import { devicesQuery, sitesQuery } from '../../api/devices';
import type { Device } from '../../api/types';
import { paths } from '../../paths';
import type { DevicesSearch } from '../../routes/search';
import { Age } from '../../ui/Age';
import { Button, buttonClass } from '../../ui/Button';
import { cx } from '../../ui/cx';
import { Empty, Failed, TableSkeleton } from '../../ui/Feedback';
import { controlClass, selectClass } from '../../ui/Field';
import { formatCount, words } from '../../ui/format';
import { NotRefreshed } from '../../ui/NotRefreshed';
import { PageHeader, Panel } from '../../ui/Panel';
import { DeviceStatus, deviceLooks } from '../../ui/Status';
import { rowClass, Table, Td, Th } from '../../ui/Table';
import { useTitle } from '../../ui/useTitle';
import { useWide } from '../../ui/useWide';
import { SnapshotNotice } from '../data-sources/SnapshotNotice';

const route = getRouteApi('/app/devices');
const typingMs = 250;

export function DevicesPage() {
  useTitle('Devices');
  const search = route.useSearch();
  const query = useInfiniteQuery(devicesQuery(search));
  const devices = query.data?.pages.flatMap((page) => page.data);
  const filtered = Object.keys(search).length > 0;
  const wide = useWide();

  return (
    <>
      <PageHeader title="Devices" />
      <NotRefreshed query={query} />
      <SnapshotNotice />
      {/* Where nothing is, there is nothing to find. */}
      {(filtered || devices?.length !== 0) && <Filters search={search} />}
      <Panel aria-label="Devices">
        {!devices ? (
          query.error ? (
            <Failed error={query.error} retry={() => void query.refetch()} />
          ) : (
            <TableSkeleton what="the devices" rows={10} />
          )
        ) : devices.length === 0 ? (
          <NoDevices filtered={filtered} />
        ) : wide ? (
          <DeviceTable devices={devices} />
        ) : (
          <DeviceList devices={devices} />
        )}
        {devices && devices.length > 0 && (
          <div className="flex min-h-11 items-center justify-between gap-3 border-t border-line-weak px-3 text-meta text-ink-3">
            <span role="status">
              {formatCount(devices.length)} {devices.length === 1 ? 'device' : 'devices'} shown
              {query.hasNextPage ? ', more to load' : ''}
            </span>
            {query.hasNextPage && (
              <Button
                aria-disabled={query.isFetchingNextPage}
                onClick={() => void query.fetchNextPage()}
              >
                {query.isFetchingNextPage ? 'Loading…' : 'Load more'}
              </Button>
            )}
          </div>
        )}
      </Panel>
    </>
  );
}

function Filters({ search }: { search: DevicesSearch }) {
  const navigate = useNavigate();
  const sites = useQuery(sitesQuery);
  const [typed, setTyped] = useState(search.q ?? '');
  const set = (change: Partial<Record<keyof DevicesSearch, string>>) =>
    void navigate({
      to: paths.devices,
      search: (old: DevicesSearch) => ({ ...old, ...change }) as DevicesSearch,
      replace: true,
    });

  // biome-ignore lint/correctness/useExhaustiveDependencies: only typing starts the wait
  useEffect(() => {
    if (typed.trim() === (search.q ?? '')) return;
    const timer = setTimeout(() => set({ q: typed.trim() }), typingMs);
    return () => clearTimeout(timer);
  }, [typed]);

  return (
    <div className="mb-3 grid gap-2 sm:grid-cols-[minmax(0,18rem)_12rem_12rem]">
      <input
        type="search"
        aria-label="Find a device by name or tag"
        placeholder="Find by name or tag"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        className={controlClass}
      />
      <select
        aria-label="Site"
        value={search.site_id ?? ''}
        onChange={(event) => set({ site_id: event.target.value })}
        className={selectClass}
      >
        <option value="">All sites</option>
        {sites.data?.data.map((site) => (
          <option key={site.id} value={site.id}>
            {site.name}
          </option>
        ))}
      </select>
      <select
        aria-label="State"
        value={search.state ?? ''}
        onChange={(event) => set({ state: event.target.value })}
        className={selectClass}
      >
        <option value="">All states</option>
        {Object.entries(deviceLooks).map(([state, { word }]) => (
          <option key={state} value={state}>
            {word}
          </option>
        ))}
      </select>
    </div>
  );
}

function NoDevices({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <Empty
      title="No device matches"
      actions={
        <Link to={paths.devices} search={{}} className={buttonClass('primary')}>
          Show all devices
        </Link>
      }
    >
      Try another name, site or state.
    </Empty>
  ) : (
    <Empty
      title="No devices yet"
      icon={<Cpu aria-hidden strokeWidth={1.75} />}
      actions={
        <>
          <Link to={paths.dataSources} search={{ pair: true }} className={buttonClass('primary')}>
            Pair an agent
          </Link>
          <Link to={paths.dataSources} className={buttonClass()}>
            View data sources
          </Link>
        </>
      }
    >
      Devices are found in the tables of a data source. Once one streams, they are listed here.
    </Empty>
  );
}

function DeviceTable({ devices }: { devices: readonly Device[] }) {
  return (
    <Table caption="Devices">
      <thead>
        <tr>
          <Th>State</Th>
          <Th>Name</Th>
          <Th>Tag</Th>
          <Th>Kind</Th>
          <Th>Site</Th>
          <Th className="text-right">Metrics</Th>
          <Th className="text-right">Last reading</Th>
        </tr>
      </thead>
      <tbody>
        {devices.map((device) => (
          <tr key={device.id} className={cx(rowClass, 'hover:bg-sunken/50')}>
            <Td className="w-32">
              <DeviceStatus state={device.state} />
            </Td>
            <Td className="font-medium">
              <Link
                to={paths.device}
                params={{ id: device.id }}
                className="hover:underline hover:underline-offset-3"
              >
                {device.name}
              </Link>
            </Td>
            <Td className="font-mono text-meta text-ink-2">{device.key}</Td>
            <Td className="text-ink-2">{device.kind ? words(device.kind) : '–'}</Td>
            <Td className="text-ink-2">{device.site_name ?? '–'}</Td>
            <Td className="text-right">{formatCount(device.metrics)}</Td>
            <Td className="text-right">
              <Age at={device.last_event_at} none="never" />
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function DeviceList({ devices }: { devices: readonly Device[] }) {
  return (
    <ul>
      {devices.map((device) => (
        <li key={device.id} className="border-line-weak not-first:border-t">
          <Link
            to={paths.device}
            params={{ id: device.id }}
            className="block px-3 py-2.5 focus-visible:outline-offset-[-2px]"
          >
            <span className="flex items-baseline justify-between gap-3">
              <span className="truncate font-medium">{device.name}</span>
              <Age at={device.last_event_at} none="never" className="text-meta" />
            </span>
            <span className="mt-0.5 flex items-center justify-between gap-3 text-meta text-ink-3">
              <span className="truncate">
                <span className="font-mono">{device.key}</span>
                {device.site_name && `, ${device.site_name}`}
              </span>
              <DeviceStatus state={device.state} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
