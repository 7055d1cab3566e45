import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Workflow as WorkflowIcon } from 'lucide-react';
import { useId, useState } from 'react';
import { executionsQuery } from '../../api/executions';
import { meQuery } from '../../api/queries';
import type { WorkflowSummary } from '../../api/types';
import { workflowsQuery } from '../../api/workflows';
import { paths } from '../../paths';
import type { WorkflowsSearch } from '../../routes/search';
import { Moment } from '../../ui/Age';
import { Button, buttonClass } from '../../ui/Button';
import { cx } from '../../ui/cx';
import { Empty } from '../../ui/Feedback';
import { controlClass, selectClass } from '../../ui/Field';
import { FilterForm, FoldedFilters, Labelled } from '../../ui/Filters';
import { formatCount, zoneName } from '../../ui/format';
import { Listing, Pager, usePages } from '../../ui/Listing';
import { NotRefreshed } from '../../ui/NotRefreshed';
import { PageHeader } from '../../ui/Panel';
import { rowClass, Table, Td, Th } from '../../ui/Table';
import { useTitle } from '../../ui/useTitle';
import { useWide } from '../../ui/useWide';
import { ExecutionStatus } from '../executions/ExecutionStatus';
import { ImportDialog } from './ImportDialog';
import { NewWorkflowDialog } from './NewWorkflowDialog';
import { versionWords, WorkflowState } from './WorkflowState';

const route = getRouteApi('/app/workflows');

type Asking = 'new' | 'import' | null;

export function WorkflowsPage() {
  useTitle('Workflows');
  const search = route.useSearch();
  const { data: me } = useSuspenseQuery(meQuery);
  const [asking, setAsking] = useState<Asking>(null);
  const mayWrite = me?.permissions.includes('workflows.write') ?? false;
  return (
    <>
      <PageHeader
        title="Workflows"
        status={<span>The latest to change first, times in {zoneName()}</span>}
      >
        {mayWrite && (
          <>
            <Button onClick={() => setAsking('import')}>Import</Button>
            <Button kind="primary" onClick={() => setAsking('new')}>
              New workflow
            </Button>
          </>
        )}
      </PageHeader>
      <FoldedFilters count={Object.keys(search).length}>
        <Filters key={JSON.stringify(search)} search={search} />
      </FoldedFilters>
      <Pages
        key={`pages ${JSON.stringify(search)}`}
        search={search}
        ask={mayWrite ? setAsking : undefined}
      />
      {asking === 'new' && <NewWorkflowDialog onClose={() => setAsking(null)} />}
      {asking === 'import' && <ImportDialog onClose={() => setAsking(null)} />}
    </>
  );
}

function Filters({ search }: { search: WorkflowsSearch }) {
  const navigate = useNavigate();
  const id = useId();
  return (
    <FilterForm
      columns="lg:grid-cols-[16rem_10rem_auto]"
      apply={(value) => {
        const enabled = value('enabled');
        const name = value('name');
        void navigate({
          to: paths.workflows,
          search: {
            ...(name ? { name } : {}),
            ...(enabled ? { enabled: enabled === 'true' } : {}),
          },
        });
      }}
      clear={
        Object.keys(search).length > 0 && (
          <Link to={paths.workflows} search={{}} className={buttonClass('ghost')}>
            Clear
          </Link>
        )
      }
    >
      <Labelled label="Name contains" id={`${id}-name`}>
        <input
          id={`${id}-name`}
          name="name"
          defaultValue={search.name}
          maxLength={200}
          className={controlClass}
        />
      </Labelled>
      <Labelled label="State" id={`${id}-enabled`}>
        <select
          id={`${id}-enabled`}
          name="enabled"
          defaultValue={search.enabled === undefined ? '' : String(search.enabled)}
          className={selectClass}
        >
          <option value="">All</option>
          <option value="true">Enabled</option>
          <option value="false">Not enabled</option>
        </select>
      </Labelled>
    </FilterForm>
  );
}

function Pages({
  search,
  ask,
}: {
  search: WorkflowsSearch;
  ask: ((what: Asking) => void) | undefined;
}) {
  const pages = usePages();
  const query = useQuery(workflowsQuery(search, pages.cursor));
  const wide = useWide();
  return (
    <>
      <NotRefreshed query={query} />
      <Listing
        query={query}
        what="the workflows"
        isEmpty={(page) => page.data.length === 0 && pages.isFirst}
        nothing={<Nothing filtered={Object.keys(search).length > 0} ask={ask} />}
        label="Workflows"
        busy={query.isPlaceholderData}
      >
        {(page) => (
          <>
            {wide ? (
              <Table caption="Workflows">
                <thead>
                  <tr>
                    <Th>Name</Th>
                    <Th>State</Th>
                    <Th>Version</Th>
                    <Th>Changed</Th>
                    <Th>Last execution</Th>
                  </tr>
                </thead>
                <tbody>
                  {page.data.map((workflow) => (
                    <Row key={workflow.id} workflow={workflow} />
                  ))}
                </tbody>
              </Table>
            ) : (
              <ul>
                {page.data.map((workflow) => (
                  <Item key={workflow.id} workflow={workflow} />
                ))}
              </ul>
            )}
            {(!pages.isFirst || page.next_cursor) && (
              <Pager
                pages={pages}
                next={page.next_cursor}
                waiting={query.isPlaceholderData}
                backLabel="Back"
                onLabel="More"
              >
                Page {formatCount(pages.number)}
              </Pager>
            )}
          </>
        )}
      </Listing>
    </>
  );
}

function Row({ workflow }: { workflow: WorkflowSummary }) {
  return (
    <tr className={cx(rowClass, 'hover:bg-sunken/50')}>
      <Td className="w-full max-w-0 truncate">
        <Link to={paths.workflow} params={{ id: workflow.id }} className="link font-medium">
          {workflow.name}
        </Link>
        {workflow.description && <span className="ml-3 text-ink-3">{workflow.description}</span>}
      </Td>
      <Td>
        <WorkflowState workflow={workflow} />
      </Td>
      <Td className="whitespace-nowrap text-ink-2">{versionWords(workflow)}</Td>
      <Td>
        <Moment at={workflow.updated_at} />
      </Td>
      <Td className="min-w-64 whitespace-nowrap">
        <LastExecution workflow={workflow} />
      </Td>
    </tr>
  );
}

/** Lists of workflows do not tell it: each row asks for its own. */
function useLastExecution(workflow: WorkflowSummary) {
  const query = useQuery({
    ...executionsQuery({ workflow_id: workflow.id }, undefined, 1, 15_000),
    enabled: workflow.published_version !== null,
  });
  return { last: query.data?.data[0], none: query.isSuccess ? 'Never run' : '–' };
}

function LastExecution({ workflow }: { workflow: WorkflowSummary }) {
  const { last, none } = useLastExecution(workflow);
  if (!last) return <span className="text-ink-3">{none}</span>;
  return (
    <Link
      to={paths.execution}
      params={{ id: last.id }}
      className="flex w-fit items-center gap-3 hover:underline"
    >
      <ExecutionStatus execution={last} />
      <Moment at={last.created_at} />
    </Link>
  );
}

function Item({ workflow }: { workflow: WorkflowSummary }) {
  const { last, none } = useLastExecution(workflow);
  return (
    <li className="border-t border-line-weak first:border-t-0">
      <Link
        to={paths.workflow}
        params={{ id: workflow.id }}
        className="block px-3 py-2.5 hover:bg-sunken/50 focus-visible:outline-offset-[-2px]"
      >
        <span className="flex items-baseline justify-between gap-3">
          <span className="min-w-0 truncate font-medium">{workflow.name}</span>
          <Moment at={workflow.updated_at} />
        </span>
        <span className="mt-0.5 flex items-center justify-between gap-3 text-meta text-ink-3">
          <WorkflowState workflow={workflow} />
          <span>{versionWords(workflow)}</span>
        </span>
        {workflow.published_version !== null && (
          <span className="mt-0.5 flex items-center gap-3 text-meta">
            <span className="text-ink-3">Last execution</span>
            {last ? (
              <>
                <ExecutionStatus execution={last} />
                {last.status === 'failed' && (
                  <span className="min-w-0 truncate font-mono text-ink-2">{last.outcome}</span>
                )}
                <span className="ml-auto text-ink-3">
                  <Moment at={last.created_at} />
                </span>
              </>
            ) : (
              <span className="text-ink-3">{none}</span>
            )}
          </span>
        )}
      </Link>
    </li>
  );
}

function Nothing({
  filtered,
  ask,
}: {
  filtered: boolean;
  ask: ((what: Asking) => void) | undefined;
}) {
  return filtered ? (
    <Empty
      title="No workflow matches"
      actions={
        <Link to={paths.workflows} search={{}} className={buttonClass('primary')}>
          Show all workflows
        </Link>
      }
    >
      Try another name or state.
    </Empty>
  ) : (
    <Empty
      title="No workflows yet"
      icon={<WorkflowIcon aria-hidden strokeWidth={1.75} />}
      actions={
        ask && (
          <>
            <Button kind="primary" onClick={() => ask('new')}>
              New workflow
            </Button>
            <Button onClick={() => ask('import')}>Import</Button>
          </>
        )
      }
    >
      A workflow is one document: what starts it, what it does, and what follows what. Once it is
      published, its webhook or the API starts executions.
    </Empty>
  );
}
