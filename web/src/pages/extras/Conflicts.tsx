import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { CircleCheck } from 'lucide-react';
import { useId } from 'react';
import { type ConflictFilter, extraConflictsQuery } from '../../api/extras';
import type { ExtraConflict } from '../../api/types';
import { paths } from '../../paths';
import type { ExtrasSearch } from '../../routes/search';
import { buttonClass } from '../../ui/Button';
import { ExpandableItem, ExpandableRow } from '../../ui/Expandable';
import { Empty } from '../../ui/Feedback';
import { controlClass } from '../../ui/Field';
import { FilterForm, Labelled, SourceFilter, TableFilter, useSourceName } from '../../ui/Filters';
import { formatCount } from '../../ui/format';
import { Listing, LoadMore } from '../../ui/Listing';
import { NotRefreshed } from '../../ui/NotRefreshed';
import { Table, Td, Th } from '../../ui/Table';
import { useWide } from '../../ui/useWide';
import { EntityName, isOfReadings, typeWords, valueText } from './values';

export function ConflictFilters({ search }: { search: ExtrasSearch }) {
  const navigate = useNavigate();
  const id = useId();
  return (
    <FilterForm
      columns="lg:grid-cols-[12rem_minmax(8rem,16rem)_minmax(8rem,16rem)_auto]"
      apply={(value) => {
        const wanted: Record<string, string | undefined> = {
          view: 'conflicts',
          source_id: value('source_id'),
          table: value('table'),
          key: value('key'),
        };
        void navigate({ to: paths.extras, search: wanted as ExtrasSearch });
      }}
      clear={
        (search.source_id ?? search.table ?? search.key) && (
          <Link to={paths.extras} search={{ view: 'conflicts' }} className={buttonClass('ghost')}>
            Clear
          </Link>
        )
      }
    >
      <SourceFilter value={search.source_id} />
      <TableFilter value={search.table} />
      <Labelled label="Key begins with" id={id}>
        <input
          id={id}
          name="key"
          defaultValue={search.key}
          maxLength={200}
          className={`${controlClass} font-mono`}
        />
      </Labelled>
    </FilterForm>
  );
}

/** Keys whose values have several types within a table. */
export function Conflicts({ filter }: { filter: ConflictFilter }) {
  const query = useInfiniteQuery(extraConflictsQuery(filter));
  const conflicts = query.data?.pages.flatMap((page) => page.data);
  const wide = useWide();
  const nameOf = useSourceName();
  return (
    <>
      <NotRefreshed query={query} />
      <Listing
        query={{ ...query, data: conflicts }}
        what="the type conflicts"
        isEmpty={(all) => all.length === 0}
        nothing={<Nothing filtered={Object.keys(filter).length > 0} />}
        label="Type conflicts"
      >
        {(all) => (
          <>
            {wide ? (
              <Table caption="Type conflicts">
                <thead>
                  <tr>
                    <Th className="w-8 pr-0">
                      <span className="sr-only">Values</span>
                    </Th>
                    <Th>Key</Th>
                    <Th>Table</Th>
                    <Th>Source</Th>
                    <Th>Types</Th>
                  </tr>
                </thead>
                <tbody>
                  {all.map((conflict) => (
                    <ExpandableRow
                      key={keyOf(conflict)}
                      label={`Values of ${conflict.key} in ${conflict.table}`}
                      columns={5}
                      detail={<ConflictDetail conflict={conflict} />}
                    >
                      <Td className="font-mono text-meta break-all">{conflict.key}</Td>
                      <Td className="font-mono text-meta">{conflict.table}</Td>
                      <Td>
                        <Link
                          to={paths.source}
                          params={{ id: conflict.source_id }}
                          className="link-inline"
                        >
                          {nameOf(conflict.source_id)}
                        </Link>
                      </Td>
                      <Td>{typesOf(conflict)}</Td>
                    </ExpandableRow>
                  ))}
                </tbody>
              </Table>
            ) : (
              <ul className="[&>li:first-child]:border-t-0">
                {all.map((conflict) => (
                  <ExpandableItem
                    key={keyOf(conflict)}
                    detail={<ConflictDetail conflict={conflict} />}
                  >
                    <span className="block font-mono text-meta break-all">{conflict.key}</span>
                    <span className="mt-0.5 block text-meta text-ink-3">
                      {conflict.table} of {nameOf(conflict.source_id)}
                    </span>
                    <span className="mt-0.5 block text-meta text-ink-3">{typesOf(conflict)}</span>
                  </ExpandableItem>
                ))}
              </ul>
            )}
            <LoadMore query={query} />
          </>
        )}
      </Listing>
    </>
  );
}

const keyOf = ({ source_id, table, key }: ExtraConflict): string =>
  [source_id, table, key].join(' ');

/** "Number in 2,000 rows, text in 1": the type that most have first. */
const typesOf = (conflict: ExtraConflict): string =>
  byFrequency(conflict)
    .map(({ type, entities }, index) =>
      index === 0
        ? `${typeWords[type]} in ${formatCount(entities)} ${entities === 1 ? 'row' : 'rows'}`
        : `${typeWords[type].toLowerCase()} in ${formatCount(entities)}`,
    )
    .join(', ');

const byFrequency = ({ types }: ExtraConflict) =>
  [...types].sort((one, other) => other.entities - one.entities);

function ConflictDetail({ conflict }: { conflict: ExtraConflict }) {
  const { key, table } = conflict;
  return (
    <dl className="grid max-w-[60rem] gap-x-6 gap-y-3 sm:grid-cols-2">
      {byFrequency(conflict).map(({ type, entities, sample, examples }) => (
        <div key={type} className="min-w-0">
          <dt className="text-meta text-ink-3">
            {typeWords[type]}, {formatCount(entities)} {entities === 1 ? 'row' : 'rows'}
          </dt>
          <dd className="mt-0.5 break-words">
            {sample === null || sample === undefined ? (
              <span className="text-ink-3">No value among the first of this key</span>
            ) : (
              <>
                Such as <span className="font-medium">{valueText(sample, type)}</span>
              </>
            )}
          </dd>
          {examples.length > 0 && (
            <dd className="mt-0.5 flex flex-wrap gap-x-3">
              {examples.map((entity) => (
                <EntityName key={entity.id} entity={entity} />
              ))}
            </dd>
          )}
          <dd className="mt-1">
            <Link
              to={paths.extras}
              search={{ key, type, ...(isOfReadings(key) ? {} : { table }) }}
              className="link max-lg:inline-flex max-lg:min-h-11 max-lg:items-center"
            >
              See these values
            </Link>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <Empty
      title="No conflict matches"
      actions={
        <Link to={paths.extras} search={{ view: 'conflicts' }} className={buttonClass('primary')}>
          Show all conflicts
        </Link>
      }
    >
      Try another source, table or key.
    </Empty>
  ) : (
    <Empty
      title="Every key has one type"
      icon={<CircleCheck aria-hidden strokeWidth={1.75} />}
      actions={
        <Link to={paths.extras} search={{}} className={buttonClass('primary')}>
          Search extras
        </Link>
      }
    >
      A key that is a number in one row of a table and a text in another would be listed here until
      all its values have one type again.
    </Empty>
  );
}
