import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { executionsQuery } from '../../api/executions';
import { ApiProblem } from '../../api/problem';
import type { Workflow } from '../../api/types';
import { documentTextQuery, type OpenedWorkflow, workflowQuery } from '../../api/workflows';
import { paths } from '../../paths';
import { Moment } from '../../ui/Age';
import { buttonClass } from '../../ui/Button';
import { Code, Facts } from '../../ui/Facts';
import { Empty, Failed, TableSkeleton } from '../../ui/Feedback';
import { zoneName } from '../../ui/format';
import { JsonText } from '../../ui/Json';
import { Unlisted } from '../../ui/Listing';
import { NotRefreshed } from '../../ui/NotRefreshed';
import { PageHeader, Panel } from '../../ui/Panel';
import { Segmented } from '../../ui/Segmented';
import { useTitle } from '../../ui/useTitle';
import { ExecutionList } from '../executions/ExecutionList';
import { Draft } from './Draft';
import { Versions } from './Versions';
import { Webhooks } from './Webhooks';
import { WorkflowActions } from './WorkflowActions';
import { versionWords, WorkflowState } from './WorkflowState';

const route = getRouteApi('/app/workflows/$id');
const views = [
  { value: 'overview', label: 'Overview' },
  { value: 'draft', label: 'Draft' },
  { value: 'versions', label: 'Versions' },
] as const;

export function WorkflowPage() {
  const { id } = route.useParams();
  const query = useQuery(workflowQuery(id));
  useTitle(query.data?.workflow.name ?? 'Workflow');
  if (query.error instanceof ApiProblem && [400, 404].includes(query.error.status)) {
    return <NoSuchWorkflow />;
  }
  if (!query.data) {
    return (
      <>
        <PageHeader title="Workflow" />
        <Panel>
          {query.error ? (
            <Failed error={query.error} retry={() => void query.refetch()} />
          ) : (
            <TableSkeleton what="the workflow" rows={6} />
          )}
        </Panel>
      </>
    );
  }
  return <Opened key={id} opened={query.data} query={query} />;
}

function Opened({
  opened,
  query,
}: {
  opened: OpenedWorkflow;
  query: Parameters<typeof NotRefreshed>[0]['query'];
}) {
  const { workflow } = opened;
  const { view = 'overview' } = route.useSearch();
  const navigate = useNavigate();
  return (
    <>
      <PageHeader
        title={workflow.name}
        status={
          <>
            <WorkflowState workflow={workflow} />
            <span>{versionWords(workflow)}</span>
          </>
        }
      >
        <WorkflowActions workflow={workflow} editing={view === 'draft'} />
      </PageHeader>
      <NotRefreshed query={query} />
      <div className="mb-3 flex">
        <Segmented
          label="View"
          options={views}
          value={view}
          onChange={(value) =>
            void navigate({
              to: paths.workflow,
              params: { id: workflow.id },
              search: value === 'overview' ? {} : { view: value },
              replace: true,
            })
          }
        />
      </div>
      {view === 'draft' && <Draft opened={opened} />}
      {view === 'versions' && <Versions workflow={workflow} />}
      {view === 'overview' && <Overview workflow={workflow} />}
    </>
  );
}

function Overview({ workflow }: { workflow: Workflow }) {
  return (
    <div className="flex flex-col gap-3">
      <Webhooks workflow={workflow} />
      {workflow.published_version !== null && <Latest workflow={workflow} />}
      <Panel title="Facts">
        <Facts
          facts={[
            ['Description', workflow.description ?? '–'],
            ['Published', <Moment key="published" at={workflow.published_at} withZone />],
            ['Changed', <Moment key="changed" at={workflow.updated_at} withZone />],
            ['Created', <Moment key="created" at={workflow.created_at} withZone />],
            ['Id', <Code key="id">{workflow.id}</Code>],
          ]}
        />
      </Panel>
      {workflow.published_version === null ? (
        <Panel>
          <Empty
            title="Nothing of it is published yet"
            actions={
              workflow.may_edit && (
                <Link
                  to={paths.workflow}
                  params={{ id: workflow.id }}
                  search={{ view: 'draft' }}
                  className={buttonClass('primary')}
                >
                  Open the draft
                </Link>
              )
            }
          >
            A draft starts nothing. Publishing makes it version 1 and enables the workflow.
          </Empty>
        </Panel>
      ) : (
        <Published id={workflow.id} version={workflow.published_version} />
      )}
    </div>
  );
}

function Published({ id, version }: { id: string; version: number }) {
  const query = useQuery(documentTextQuery(id, String(version)));
  return (
    <Panel title={`Published document, version ${version}`}>
      {query.data === undefined ? (
        <Unlisted query={query} what="the document" rows={4} />
      ) : (
        <div className="px-3 pb-3">
          <JsonText text={query.data} label="Published document" />
        </div>
      )}
    </Panel>
  );
}

function Latest({ workflow }: { workflow: Workflow }) {
  const query = useQuery(executionsQuery({ workflow_id: workflow.id }, undefined, 5));
  const executions = query.data?.data;
  return (
    <Panel
      title="Latest executions"
      aside={
        <>
          <span>Times in {zoneName()}</span>
          <Link
            to={paths.executions}
            search={{ workflow_id: workflow.id }}
            className="link max-lg:py-3"
          >
            View all
          </Link>
        </>
      }
    >
      {!executions ? (
        <Unlisted query={query} what="the executions" rows={2} />
      ) : executions.length === 0 ? (
        <p className="px-3 pb-3 text-ink-3">
          None yet. Call the address of its webhook, or run it now.
        </p>
      ) : (
        <ExecutionList executions={executions} caption="Latest executions" ofOneWorkflow />
      )}
    </Panel>
  );
}

function NoSuchWorkflow() {
  useTitle('Workflow not found');
  return (
    <>
      <PageHeader title="Workflow not found" />
      <Panel>
        <Empty
          title="This workspace has no such workflow"
          actions={
            <Link to={paths.workflows} className={buttonClass('primary')}>
              View all workflows
            </Link>
          }
        >
          It may have been deleted, or the link belongs to another workspace.
        </Empty>
      </Panel>
    </>
  );
}
