import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Fragment, lazy, Suspense, useEffect, useState } from 'react';
import { ApiProblem } from '../../api/problem';
import { deviceQuery } from '../../api/queries';
import { deviceSeriesKey, deviceSeriesQuery, type Range, ranges } from '../../api/series';
import type { DeviceDetail, ExtraType, MetricSeries } from '../../api/types';
import { foldIntoDevice, foldIntoSeries } from '../../live/fold';
import { LiveLost } from '../../live/LiveLost';
import { useLive } from '../../live/LiveProvider';
import { paths } from '../../paths';
import { Age } from '../../ui/Age';
import { Button, buttonClass } from '../../ui/Button';
import { Empty, Failed, Loading, Skeleton } from '../../ui/Feedback';
import { formatCount, formatDuration, formatValue, words } from '../../ui/format';
import { MetricName, sharedNames } from '../../ui/MetricName';
import { NotRefreshed } from '../../ui/NotRefreshed';
import { useNow } from '../../ui/now';
import { PageHeader, Panel } from '../../ui/Panel';
import { Segmented } from '../../ui/Segmented';
import { DeviceStatus } from '../../ui/Status';
import { TimeChart } from '../../ui/TimeChart';
import { useRefetchEvery } from '../../ui/useRefetchEvery';
import { useTitle } from '../../ui/useTitle';
import { SnapshotNotice } from '../data-sources/SnapshotNotice';
import { typeWords, valueText } from '../extras/values';

const Sessions = lazy(() => import('./Sessions'));

const route = getRouteApi('/app/devices/$id');
const chartsFirst = 8;
const rangeOptions = (Object.keys(ranges) as Range[]).map((value) => ({
  value,
  label: ranges[value].label,
}));

export function DevicePage() {
  const { id } = route.useParams();
  const range: Range = route.useSearch().range ?? '1h';
  const query = useQuery(deviceQuery(id));
  const { data: device, error, refetch } = query;
  useRefetchEvery(refetch, 30_000);
  useTitle(device?.name ?? 'Device');
  useLiveDevice(id, range);
  const navigate = useNavigate();

  if (!device) {
    if (error instanceof ApiProblem && error.status === 404) return <NoSuchDevice />;
    return (
      <>
        <PageHeader title="Device" />
        {error ? (
          <Panel>
            <Failed error={error} retry={() => void refetch()} />
          </Panel>
        ) : (
          <DeviceSkeleton />
        )}
      </>
    );
  }
  return (
    <>
      <PageHeader title={device.name} status={<DeviceFacts device={device} />}>
        <Segmented
          label="Time range"
          options={rangeOptions}
          value={range}
          onChange={(value) =>
            void navigate({
              to: paths.device,
              params: { id },
              search: value === '1h' ? {} : { range: value },
              replace: true,
            })
          }
        />
      </PageHeader>
      <LiveLost />
      <NotRefreshed query={query} />
      <SnapshotNotice sourceId={device.source_id} />
      <Suspense
        fallback={
          <Skeleton className="skeleton-delay mb-3 h-28 rounded-panel border border-line" />
        }
      >
        <Sessions deviceId={id} range={range} />
      </Suspense>
      <div className="grid items-start gap-3 xl:grid-cols-[minmax(0,1fr)_22rem]">
        <Charts device={device} range={range} />
        <div className="flex flex-col gap-3">
          <LatestValues device={device} />
          <Attributes device={device} />
        </div>
      </div>
    </>
  );
}

function useLiveDevice(id: string, range: Range): void {
  const { onItems } = useLive();
  const queries = useQueryClient();
  useEffect(
    () =>
      onItems((items) => {
        const own = items.filter((item) => item.device_id === id);
        if (own.length === 0) return;
        queries.setQueryData(deviceQuery(id).queryKey, (old) => old && foldIntoDevice(old, own));
        queries.setQueriesData<MetricSeries>(
          { queryKey: deviceSeriesKey(id, range) },
          (old) => old && foldIntoSeries(old, own, ranges[range].seconds),
        );
      }),
    [onItems, queries, id, range],
  );
}

function DeviceFacts({ device }: { device: DeviceDetail }) {
  return (
    <>
      <DeviceStatus state={device.state} />
      <span>
        Tag <span className="font-mono text-meta text-ink-2">{device.key}</span>
      </span>
      {device.kind && device.kind !== device.key && <span>{words(device.kind)}</span>}
      {device.site_name && (
        <Link
          to={paths.devices}
          search={device.site_id ? { site_id: device.site_id } : {}}
          className="link max-lg:py-3"
        >
          {device.site_name}
        </Link>
      )}
      <span>
        Last reading <Age at={device.last_event_at} none="never" />, expected every{' '}
        {formatDuration(device.expected_interval_s)}
        {device.expected_interval_s <= 60 && ' or sooner'}
      </span>
    </>
  );
}

function Charts({ device, range }: { device: DeviceDetail; range: Range }) {
  if (device.metrics.length === 0) {
    return (
      <Panel>
        <Empty
          title="No readings yet"
          actions={
            <Link
              to={paths.source}
              params={{ id: device.source_id }}
              className={buttonClass('primary')}
            >
              See how its source was read
            </Link>
          }
        >
          This device is known from its table, but no reading names it so far.
        </Empty>
      </Panel>
    );
  }
  return <MetricCharts device={device} range={range} />;
}

/** All charts are of one answer. */
function MetricCharts({ device, range }: { device: DeviceDetail; range: Range }) {
  const [all, setAll] = useState(false);
  const shown = all ? device.metrics : device.metrics.slice(0, chartsFirst);
  const query = useQuery(
    deviceSeriesQuery(
      device.id,
      shown.map((metric) => metric.key),
      range,
    ),
  );
  useRefetchEvery(query.refetch, 60_000);
  const shared = sharedNames(device.metrics);
  return (
    <div className="min-w-0">
      <div className="grid gap-3 md:grid-cols-2">
        {shown.map((metric) => (
          <MetricChart
            key={metric.key}
            device={device}
            metric={metric}
            tag={shared.has(metric.key) ? metric.key : null}
            range={range}
            query={query}
          />
        ))}
      </div>
      {shown.length < device.metrics.length && (
        <Button className="mt-3" onClick={() => setAll(true)}>
          Show all {formatCount(device.metrics.length)} metrics
        </Button>
      )}
    </div>
  );
}

function MetricChart({
  device,
  metric,
  tag,
  range,
  query: { data, error, refetch },
}: {
  device: DeviceDetail;
  metric: DeviceDetail['metrics'][number];
  tag: string | null;
  range: Range;
  query: UseQueryResult<MetricSeries>;
}) {
  const { seconds, stepS } = ranges[range];
  const told = data?.metrics.find(({ key }) => key === metric.key);
  const to = Math.ceil(useNow() / 1000 / stepS) * stepS;
  if (!data || !told) {
    return (
      <Panel title={<MetricName name={metric.name} tag={tag} />}>
        {error ? (
          <Failed error={error} retry={() => void refetch()} />
        ) : (
          <Loading what={metric.name}>
            <Skeleton className="mx-3 mb-3 h-[188px]" />
          </Loading>
        )}
      </Panel>
    );
  }
  return (
    <TimeChart
      title={metric.name}
      tag={tag}
      unit={metric.unit}
      series={told.series.map((series) => ({ ...series, name: 'Mean' }))}
      from={to - seconds}
      to={to}
      stepS={data.step_s}
      at={metric.last_at}
      staleAfterS={staleAfter(device)}
      syncKey={`device-${device.id}`}
    />
  );
}

/** As silent by the API's rule: beyond ten of its expected intervals. */
const staleAfter = (device: DeviceDetail): number => 10 * device.expected_interval_s;

/** Whether there was a reading, though none that is a number: those have no value to show. */
const isNoNumber = (metric: DeviceDetail['metrics'][number]): boolean =>
  metric.last_at !== null && metric.last_value === null;

function LatestValues({ device }: { device: DeviceDetail }) {
  const now = useNow();
  if (device.metrics.length === 0) return null;
  const shared = sharedNames(device.metrics);
  return (
    <Panel title="Latest values">
      <dl className="pb-1">
        {device.metrics.map((metric) => {
          const stale =
            !metric.last_at || now - Date.parse(metric.last_at) > staleAfter(device) * 1000;
          return (
            <div
              key={metric.key}
              className="flex min-h-8 items-center gap-3 border-t border-line-weak px-3 py-1"
            >
              <dt className="min-w-0 flex-1 truncate text-ink-2">
                <MetricName name={metric.name} tag={shared.has(metric.key) ? metric.key : null} />
              </dt>
              <dd className="text-right whitespace-nowrap">
                <span className={stale ? 'text-ink-3' : 'font-medium'}>
                  {isNoNumber(metric) ? 'NaN or infinite' : formatValue(metric.last_value)}
                </span>
                {metric.unit && !isNoNumber(metric) && (
                  <span className="text-ink-3"> {metric.unit}</span>
                )}
              </dd>
              <dd className="w-16 shrink-0 text-right text-meta">
                <Age at={metric.last_at} none="never" />
              </dd>
            </div>
          );
        })}
      </dl>
    </Panel>
  );
}

function Attributes({ device }: { device: DeviceDetail }) {
  const entries = Object.entries(device.attributes).sort(([a], [b]) => a.localeCompare(b));
  const mixed = new Map(device.mixed_attributes.map((each) => [each.key, each]));
  return (
    <Panel title="Attributes" aside={<span>{formatCount(entries.length)}</span>}>
      {entries.length === 0 ? (
        <p className="px-3 pb-3 text-ink-3">
          None: its table has no further columns, or no row of a table of devices has its key.
        </p>
      ) : (
        <dl className="pb-1">
          {entries.map(([key, value]) => (
            <div
              key={key}
              className="flex min-h-8 items-baseline gap-3 border-t border-line-weak px-3 py-1.5"
            >
              <dt className="max-w-3/5 font-mono text-meta break-words text-ink-2">
                {key.split(/(?<=[._])/).map((part, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: parts may repeat and never move
                  <Fragment key={index}>
                    <wbr />
                    {part}
                  </Fragment>
                ))}
              </dt>
              <dd className="min-w-0 flex-1 text-right break-words">
                {valueText(value, device.attribute_types[key] as ExtraType)}
                <Mixed attribute={mixed.get(key)} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </Panel>
  );
}

/** That a key is of another type elsewhere, where it is. */
function Mixed({ attribute }: { attribute: DeviceDetail['mixed_attributes'][number] | undefined }) {
  if (!attribute) return null;
  const others = attribute.types
    .filter(({ type }) => type !== attribute.type)
    .map(({ type, entities }) => `${typeWords[type].toLowerCase()} in ${formatCount(entities)}`);
  return (
    <Link
      to={paths.extras}
      search={{ view: 'conflicts', table: attribute.table, key: attribute.key }}
      className="link-inline block text-meta max-lg:py-3"
    >
      {typeWords[attribute.type]} here, {others.join(', ')} other
      {attribute.types.length === 2 && others.length === 1 && others[0]?.endsWith(' in 1')
        ? ' row'
        : ' rows'}
    </Link>
  );
}

function NoSuchDevice() {
  return (
    <>
      <PageHeader title="Device not found" />
      <Panel>
        <Empty
          title="This workspace has no such device"
          actions={
            <Link to={paths.devices} className={buttonClass('primary')}>
              View all devices
            </Link>
          }
        >
          Its row may have been removed, or the link belongs to another workspace.
        </Empty>
      </Panel>
    </>
  );
}

function DeviceSkeleton() {
  return (
    <Loading what="the device">
      <div className="grid gap-3 xl:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="grid gap-3 md:grid-cols-2">
          {['a', 'b', 'c', 'd'].map((chart) => (
            <div key={chart} className="rounded-panel border border-line bg-surface p-3">
              <Skeleton className="h-4 w-32" />
              <Skeleton className="mt-4 h-[184px]" />
            </div>
          ))}
        </div>
        <div className="rounded-panel border border-line bg-surface p-3">
          <Skeleton className="h-4 w-24" />
          <Skeleton className="mt-4 h-64" />
        </div>
      </div>
    </Loading>
  );
}
