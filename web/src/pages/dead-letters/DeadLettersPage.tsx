import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { CircleCheck, Info } from 'lucide-react';
import { useId } from 'react';
import { deadLetterGroupsQuery, deadLettersQuery, sourcesQuery } from '../../api/queries';
import type { DeadLetterGroup, DeadLetterGroups } from '../../api/types';
import { paths } from '../../paths';
import type { DeadLettersSearch } from '../../routes';
import { Moment } from '../../ui/Age';
import { Button, buttonClass } from '../../ui/Button';
import { ExpandableItem, ExpandableRow } from '../../ui/Expandable';
import { Empty, Failed, Notice, TableSkeleton } from '../../ui/Feedback';
import { controlClass, selectClass } from '../../ui/Field';
import { FoldedFilters } from '../../ui/FoldedFilters';
import { formatCount, zoneName } from '../../ui/format';
import { PageHeader, Panel } from '../../ui/Panel';
import { Segmented } from '../../ui/Segmented';
import { isRemoved } from '../../ui/Status';
import { Table, Td, Th } from '../../ui/Table';
import { useTitle } from '../../ui/useTitle';
import { useWide } from '../../ui/useWide';
import { causeKeys, causeName } from './causes';
import { LetterDetail, LetterItem } from './LetterItem';

const route = getRouteApi('/app/dead-letters');
const views = [
  { value: 'groups', label: 'By cause' },
  { value: 'list', label: 'One by one' },
] as const;

export function DeadLettersPage() {
  useTitle('Failed events');
  const search = route.useSearch();
  const navigate = useNavigate();
  const { view = 'groups', ...filter } = search;
  const groups = useQuery(deadLetterGroupsQuery(filter));
  return (
    <>
      <PageHeader
        title="Failed events"
        status={<span>Captured, but not applied to what is shown. Times in {zoneName()}</span>}
      >
        <Segmented
          label="View"
          options={views}
          value={view}
          onChange={(value) =>
            void navigate({
              to: paths.deadLetters,
              search: value === 'list' ? { ...filter, view: 'list' } : filter,
              replace: true,
            })
          }
        />
      </PageHeader>
      {groups.data && <Dropped groups={groups.data} />}
      <FoldedFilters count={Object.keys(filter).length}>
        <Filters key={JSON.stringify(filter)} search={search} />
      </FoldedFilters>
      {view === 'list' ? <Letters filter={filter} /> : <Groups filter={filter} />}
    </>
  );
}

type Filter = Omit<DeadLettersSearch, 'view'>;

/** What is not listed any more is said. */
function Dropped({ groups }: { groups: DeadLetterGroups }) {
  const letters = groups.dropped.reduce((sum, each) => sum + each.letters, 0);
  if (letters === 0) return null;
  const newest =
    groups.dropped
      .map((each) => each.newest_at)
      .sort()
      .at(-1) ?? null;
  return (
    <Notice tone="neutral" icon={<Info aria-hidden strokeWidth={1.75} />}>
      {formatCount(letters)} {letters === 1 ? 'entry is' : 'entries are'} not listed any more, the
      newest of them from <Moment at={newest} />: entries are kept for{' '}
      {formatCount(groups.kept_days)} days, and {formatCount(groups.kept_letters_max)} of a source.
    </Notice>
  );
}

function Filters({ search }: { search: DeadLettersSearch }) {
  const navigate = useNavigate();
  const sources = useQuery({ ...sourcesQuery, refetchInterval: false });
  const id = useId();
  const submit = (event: React.FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const value = (name: string) => String(form.get(name) ?? '').trim() || undefined;
    const wanted: Record<string, string | undefined> = {
      view: search.view,
      source_id: value('source_id'),
      cause: value('cause'),
      table: value('table'),
    };
    void navigate({ to: paths.deadLetters, search: wanted as DeadLettersSearch });
  };
  const label = 'mb-1 block text-meta text-ink-2';
  const { view, ...filter } = search;
  return (
    <form onSubmit={submit} className="mb-3">
      <div className="grid items-end gap-2 sm:grid-cols-2 lg:grid-cols-[12rem_16rem_minmax(8rem,16rem)_auto]">
        <div>
          <label className={label} htmlFor={`${id}-source`}>
            Source
          </label>
          <select
            id={`${id}-source`}
            name="source_id"
            defaultValue={search.source_id ?? ''}
            key={sources.data ? 'known' : 'loading'}
            className={selectClass}
          >
            <option value="">All sources</option>
            {sources.data?.data.map((source) => (
              <option key={source.id} value={source.id}>
                {source.name}
                {isRemoved(source) && ' (removed)'}
              </option>
            ))}
          </select>
        </div>
        <div>
          <label className={label} htmlFor={`${id}-cause`}>
            Cause
          </label>
          <select
            id={`${id}-cause`}
            name="cause"
            defaultValue={search.cause ?? ''}
            className={selectClass}
          >
            <option value="">All causes</option>
            {causeKeys.map((cause) => (
              <option key={cause} value={cause}>
                {causeName(cause)}
              </option>
            ))}
          </select>
        </div>
        <div>
          <label className={label} htmlFor={`${id}-table`}>
            Table
          </label>
          <input
            id={`${id}-table`}
            name="table"
            defaultValue={search.table}
            placeholder="schema.table"
            className={`${controlClass} font-mono`}
          />
        </div>
        <div className="flex gap-2">
          <Button type="submit">Apply filters</Button>
          {Object.keys(filter).length > 0 && (
            <Link
              to={paths.deadLetters}
              search={view ? { view } : {}}
              className={buttonClass('ghost')}
            >
              Clear
            </Link>
          )}
        </div>
      </div>
    </form>
  );
}

function Nothing({ filter }: { filter: Filter }) {
  return Object.keys(filter).length > 0 ? (
    <Empty
      title="No failed event matches"
      actions={
        <Link to={paths.deadLetters} search={{}} className={buttonClass('primary')}>
          Show all failed events
        </Link>
      }
    >
      Try another source, cause or table.
    </Empty>
  ) : (
    <Empty
      title="No event failed"
      icon={<CircleCheck aria-hidden strokeWidth={1.75} />}
      actions={
        <Link to={paths.dataSources} className={buttonClass('primary')}>
          View data sources
        </Link>
      }
    >
      An event that cannot be applied to what is shown is listed here with its cause, and the rest
      flows on. It stays among the raw events all the same.
    </Empty>
  );
}

function Groups({ filter }: { filter: Filter }) {
  const { data, error, refetch } = useQuery(deadLetterGroupsQuery(filter));
  const sources = useQuery({ ...sourcesQuery, refetchInterval: false });
  const wide = useWide();
  const nameOf = (id: string) =>
    sources.data?.data.find((source) => source.id === id)?.name ?? 'Unknown source';
  if (!data) {
    return (
      <Panel>
        {error ? (
          <Failed error={error} retry={() => void refetch()} />
        ) : (
          <TableSkeleton what="the failed events" />
        )}
      </Panel>
    );
  }
  if (data.data.length === 0) {
    return (
      <Panel>
        <Nothing filter={filter} />
      </Panel>
    );
  }
  return (
    <Panel aria-label="Failed events by cause">
      {wide ? (
        <Table caption="Failed events by cause">
          <thead>
            <tr>
              <Th className="w-8 pr-0">
                <span className="sr-only">Newest event</span>
              </Th>
              <Th>Cause</Th>
              <Th>Table</Th>
              <Th>Source</Th>
              <Th>SQLSTATE</Th>
              <Th className="text-right">Events</Th>
              <Th>First</Th>
              <Th>Newest</Th>
            </tr>
          </thead>
          <tbody>
            {data.data.map((group) => (
              <ExpandableRow
                key={keyOf(group)}
                label={`Newest event of ${causeName(group.cause)}, ${group.table ?? 'no table'}`}
                columns={8}
                detail={<GroupDetail group={group} />}
              >
                <Td className="font-medium whitespace-nowrap">{causeName(group.cause)}</Td>
                <Td className="font-mono text-meta">{group.table ?? 'no table'}</Td>
                <Td>
                  <Link to={paths.source} params={{ id: group.source_id }} className="link-inline">
                    {nameOf(group.source_id)}
                  </Link>
                </Td>
                <Td className="font-mono text-meta text-ink-2">{group.sqlstate ?? '–'}</Td>
                <Td className="text-right">{formatCount(group.events)}</Td>
                <Td>
                  <Moment at={group.first_at} />
                </Td>
                <Td>
                  <Moment at={group.last_at} />
                </Td>
              </ExpandableRow>
            ))}
          </tbody>
        </Table>
      ) : (
        <ul className="[&>li:first-child]:border-t-0">
          {data.data.map((group) => (
            <ExpandableItem key={keyOf(group)} detail={<GroupDetail group={group} />}>
              <span className="flex items-baseline justify-between gap-3">
                <span className="font-medium">{causeName(group.cause)}</span>
                <span>{formatCount(group.events)}</span>
              </span>
              <span className="mt-0.5 flex justify-between gap-3 text-meta text-ink-3">
                <span className="min-w-0 font-mono break-all">{group.table ?? 'no table'}</span>
                <span className="shrink-0">{nameOf(group.source_id)}</span>
              </span>
            </ExpandableItem>
          ))}
        </ul>
      )}
      {data.truncated && (
        <p className="border-t border-line-weak px-3 py-2 text-meta text-ink-3">
          Only the newest {formatCount(data.data.length)} groups are shown: choose a source or a
          cause to see the rest.
        </p>
      )}
    </Panel>
  );
}

const keyOf = (group: DeadLetterGroup): string =>
  [group.source_id, group.table, group.cause, group.sqlstate].join(' ');

function GroupDetail({ group }: { group: DeadLetterGroup }) {
  return (
    <>
      <p className="mb-2 flex flex-wrap items-center gap-x-4 gap-y-1 text-meta text-ink-3">
        <span>The newest of {formatCount(group.letters)} entries:</span>
        <Link
          to={paths.deadLetters}
          search={{
            view: 'list',
            source_id: group.source_id,
            cause: group.cause,
            ...(group.table ? { table: group.table } : {}),
          }}
          className="link max-lg:py-3"
        >
          See them one by one
        </Link>
      </p>
      <LetterDetail letter={group} />
    </>
  );
}

function Letters({ filter }: { filter: Filter }) {
  const query = useInfiniteQuery(deadLettersQuery(filter));
  const letters = query.data?.pages.flatMap((page) => page.data);
  return (
    <Panel aria-label="Failed events">
      {!letters ? (
        query.error ? (
          <Failed error={query.error} retry={() => void query.refetch()} />
        ) : (
          <TableSkeleton what="the failed events" />
        )
      ) : letters.length === 0 ? (
        <Nothing filter={filter} />
      ) : (
        <ul className="[&>li:first-child]:border-t-0">
          {letters.map((letter) => (
            <LetterItem key={letter.id} letter={letter} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <div className="border-t border-line-weak px-3 py-1.5">
          <Button
            aria-disabled={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Load more
          </Button>
        </div>
      )}
    </Panel>
  );
}
