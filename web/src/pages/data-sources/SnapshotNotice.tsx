import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { DatabaseZap } from 'lucide-react';
import { sourcesQuery } from '../../api/queries';
import type { Source } from '../../api/types';
import { paths } from '../../paths';
import { Notice } from '../../ui/Feedback';
import { formatCount } from '../../ui/format';
import { snapshotLeft, snapshotProgress, Throughput } from './figures';

const limit = 3;

/** Says on pages whose figures are not whole yet that a snapshot is being taken in. */
export function SnapshotNotice({ sourceId }: { sourceId?: string }) {
  const { data } = useQuery(sourcesQuery);
  const taking = (data?.data ?? []).filter(
    (source) => source.state === 'snapshotting' && (!sourceId || source.id === sourceId),
  );
  if (taking.length === 0) return null;
  return (
    <Notice tone="neutral" icon={<DatabaseZap aria-hidden strokeWidth={1.75} />}>
      <span className="font-medium">
        {taking.length === 1 ? 'A snapshot is' : `${formatCount(taking.length)} snapshots are`}{' '}
        being taken in.
      </span>{' '}
      {taking.every((source) => source.model.state === 'building')
        ? 'Figures here are those from before it until it is done.'
        : 'Figures here are not whole until it is done.'}
      <ul>
        {taking.slice(0, limit).map((source) => (
          <li key={source.id} className="text-ink-2">
            <Link to={paths.source} params={{ id: source.id }} className="link-inline max-lg:py-3">
              {source.name}
            </Link>
            : <SnapshotFigures source={source} />
          </li>
        ))}
      </ul>
    </Notice>
  );
}

/** Rows so far, of how many where that is known, and how fast. */
export function SnapshotFigures({ source }: { source: Source }) {
  const left = snapshotLeft(source);
  const { words, share } = snapshotProgress(source);
  return (
    <>
      {words}
      {share !== null && ` (${formatCount(Math.floor(share * 100))} %)`},{' '}
      <Throughput perS={source.events_per_s} />
      {left && `, ${left}`}
    </>
  );
}
