import { useSuspenseQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { meQuery } from '../../api/queries';
import type { DeadLetter, DeadLetterGroup } from '../../api/types';
import { paths } from '../../paths';
import { Moment } from '../../ui/Age';
import { Button } from '../../ui/Button';
import { ExpandableItem } from '../../ui/Expandable';
import { formatCount } from '../../ui/format';
import { Json } from '../../ui/Json';
import { causeAdvice, causeName, causeNeedsRebuild, sampleOf } from './causes';
import { DismissDialog } from './DismissDialog';

/** One failed event of a list; opens what is known of it. */
export function LetterItem({ letter }: { letter: DeadLetter }) {
  return (
    <ExpandableItem detail={<LetterDetail letter={letter} />}>
      <span className="flex flex-wrap items-center gap-x-4 gap-y-0.5">
        <Moment at={letter.at} />
        <span className="font-medium">{causeName(letter.cause)}</span>
        <span className="font-mono text-meta break-all text-ink-2">
          {letter.table ?? 'no table'}
        </span>
        <span className="ml-auto text-meta text-ink-3">
          number {formatCount(letter.seq)}
          {letter.seq_end > letter.seq && ` to ${formatCount(letter.seq_end)}`}, epoch{' '}
          {letter.epoch}
        </span>
      </span>
    </ExpandableItem>
  );
}

/** What was said, where it stands, what helps, and what the event was. */
export function LetterDetail({ letter }: { letter: DeadLetter | DeadLetterGroup }) {
  const advice = causeAdvice(letter.cause);
  const before = 'epochs_before' in letter ? letter.epochs_before : 0;
  return (
    <div className="space-y-2">
      <p className="max-w-[60rem] break-words">{letter.detail}</p>
      {advice && <p className="max-w-[60rem] text-ink-2">{advice}</p>}
      <p className="text-meta text-ink-3">
        Number {formatCount(letter.seq)} of epoch {letter.epoch}
        {letter.lsn && (
          <>
            , position <span className="font-mono">{letter.lsn}</span>
          </>
        )}
        {letter.sqlstate && (
          <>
            , SQLSTATE <span className="font-mono">{letter.sqlstate}</span>
          </>
        )}
      </p>
      {'settled_at' in letter && letter.settled_at && (
        <p className="text-meta text-ink-3">
          Settled at <Moment at={letter.settled_at} />: what is shown lacks nothing by it any more.
        </p>
      )}
      {'dismissed_at' in letter && letter.dismissed_at && (
        <p className="text-meta text-ink-3">
          Dismissed by {letter.dismissed_by} at <Moment at={letter.dismissed_at} />.
        </p>
      )}
      {before > 0 && (
        <p className="text-meta text-ink-3">
          The same row failed in the same way in {formatCount(before)}{' '}
          {before === 1 ? 'epoch' : 'epochs'} before this one; it is listed once.
        </p>
      )}
      <Json value={sampleOf(letter.sample)} label="Sample of the event" />
      {causeNeedsRebuild(letter.cause) && (
        <p>
          <Link to={paths.source} params={{ id: letter.source_id }} className="link max-lg:py-3">
            Build what is shown of this source anew
          </Link>
        </p>
      )}
      {letter.table && (
        <p>
          <Link
            to={paths.events}
            search={{ source_id: letter.source_id, table: letter.table }}
            className="link max-lg:py-3"
          >
            View the raw events of {letter.table}
          </Link>
        </p>
      )}
      {'dismissible' in letter && letter.dismissible && <Dismiss letter={letter} />}
    </div>
  );
}

function Dismiss({ letter }: { letter: DeadLetter }) {
  const { data: me } = useSuspenseQuery(meQuery);
  const [asking, setAsking] = useState(false);
  if (!me?.permissions.includes('sources.write')) return null;
  return (
    <>
      <Button onClick={() => setAsking(true)}>Dismiss</Button>
      {asking && <DismissDialog letter={letter} onClose={() => setAsking(false)} />}
    </>
  );
}
