import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Activity } from 'lucide-react';
import { useId, useState } from 'react';
import { executionsQuery } from '../../api/executions';
import { workflowNamesQuery } from '../../api/workflows';
import { paths } from '../../paths';
import { type ExecutionsSearch, executionStates, triggerTypes } from '../../routes/search';
import { buttonClass } from '../../ui/Button';
import { Empty } from '../../ui/Feedback';
import { controlClass, selectClass } from '../../ui/Field';
import {
  ChoiceFilter,
  FilterForm,
  FoldedFilters,
  Labelled,
  SpanFilter,
  spanFault,
  spanOf,
  type Values,
} from '../../ui/Filters';
import { formatCount, zoneName } from '../../ui/format';
import { Listing, Pager, usePages } from '../../ui/Listing';
import { NotRefreshed } from '../../ui/NotRefreshed';
import { PageHeader } from '../../ui/Panel';
import { useTitle } from '../../ui/useTitle';
import { ExecutionList } from './ExecutionList';
import { stateWord } from './ExecutionStatus';
import { triggerWord } from './names';

const route = getRouteApi('/app/executions');

export function ExecutionsPage() {
  useTitle('Executions');
  const search = route.useSearch();
  return (
    <>
      <PageHeader
        title="Executions"
        status={<span>Runs of workflows, newest first, times in {zoneName()}</span>}
      />
      <FoldedFilters count={Object.keys(search).length}>
        <Filters key={JSON.stringify(search)} search={search} />
      </FoldedFilters>
      <Pages key={`pages ${JSON.stringify(search)}`} search={search} />
    </>
  );
}

function Filters({ search }: { search: ExecutionsSearch }) {
  const navigate = useNavigate();
  const [fault, setFault] = useState(false);
  const id = useId();
  const faultId = useId();

  const apply = (value: Values) => {
    const span = spanOf(value);
    setFault(!span);
    if (!span) return;
    const wanted: Record<string, string | undefined> = {
      status: value('status'),
      workflow_id: value('workflow_id'),
      trigger_type: value('trigger_type'),
      name: value('name'),
      correlation_key: value('correlation_key'),
      error: value('error'),
      ...span,
    };
    void navigate({ to: paths.executions, search: wanted as ExecutionsSearch });
  };
  const texts = [
    ['name', 'Name begins with', ''],
    ['correlation_key', 'Correlation key', ''],
    ['error', 'Error', 'http_503'],
  ] as const;
  return (
    <FilterForm
      columns="lg:grid-cols-5"
      apply={apply}
      clear={
        Object.keys(search).length > 0 && (
          <Link to={paths.executions} search={{}} className={buttonClass('ghost')}>
            Clear
          </Link>
        )
      }
      error={fault ? spanFault : null}
      errorId={faultId}
    >
      <ChoiceFilter
        label="State"
        name="status"
        value={search.status}
        choices={executionStates.map((state) => [state, stateWord(state)])}
      />
      <WorkflowFilter value={search.workflow_id} />
      <ChoiceFilter
        label="Trigger"
        name="trigger_type"
        value={search.trigger_type}
        choices={triggerTypes.map((type) => [type, triggerWord(type)])}
      />
      {texts.map(([name, label, placeholder]) => (
        <Labelled key={name} label={label} id={`${id}-${name}`}>
          <input
            id={`${id}-${name}`}
            name={name}
            defaultValue={search[name]}
            maxLength={200}
            placeholder={placeholder}
            className={controlClass}
          />
        </Labelled>
      ))}
      <SpanFilter span={search} faultId={fault ? faultId : undefined} />
    </FilterForm>
  );
}

function WorkflowFilter({ value }: { value: string | undefined }) {
  const { data } = useQuery(workflowNamesQuery);
  const id = useId();
  const known = data?.data ?? [];
  return (
    <Labelled label="Workflow" id={id}>
      <select
        id={id}
        name="workflow_id"
        defaultValue={value ?? ''}
        key={data ? 'known' : 'loading'}
        className={selectClass}
      >
        <option value="">All workflows</option>
        {value && !known.some((workflow) => workflow.id === value) && (
          <option value={value}>{value}</option>
        )}
        {known.map((workflow) => (
          <option key={workflow.id} value={workflow.id}>
            {workflow.name}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

function Pages({ search }: { search: ExecutionsSearch }) {
  const pages = usePages();
  const query = useQuery(executionsQuery(search, pages.cursor));
  return (
    <>
      <NotRefreshed query={query} />
      <Listing
        query={query}
        what="the executions"
        rows={12}
        isEmpty={(page) => page.data.length === 0 && pages.isFirst}
        nothing={<Nothing filtered={Object.keys(search).length > 0} />}
        label="Executions"
        busy={query.isPlaceholderData}
      >
        {(page) => (
          <>
            <ExecutionList executions={page.data} caption="Executions" />
            <Pager
              pages={pages}
              next={page.next_cursor}
              waiting={query.isPlaceholderData}
              backLabel="Newer"
              onLabel="Older"
            >
              {pages.isFirst
                ? `Newest ${formatCount(page.data.length)}, renewed by itself`
                : `Page ${formatCount(pages.number)}, ${formatCount(page.data.length)} executions`}
            </Pager>
          </>
        )}
      </Listing>
    </>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <Empty
      title="No execution matches"
      actions={
        <Link to={paths.executions} search={{}} className={buttonClass('primary')}>
          Show all executions
        </Link>
      }
    >
      Try another state, workflow or span of time.
    </Empty>
  ) : (
    <Empty
      title="No executions yet"
      icon={<Activity aria-hidden strokeWidth={1.75} />}
      actions={
        <Link to={paths.workflows} className={buttonClass('primary')}>
          View workflows
        </Link>
      }
    >
      An execution is one run of a workflow. It starts when somebody calls the address of its
      webhook, or runs it by hand or by API. Each is listed here as soon as it is taken in, with
      what every step did.
    </Empty>
  );
}
