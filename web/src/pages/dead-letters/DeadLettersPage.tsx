import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { CircleCheck, Info } from 'lucide-react';
import { useId } from 'react';
import { deadLetterGroupsQuery, deadLettersQuery } from '../../api/deadLetters';
import type { DeadLetterGroup, DeadLetterGroups } from '../../api/types';
import { paths } from '../../paths';
import type { DeadLettersSearch } from '../../routes/search';
import { Moment } from '../../ui/Age';
import { buttonClass } from '../../ui/Button';
import { ExpandableItem, ExpandableRow } from '../../ui/Expandable';
import { Empty, Notice } from '../../ui/Feedback';
import { selectClass } from '../../ui/Field';
import {
  FilterForm,
  FoldedFilters,
  Labelled,
  SourceFilter,
  TableFilter,
  useSourceName,
} from '../../ui/Filters';
import { formatCount, zoneName } from '../../ui/format';
import { Listing, LoadMore } from '../../ui/Listing';
import { PageHeader } from '../../ui/Panel';
import { Segmented } from '../../ui/Segmented';
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
        status={
          <span>
            {filter.settled
              ? 'Settled, or dismissed by a person.'
              : 'Captured, but not applied to what is shown.'}{' '}
            Times in {zoneName()}
          </span>
        }
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
      <p className="max-w-[60rem] pb-3 text-ink-2">
        An entry is settled once what is shown lacks nothing by it: its row was mended or deleted at
        the source, its table was read again, or what is shown was built anew and took it. Reading
        the table again, on the source’s page, also settles what no row can be told of; a row that
        is wrong at its source fails anew by it, as a new entry, until it is corrected there. What
        could not be read or stored on arrival is settled by nothing. Any entry can be dismissed.
      </p>
      <FoldedFilters count={Object.keys(filter).length}>
        <Filters key={JSON.stringify(filter)} search={search} groups={groups.data} />
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

function Filters({
  search,
  groups,
}: {
  search: DeadLettersSearch;
  groups: DeadLetterGroups | undefined;
}) {
  const counted = (state: string, letters: number | undefined) =>
    letters === undefined ? state : `${state} (${formatCount(letters)})`;
  const navigate = useNavigate();
  const id = useId();
  const { view, ...filter } = search;
  return (
    <FilterForm
      columns="lg:grid-cols-[12rem_16rem_minmax(8rem,16rem)_10rem_auto]"
      apply={(value) => {
        const wanted: Record<string, string | true | undefined> = {
          view,
          settled: value('settled') ? true : undefined,
          source_id: value('source_id'),
          cause: value('cause'),
          table: value('table'),
        };
        void navigate({ to: paths.deadLetters, search: wanted as DeadLettersSearch });
      }}
      clear={
        Object.keys(filter).length > 0 && (
          <Link
            to={paths.deadLetters}
            search={view ? { view } : {}}
            className={buttonClass('ghost')}
          >
            Clear
          </Link>
        )
      }
    >
      <SourceFilter value={search.source_id} />
      <Labelled label="Cause" id={id}>
        <select id={id} name="cause" defaultValue={search.cause ?? ''} className={selectClass}>
          <option value="">All causes</option>
          {causeKeys.map((cause) => (
            <option key={cause} value={cause}>
              {causeName(cause)}
            </option>
          ))}
        </select>
      </Labelled>
      <TableFilter value={search.table} />
      <Labelled label="State" id={`${id}-state`}>
        <select
          id={`${id}-state`}
          name="settled"
          defaultValue={search.settled ? 'true' : ''}
          className={selectClass}
        >
          <option value="">{counted('Open', groups?.open_letters)}</option>
          <option value="true">{counted('Settled', groups?.settled_letters)}</option>
        </select>
      </Labelled>
    </FilterForm>
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
      Try another source, cause, table or state.
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
  const query = useQuery(deadLetterGroupsQuery(filter));
  const wide = useWide();
  const nameOf = useSourceName();
  return (
    <Listing
      query={query}
      what="the failed events"
      isEmpty={(groups) => groups.data.length === 0}
      nothing={<Nothing filter={filter} />}
      label="Failed events by cause"
    >
      {(data) => (
        <>
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
                    detail={<GroupDetail group={group} settled={filter.settled} />}
                  >
                    <Td className="font-medium whitespace-nowrap">{causeName(group.cause)}</Td>
                    <Td className="font-mono text-meta">{group.table ?? 'no table'}</Td>
                    <Td>
                      <Link
                        to={paths.source}
                        params={{ id: group.source_id }}
                        className="link-inline"
                      >
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
                <ExpandableItem
                  key={keyOf(group)}
                  detail={<GroupDetail group={group} settled={filter.settled} />}
                >
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
        </>
      )}
    </Listing>
  );
}

const keyOf = (group: DeadLetterGroup): string =>
  [group.source_id, group.table, group.cause, group.sqlstate].join(' ');

function GroupDetail({ group, settled }: { group: DeadLetterGroup; settled: true | undefined }) {
  return (
    <>
      <p className="mb-2 flex flex-wrap items-center gap-x-4 gap-y-1 text-meta text-ink-3">
        <span>
          {group.letters === 1
            ? 'One entry:'
            : `The newest of ${formatCount(group.letters)} entries:`}
        </span>
        <Link
          to={paths.deadLetters}
          search={{
            view: 'list',
            source_id: group.source_id,
            cause: group.cause,
            ...(group.table ? { table: group.table } : {}),
            ...(settled ? { settled } : {}),
          }}
          className="link max-lg:py-3"
        >
          {group.letters === 1 ? 'See it in the list' : 'See them one by one'}
        </Link>
      </p>
      <LetterDetail letter={group} />
    </>
  );
}

function Letters({ filter }: { filter: Filter }) {
  const query = useInfiniteQuery(deadLettersQuery(filter));
  return (
    <Listing
      query={{ ...query, data: query.data?.pages.flatMap((page) => page.data) }}
      what="the failed events"
      isEmpty={(letters) => letters.length === 0}
      nothing={<Nothing filter={filter} />}
      label="Failed events"
    >
      {(letters) => (
        <>
          <ul className="[&>li:first-child]:border-t-0">
            {letters.map((letter) => (
              <LetterItem key={letter.id} letter={letter} />
            ))}
          </ul>
          <LoadMore query={query} />
        </>
      )}
    </Listing>
  );
}
