import { useLiveState } from '../../live/LiveProvider';
import { Age } from '../../ui/Age';

/** In one word whether the page moves, and how new the newest reading is. */
export function LiveWord({
  newestAt,
  snapshotting,
}: {
  newestAt: string | null;
  /** What comes in is the past until the snapshot is whole. */
  snapshotting: boolean;
}) {
  const { kind } = useLiveState();
  if (kind === 'connecting') return <span>Connecting…</span>;
  return (
    <span>
      {kind !== 'live' ? 'Not live' : snapshotting ? 'Taking in a snapshot' : 'Live'}
      {newestAt && (
        <>
          , newest reading <Age at={newestAt} />
        </>
      )}
    </span>
  );
}
