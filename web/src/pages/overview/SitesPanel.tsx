import { Link } from '@tanstack/react-router';
import { memo, useState } from 'react';
import type { DeviceState, OverviewSite } from '../../api/types';
import { paths } from '../../paths';
import { Age } from '../../ui/Age';
import { Button } from '../../ui/Button';
import { cx } from '../../ui/cx';
import { formatCount } from '../../ui/format';
import { Panel } from '../../ui/Panel';
import { DeviceStatus } from '../../ui/Status';
import { useWide } from '../../ui/useWide';

const order: Record<DeviceState, number> = {
  silent: 0,
  late: 1,
  never: 2,
  loading: 3,
  reporting: 4,
  removed: 5,
};
const firstShown = 20;
const limit = 400;

/** Every device by site, what is abnormal first. */
export function SitesPanel({ sites }: { sites: readonly OverviewSite[] }) {
  return (
    <section aria-label="Devices by site" className="grid gap-3 lg:grid-cols-2 xl:grid-cols-3">
      {sites.map((site) => (
        <SitePanel key={site.id ?? 'none'} site={site} />
      ))}
    </section>
  );
}

const SitePanel = memo(function SitePanel({ site }: { site: OverviewSite }) {
  const [all, setAll] = useState(false);
  const devices = [...site.devices].sort(
    (a, b) =>
      order[a.state] - order[b.state] || a.name.localeCompare(b.name, 'en', { numeric: true }),
  );
  const reporting = site.devices.filter((device) => device.state === 'reporting').length;
  // Of a removed source nothing is expected any more.
  const expected = site.devices.filter((device) => device.state !== 'removed').length;
  const wide = useWide();
  const abnormal = expected - reporting;
  const shown = devices.slice(0, all ? limit : wide ? firstShown : Math.min(abnormal, firstShown));
  return (
    <Panel
      title={site.name}
      aside={
        <span>
          {formatCount(reporting)} of {formatCount(expected)} reporting
        </span>
      }
    >
      {site.devices.length === 0 ? (
        <p className="px-3 pb-3 text-ink-3">No devices on this site yet.</p>
      ) : (
        <ul
          className={cx(
            'grid grid-cols-1 px-1.5 pb-1.5',
            // A few have room for their whole names.
            shown.length > 6 && 'sm:grid-cols-2',
          )}
        >
          {shown.map((device) => (
            <li
              key={device.id}
              className={cx('min-w-0', device.state !== 'reporting' && 'col-span-full')}
            >
              <Link
                to={paths.device}
                params={{ id: device.id }}
                className="flex h-8 items-center gap-2 rounded-inner px-1.5 hover:bg-sunken max-lg:h-11"
              >
                <DeviceStatus state={device.state} compact={device.state === 'reporting'} />
                <span className="min-w-0 flex-1 truncate">{device.name}</span>
                <Age at={device.last_event_at} none="–" className="text-meta" />
              </Link>
            </li>
          ))}
        </ul>
      )}
      {devices.length > shown.length && (
        <div className={cx('px-3 pb-1.5', shown.length > 0 && 'border-t border-line-weak pt-1.5')}>
          {all ? (
            <p className="text-meta text-ink-3">
              {formatCount(devices.length - shown.length)} more on the devices page.
            </p>
          ) : (
            <Button kind="ghost" className="-ml-3 max-lg:-ml-4" onClick={() => setAll(true)}>
              Show all {formatCount(devices.length)} devices
            </Button>
          )}
        </div>
      )}
    </Panel>
  );
});
