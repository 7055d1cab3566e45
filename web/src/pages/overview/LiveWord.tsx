import { useLiveState } from '../../live/LiveProvider';
import { Age } from '../../ui/Age';

/** In one word whether the page moves, and how new the newest reading is. */
export function LiveWord({ newestAt }: { newestAt: string | null }) {
  const { kind } = useLiveState();
  if (kind === 'connecting') return <span>Connecting…</span>;
  return (
    <span>
      {kind === 'live' ? 'Live' : 'Not live'}
      {newestAt && (
        <>
          , newest reading <Age at={newestAt} />
        </>
      )}
    </span>
  );
}
