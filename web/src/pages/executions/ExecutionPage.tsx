import { useInfiniteQuery, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { CircleHelp, Clock3, OctagonX } from 'lucide-react';
import { useState } from 'react';
import {
  executionLogQuery,
  executionQuery,
  isOpen,
  retriesLookedAt,
  retriesQuery,
} from '../../api/executions';
import { ApiProblem } from '../../api/problem';
import { meQuery } from '../../api/queries';
import type { Execution } from '../../api/types';
import { workflowQuery, workflowVersionQuery } from '../../api/workflows';
import { paths } from '../../paths';
import { Moment } from '../../ui/Age';
import { Button, buttonClass } from '../../ui/Button';
import { Code, Facts } from '../../ui/Facts';
import { Empty, Failed, Notice, TableSkeleton } from '../../ui/Feedback';
import { formatSpan } from '../../ui/format';
import { NotRefreshed } from '../../ui/NotRefreshed';
import { useNow } from '../../ui/now';
import { PageHeader, Panel } from '../../ui/Panel';
import { useTitle } from '../../ui/useTitle';
import { CancelDialog } from './CancelDialog';
import { DecideDialog } from './DecideDialog';
import { ExecutionList, RetriedSince } from './ExecutionList';
import { ExecutionStatus } from './ExecutionStatus';
import { lasted, sentence, shortId, titleOf, triggerWord, useMemberName } from './names';
import { RetryDialog } from './RetryDialog';
import { Timeline } from './Timeline';
import { useWake } from './useWake';

const route = getRouteApi('/app/executions/$id');

export function ExecutionPage() {
  const { id } = route.useParams();
  const query = useQuery(executionQuery(id));
  const execution = query.data;
  useTitle(execution ? titleOf(execution) : 'Execution');
  if (query.error instanceof ApiProblem && [400, 404].includes(query.error.status)) {
    return <NoSuchExecution />;
  }
  if (!execution) {
    return (
      <>
        <PageHeader title="Execution" />
        <Panel>
          {query.error ? (
            <Failed error={query.error} retry={() => void query.refetch()} />
          ) : (
            <TableSkeleton what="the execution" rows={6} />
          )}
        </Panel>
      </>
    );
  }
  return <Opened key={id} execution={execution} query={query} />;
}

function Opened({
  execution,
  query,
}: {
  execution: Execution;
  query: Parameters<typeof NotRefreshed>[0]['query'];
}) {
  const opened = useQuery(workflowQuery(execution.workflow_id));
  const version = useQuery(workflowVersionQuery(execution.workflow_id, execution.version));
  const workflow = opened.data?.workflow;
  const gone = opened.error instanceof ApiProblem && opened.error.status === 404;
  const name = workflow?.name ?? (gone ? 'a workflow that was deleted' : null);
  return (
    <>
      <PageHeader
        title={titleOf(execution)}
        status={
          <>
            <ExecutionStatus execution={execution} />
            <span>
              {name && `of ${name}, `}version {execution.version}
            </span>
          </>
        }
      >
        <Actions
          execution={execution}
          mayRun={workflow?.may_run ?? false}
          published={workflow?.published_version ?? null}
          steps={(version.data?.document.steps ?? []).map((step) => step.id)}
        />
      </PageHeader>
      <NotRefreshed query={query} />
      <Said execution={execution} />
      <div className="flex flex-col gap-3">
        <Timeline execution={execution} document={version.data?.document} />
        <Retries execution={execution} />
        <Panel title="Facts">
          <FactsOf execution={execution} workflowName={workflow?.name} />
        </Panel>
      </div>
    </>
  );
}

type Asking = 'cancel' | 'retry' | 'decide' | null;

function Actions({
  execution,
  mayRun,
  published,
  steps,
}: {
  execution: Execution;
  mayRun: boolean;
  published: number | null;
  steps: string[];
}) {
  const { data: me } = useSuspenseQuery(meQuery);
  const [asking, setAsking] = useState<Asking>(null);
  const wake = useWake(execution.id);
  if (!mayRun && !me?.permissions.includes('executions.write')) return null;
  const close = () => setAsking(null);
  const open = isOpen(execution);
  return (
    <>
      {open && <Button onClick={() => setAsking('cancel')}>Cancel</Button>}
      {execution.waiting_for === 'retry' && (
        <Button kind="primary" aria-disabled={wake.isPending} onClick={() => wake.mutate()}>
          Try now
        </Button>
      )}
      {execution.waiting_for === 'decision' && (
        <Button kind="primary" onClick={() => setAsking('decide')}>
          Decide
        </Button>
      )}
      {!open && (
        <Button
          kind={execution.status === 'success' ? 'secondary' : 'primary'}
          onClick={() => setAsking('retry')}
        >
          Retry
        </Button>
      )}
      {asking === 'cancel' && <CancelDialog execution={execution} onClose={close} />}
      {asking === 'retry' && (
        <RetryDialog execution={execution} published={published} steps={steps} onClose={close} />
      )}
      {asking === 'decide' && <DecideDialog execution={execution} onClose={close} />}
      {wake.error ? <Failed error={wake.error} /> : null}
    </>
  );
}

/** What keeps it from going on, or ended it, where nobody can overlook it. */
function Said({ execution }: { execution: Execution }) {
  const { status, error, error_step: step, waiting_for: waitingFor } = execution;
  const why = useWhyItWaits(execution);
  if (status === 'failed') {
    return (
      <Notice tone="critical" icon={<OctagonX aria-hidden strokeWidth={1.75} />}>
        <p className="break-words">
          <span className="font-medium">
            {step ? (
              <>
                Failed at step <Code>{step}</Code>
              </>
            ) : (
              'Failed'
            )}
            {execution.outcome && (
              <>
                {' '}
                with <Code>{execution.outcome}</Code>
              </>
            )}
            .
          </span>{' '}
          {error}
          {execution.retry_id && (
            <>
              {' '}
              <RetriedSince id={execution.retry_id} />
            </>
          )}
        </p>
      </Notice>
    );
  }
  if (waitingFor === 'decision') {
    return (
      <Notice icon={<CircleHelp aria-hidden strokeWidth={1.75} />}>
        {why ?? 'Nobody knows whether the last call arrived.'} Look at the receiver, then decide.
        {execution.waiting_until && (
          <>
            {' '}
            Undecided, it fails at <Moment at={execution.waiting_until} withZone />.
          </>
        )}
      </Notice>
    );
  }
  if (waitingFor === 'retry') {
    return (
      <Notice icon={<Clock3 aria-hidden strokeWidth={1.75} />}>
        {why ?? 'It goes on by itself.'}
        {execution.waiting_until && (
          <>
            {' '}
            Next try at <Moment at={execution.waiting_until} withZone />.
          </>
        )}
      </Notice>
    );
  }
  return null;
}

/** Which step it waits for, and why, as the last line of its log says; null while that is not known. */
function useWhyItWaits({ id, waiting_for: waitingFor }: Execution): string | null {
  // The steps below ask for the same log as it grows.
  const { data, hasNextPage } = useInfiniteQuery({
    ...executionLogQuery(id, true),
    enabled: waitingFor !== null,
    refetchInterval: false,
  });
  if (hasNextPage) return null;
  const last = data?.pages.at(-1)?.data.at(-1);
  // The log may be a moment behind: then its last line tells of what was done before.
  return last && ['retry', 'parked', 'note'].includes(last.kind) ? sentence(last.message) : null;
}

function FactsOf({
  execution,
  workflowName,
}: {
  execution: Execution;
  workflowName: string | undefined;
}) {
  const now = useNow();
  const person = useMemberName(execution.started_by);
  const {
    created_at: created,
    started_at: started,
    finished_at: finished,
    origin_id: origin,
  } = execution;
  return (
    <div className="lg:grid lg:grid-cols-2">
      <Facts
        facts={[
          [
            'Workflow',
            workflowName ? (
              <Link
                key="workflow"
                to={paths.workflow}
                params={{ id: execution.workflow_id }}
                className="link max-lg:py-3"
              >
                {workflowName}
              </Link>
            ) : (
              <Code key="workflow">{execution.workflow_id}</Code>
            ),
          ],
          [
            'Trigger',
            <>
              {triggerWord(execution.trigger_type)}
              {execution.trigger && (
                <>
                  {' '}
                  <Code>{execution.trigger}</Code>
                </>
              )}
            </>,
          ],
          ...(person
            ? ([
                [execution.trigger_type === 'retry' ? 'Retried by' : 'Started by', person],
              ] as const)
            : []),
          ['Correlation key', execution.correlation_key ?? '–'],
          ...(origin
            ? ([
                [
                  'Retry of',
                  <Link
                    key="origin"
                    to={paths.execution}
                    params={{ id: origin }}
                    className="link font-mono text-meta max-lg:py-3"
                  >
                    {shortId(origin)}
                  </Link>,
                ],
              ] as const)
            : []),
          ...(execution.from_step
            ? ([['From step', <Code key="from">{execution.from_step}</Code>]] as const)
            : []),
          ['Id', <Code key="id">{execution.id}</Code>],
        ]}
      />
      <Facts
        facts={[
          ['Taken in', <Moment key="created" at={created} withZone />],
          ['Began', <Moment key="started" at={started} withZone />],
          ['Ended', <Moment key="finished" at={finished} withZone />],
          ['Duration', lasted(execution, now) ?? '–'],
          ['Time in steps', isOpen(execution) ? '–' : formatSpan(execution.worker_ms)],
        ]}
      />
    </div>
  );
}

function Retries({ execution }: { execution: Execution }) {
  const { data } = useQuery({ ...retriesQuery(execution), enabled: !isOpen(execution) });
  if (!data || (data.data.length === 0 && !data.more)) return null;
  return (
    <Panel
      title="Retries of this execution"
      aside={data.more && <span>Among the {retriesLookedAt} newest retries</span>}
    >
      {data.data.length > 0 ? (
        <ExecutionList executions={data.data} caption="Retries of this execution" ofOneWorkflow />
      ) : (
        <p className="px-3 pb-3 text-ink-3">None.</p>
      )}
    </Panel>
  );
}

function NoSuchExecution() {
  useTitle('Execution not found');
  return (
    <>
      <PageHeader title="Execution not found" />
      <Panel>
        <Empty
          title="This workspace has no such execution"
          actions={
            <Link to={paths.executions} className={buttonClass('primary')}>
              View all executions
            </Link>
          }
        >
          Executions are kept as long as the plan says. It may be older, or the link belongs to
          another workspace.
        </Empty>
      </Panel>
    </>
  );
}
