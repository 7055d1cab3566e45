import { ChevronLeft, ChevronRight } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Button } from './Button';
import { Failed, TableSkeleton } from './Feedback';
import { Panel } from './Panel';

type Answer<T> = { data: T | undefined; error: unknown; refetch: () => unknown };

/** A panel with a list: that it loads, why it cannot, that there is nothing, or the list. */
export function Listing<T>({
  query,
  what,
  rows,
  isEmpty,
  nothing,
  label,
  busy = false,
  children,
}: {
  query: Answer<T>;
  /** What is loading: "the events". */
  what: string;
  /** Of the skeleton. */
  rows?: number;
  isEmpty: (data: T) => boolean;
  nothing: ReactNode;
  label: string;
  /** While what is shown is of before. */
  busy?: boolean;
  children: (data: T) => ReactNode;
}) {
  const { data } = query;
  if (data === undefined || isEmpty(data)) {
    return (
      <Panel>
        {data !== undefined ? nothing : <Unlisted query={query} what={what} rows={rows} />}
      </Panel>
    );
  }
  return (
    <Panel aria-label={label} aria-busy={busy}>
      {children(data)}
    </Panel>
  );
}

/** Stands for a list that is not there yet, or could not be had. */
export function Unlisted({
  query: { error, refetch },
  what,
  rows,
}: {
  query: Answer<unknown>;
  what: string;
  rows?: number | undefined;
}) {
  return error ? (
    <Failed error={error} retry={() => void refetch()} />
  ) : (
    <TableSkeleton what={what} {...(rows === undefined ? {} : { rows })} />
  );
}

/** Below a list that grows. */
export function LoadMore({
  query,
}: {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}) {
  if (!query.hasNextPage) return null;
  return (
    <div className="border-t border-line-weak px-3 py-1.5">
      <Button aria-disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        Load more
      </Button>
    </div>
  );
}

/** The cursors of the pages before this one, and this one's own. */
export function usePages() {
  const [cursors, setCursors] = useState<(string | undefined)[]>([undefined]);
  return {
    cursor: cursors.at(-1),
    number: cursors.length,
    isFirst: cursors.length === 1,
    back: () => setCursors(cursors.slice(0, -1)),
    on: (cursor: string) => setCursors([...cursors, cursor]),
  };
}

/** Below a list of which one page is shown at a time. */
export function Pager({
  pages,
  next,
  waiting,
  backLabel,
  onLabel,
  first,
  actions,
  children,
}: {
  pages: ReturnType<typeof usePages>;
  next: string | null | undefined;
  /** While another page is on its way. */
  waiting: boolean;
  backLabel: string;
  onLabel: string;
  /** In place of the way back on the first page. */
  first?: ReactNode;
  actions?: ReactNode;
  /** Where this is. */
  children: ReactNode;
}) {
  return (
    <div className="flex min-h-11 flex-wrap items-center gap-2 border-t border-line-weak px-3 py-1.5">
      {pages.isFirst && first ? (
        first
      ) : (
        <Button disabled={pages.isFirst} onClick={pages.back}>
          <ChevronLeft aria-hidden className="size-4" strokeWidth={1.75} />
          {backLabel}
        </Button>
      )}
      <Button disabled={!next || waiting} onClick={() => next && pages.on(next)}>
        {onLabel}
        <ChevronRight aria-hidden className="size-4" strokeWidth={1.75} />
      </Button>
      {actions}
      <span role="status" className="ml-auto text-meta text-ink-3">
        {children}
      </span>
    </div>
  );
}
