import { Link } from '@tanstack/react-router';
import type { Execution } from '../../api/types';
import { paths } from '../../paths';
import { Moment } from '../../ui/Age';
import { cx } from '../../ui/cx';
import { useNow } from '../../ui/now';
import { rowClass, Table, Td, Th } from '../../ui/Table';
import { useWide } from '../../ui/useWide';
import { ExecutionStatus } from './ExecutionStatus';
import { lasted, nameOf, triggerWord, useWorkflowName } from './names';

/** Executions as a table, on a phone as a list of two lines each. */
export function ExecutionList({
  executions,
  caption,
  ofOneWorkflow = false,
}: {
  executions: Execution[];
  caption: string;
  /** Says no workflow, where it is the same for all. */
  ofOneWorkflow?: boolean;
}) {
  const wide = useWide();
  const workflowName = useWorkflowName();
  return wide ? (
    <Table caption={caption}>
      <thead>
        <tr>
          <Th>State</Th>
          <Th>Name</Th>
          {!ofOneWorkflow && <Th>Workflow</Th>}
          <Th>Trigger</Th>
          <Th>Taken in</Th>
          <Th className="text-right">Duration</Th>
          <Th>Outcome</Th>
        </tr>
      </thead>
      <tbody>
        {executions.map((execution) => (
          <tr key={execution.id} className={cx(rowClass, 'hover:bg-sunken/50')}>
            <Td>
              <ExecutionStatus execution={execution} />
            </Td>
            <Td className="max-w-72 truncate">
              <NameLink execution={execution} />
            </Td>
            {!ofOneWorkflow && (
              <Td className="max-w-56 truncate text-ink-2">
                <WorkflowLink
                  id={execution.workflow_id}
                  name={workflowName(execution.workflow_id)}
                />{' '}
                <span className="text-ink-3">v{execution.version}</span>
              </Td>
            )}
            <Td className="whitespace-nowrap text-ink-2">{triggerWord(execution.trigger_type)}</Td>
            <Td>
              <Moment at={execution.created_at} />
            </Td>
            <Td className="text-right whitespace-nowrap">
              <Lasted execution={execution} />
            </Td>
            <Td className="w-full max-w-0 truncate text-ink-2">
              {execution.retry_id && (
                <>
                  <RetriedSince id={execution.retry_id} />{' '}
                </>
              )}
              {(hasOutcome(execution) || !execution.retry_id) && <Outcome execution={execution} />}
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  ) : (
    <ul>
      {executions.map((execution) => (
        <li key={execution.id} className="border-t border-line-weak first:border-t-0">
          <Link
            to={paths.execution}
            params={{ id: execution.id }}
            className="block px-3 py-2.5 hover:bg-sunken/50 focus-visible:outline-offset-[-2px]"
          >
            <span className="flex items-baseline justify-between gap-3">
              <span
                className={cx(
                  'min-w-0 truncate font-medium',
                  !execution.name && 'font-mono text-meta',
                )}
              >
                {nameOf(execution)}
              </span>
              <Moment at={execution.created_at} />
            </span>
            <span className="mt-0.5 flex items-center justify-between gap-3 text-meta">
              <ExecutionStatus execution={execution} />
              <span className="min-w-0 truncate text-ink-3">
                {!ofOneWorkflow && `${workflowName(execution.workflow_id) ?? 'Deleted'}, `}
                {triggerWord(execution.trigger_type)}
                {execution.started_at && ', '}
                <Lasted execution={execution} none="" />
              </span>
            </span>
            {(hasOutcome(execution) || execution.retry_id) && (
              <span className="mt-0.5 block truncate text-meta text-ink-2">
                {execution.retry_id && <span className="font-medium">Retried since </span>}
                {hasOutcome(execution) && <Outcome execution={execution} />}
              </span>
            )}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function NameLink({ execution }: { execution: Execution }) {
  return (
    <Link
      to={paths.execution}
      params={{ id: execution.id }}
      className={cx('link font-medium', !execution.name && 'font-mono text-meta')}
    >
      {nameOf(execution)}
    </Link>
  );
}

/** To the newest retry, so that nobody retries it a second time unawares. */
export function RetriedSince({ id }: { id: string }) {
  return (
    <Link to={paths.execution} params={{ id }} className="link font-medium max-lg:py-3">
      Retried since
    </Link>
  );
}

/** It ticks while it runs. */
function Lasted({ execution, none = '–' }: { execution: Execution; none?: string }) {
  const now = useNow();
  return lasted(execution, now) ?? none;
}

function WorkflowLink({ id, name }: { id: string; name: string | undefined }) {
  if (!name) return 'Deleted or unlisted';
  return (
    <Link to={paths.workflow} params={{ id }} className="link">
      {name}
    </Link>
  );
}

const hasOutcome = ({ status, waiting_for: waitingFor }: Execution): boolean =>
  status === 'failed' || waitingFor !== null;

/** Where and why it failed, or what it waits for; nothing that the state says already. */
function Outcome({ execution }: { execution: Execution }) {
  const { outcome, error, error_step: step, waiting_for: waitingFor } = execution;
  if (!hasOutcome(execution)) return <span className="text-ink-3">–</span>;
  if (waitingFor !== null) {
    const until = execution.waiting_until && <Moment at={execution.waiting_until} />;
    return waitingFor === 'decision' ? (
      <span>For a decision{until && <>, until {until}</>}</span>
    ) : (
      <span>Next try {until ? <>at {until}</> : 'soon'}</span>
    );
  }
  return (
    <span title={error ?? undefined}>
      <span className="font-mono text-meta">{outcome}</span>
      {step && (
        <>
          {' '}
          at <span className="font-mono text-meta">{step}</span>
        </>
      )}
      {error && <span className="text-ink-3"> {error}</span>}
    </span>
  );
}
