import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { paths } from '../../paths';
import { FoldedFilters } from '../../ui/Filters';
import { PageHeader } from '../../ui/Panel';
import { Segmented } from '../../ui/Segmented';
import { useTitle } from '../../ui/useTitle';
import { ConflictFilters, Conflicts } from './Conflicts';
import { ExtraFilters } from './ExtraFilters';
import { ExtraResults } from './ExtraResults';

const route = getRouteApi('/app/extras');
const views = [
  { value: 'search', label: 'Search' },
  { value: 'conflicts', label: 'Type conflicts' },
] as const;

export function ExtrasPage() {
  useTitle('Extras');
  const search = route.useSearch();
  const navigate = useNavigate();
  const { view = 'search', source_id, ...filter } = search;
  const conflicts = {
    ...(source_id ? { source_id } : {}),
    ...(filter.table ? { table: filter.table } : {}),
    ...(filter.key ? { key_prefix: filter.key } : {}),
  };
  return (
    <>
      <PageHeader
        title="Extras"
        status={
          <span>What rows say beside names, times and readings, each value with its type</span>
        }
      >
        <Segmented
          label="View"
          options={views}
          value={view}
          onChange={(value) =>
            void navigate({
              to: paths.extras,
              search: value === 'conflicts' ? { view: value } : {},
              replace: true,
            })
          }
        />
      </PageHeader>
      {view === 'conflicts' ? (
        <>
          <FoldedFilters count={Object.keys(conflicts).length}>
            <ConflictFilters key={JSON.stringify(search)} search={search} />
          </FoldedFilters>
          <Conflicts filter={conflicts} />
        </>
      ) : (
        <>
          <FoldedFilters count={Object.keys(filter).length}>
            <ExtraFilters key={JSON.stringify(filter)} filter={filter} />
          </FoldedFilters>
          <ExtraResults key={`results ${JSON.stringify(filter)}`} filter={filter} />
        </>
      )}
    </>
  );
}
