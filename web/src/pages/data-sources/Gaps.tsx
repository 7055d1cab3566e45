import { useInfiniteQuery } from '@tanstack/react-query';
import { sourceGapsQuery } from '../../api/sources';
import type { Source, SourceGap } from '../../api/types';
import { Moment } from '../../ui/Age';
import { formatCount, words, zoneName } from '../../ui/format';
import { LoadMore, Unlisted } from '../../ui/Listing';
import { Panel } from '../../ui/Panel';

/** How often something of a source was not captured, and whether that is repaired. */
export function GapsBadge({ source }: { source: Source }) {
  const open = source.gaps_open > 0;
  return (
    <span
      className={
        open
          ? 'inline-block rounded-inner border border-critical/40 bg-critical-wash px-1.5 text-meta whitespace-nowrap text-critical'
          : 'inline-block rounded-inner border border-line px-1.5 text-meta whitespace-nowrap text-ink-2'
      }
    >
      {formatCount(source.gaps)} {source.gaps === 1 ? 'gap' : 'gaps'}
      {open ? ', not repaired' : ', repaired'}
    </span>
  );
}

/** What the source had forgotten before it was captured: only where there is any. */
export function Gaps({ source }: { source: Source }) {
  const query = useInfiniteQuery({ ...sourceGapsQuery(source.id), enabled: source.gaps > 0 });
  if (source.gaps === 0) return null;
  const gaps = query.data?.pages.flatMap((page) => page.data);
  return (
    <Panel
      title="Gaps"
      id="gaps"
      className="scroll-mt-14"
      aside={<span>Times in {zoneName()}</span>}
    >
      {!gaps ? (
        <Unlisted query={query} what="the gaps" rows={2} />
      ) : (
        <ul>
          {gaps.map((gap) => (
            <GapRow key={gap.id} gap={gap} isShown={source.model.state !== 'building'} />
          ))}
        </ul>
      )}
      <LoadMore query={query} />
    </Panel>
  );
}

const Position = ({ at }: { at: string | null }) =>
  at ? <span className="font-mono">{at}</span> : 'an unknown position';

/** @param isShown whether pages show the newest copy already */
function GapRow({ gap, isShown }: { gap: SourceGap; isShown: boolean }) {
  return (
    <li className="border-t border-line-weak px-3 py-2">
      <p className="flex flex-wrap items-center gap-x-4 gap-y-0.5">
        <Moment at={gap.noticed_at} />
        <span className="font-medium">{words(gap.cause)}</span>
        <span className="ml-auto text-meta text-ink-3">
          from <Position at={gap.from_position} /> to <Position at={gap.to_position} />
        </span>
      </p>
      <p className="max-w-[60rem] break-words text-ink-2">{gap.words}</p>
      <p className="text-meta text-ink-3">
        {gap.repaired_at ? (
          <>
            A new copy of all tables was whole at the site <Moment at={gap.repaired_at} />.{' '}
            {isShown
              ? 'What was missed is missing in the history only.'
              : 'A copy is still being taken in here: until it is shown, figures may miss what changed meanwhile.'}
          </>
        ) : (
          'Not repaired yet: figures may miss what changed meanwhile.'
        )}
      </p>
    </li>
  );
}
