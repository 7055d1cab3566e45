import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Pin } from 'lucide-react';
import { useState } from 'react';
import { overviewQuery } from '../../api/overview';
import { metricsQuery } from '../../api/series';
import type { Metric } from '../../api/types';
import { Button } from '../../ui/Button';
import { cx } from '../../ui/cx';
import { Dialog } from '../../ui/Dialog';
import { Failed, TableSkeleton } from '../../ui/Feedback';
import { controlClass } from '../../ui/Field';
import { formatCount, formatValue } from '../../ui/format';
import { MetricName, sharedNames } from '../../ui/MetricName';
import { usePin } from './usePin';

const shown = 200;

/** Which metrics the overview charts: pinned ones first, then by rank. */
export default function MetricsDialog({ onClose }: { onClose: () => void }) {
  const { data, error, refetch } = useQuery(metricsQuery);
  const [filter, setFilter] = useState('');
  const pin = usePin();
  const queries = useQueryClient();
  const wanted = filter.trim().toLowerCase();
  const found = (data?.data ?? []).filter(
    (metric) => !wanted || `${metric.name} ${metric.key}`.toLowerCase().includes(wanted),
  );

  const shared = sharedNames(data?.data ?? []);
  const titled = (metric: Metric) =>
    shared.has(metric.key) ? `${metric.name} ${metric.key}` : metric.name;

  const close = () => {
    void queries.invalidateQueries(overviewQuery);
    onClose();
  };

  return (
    <Dialog title="Choose charts" onClose={close} className="max-w-[36rem]">
      <div className="px-4 pb-4">
        <p className="mb-3 text-body text-ink-2">
          Pinned metrics come first. The rest of the six is filled by the metrics most devices
          report, then by how much they vary.
        </p>
        <input
          type="search"
          data-autofocus
          aria-label="Find a metric"
          placeholder="Find a metric"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
          className={controlClass}
        />
        <div className="mt-3 h-[min(22rem,50dvh)] overflow-y-auto rounded-panel border border-line">
          {error && <Failed error={error} retry={() => void refetch()} />}
          {!data && !error && <TableSkeleton what="the metrics" />}
          {data && found.length === 0 && (
            <p className="p-3 text-ink-3">
              {wanted ? 'No metric has this name.' : 'No device has reported a metric yet.'}
            </p>
          )}
          <ul>
            {found.slice(0, shown).map((metric) => (
              <li
                key={metric.key}
                className="flex min-h-11 items-center gap-3 border-line-weak px-3 py-1 not-first:border-t"
              >
                <div className="min-w-0 flex-1">
                  <p className="truncate">
                    <MetricName
                      name={metric.name}
                      unit={metric.unit}
                      tag={shared.has(metric.key) ? metric.key : null}
                    />
                  </p>
                  <p className="truncate text-meta text-ink-3">
                    {formatCount(metric.devices_reporting)}{' '}
                    {metric.devices_reporting === 1 ? 'device' : 'devices'} (
                    {formatValue(Math.round(metric.device_share * 100))} %)
                    {metric.coefficient_of_variation !== null &&
                      `, varies by ${formatValue(Math.round(metric.coefficient_of_variation * 100))} %`}
                  </p>
                </div>
                <Button
                  kind="ghost"
                  aria-pressed={metric.pinned}
                  aria-label={`Pin ${titled(metric)}`}
                  onClick={() =>
                    pin.mutate({ key: metric.key, name: titled(metric), pinned: !metric.pinned })
                  }
                  className={cx(metric.pinned && 'text-ink')}
                >
                  <Pin
                    aria-hidden
                    className="size-4"
                    strokeWidth={1.75}
                    fill={metric.pinned ? 'currentColor' : 'none'}
                  />
                  {metric.pinned ? 'Pinned' : 'Pin'}
                </Button>
              </li>
            ))}
          </ul>
        </div>
        <div className="mt-3 flex justify-end">
          <Button kind="primary" onClick={close}>
            Done
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
