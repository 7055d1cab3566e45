import { useQuery } from '@tanstack/react-query';
import { plansQuery } from '../../api/members';
import type { Plan } from '../../api/types';
import { Facts } from '../../ui/Facts';
import { formatBytes, formatCount } from '../../ui/format';
import { Unlisted } from '../../ui/Listing';
import { Panel } from '../../ui/Panel';

/** What the workspace's plan allows. */
export function PlanPanel({ plan: id }: { plan: string }) {
  const query = useQuery(plansQuery);
  const plan = query.data?.data.find((each) => each.id === id);
  return (
    <Panel title={plan ? `Plan: ${plan.title}` : 'Plan'}>
      {query.data === undefined ? (
        <Unlisted query={query} what="the plan" rows={4} />
      ) : (
        plan && <Facts facts={limits(plan)} />
      )}
      <p className="border-t border-line-weak px-3 py-2 text-meta text-ink-3">
        Who runs the platform can change the plan. Nothing that is there is taken away by a smaller
        one.
      </p>
    </Panel>
  );
}

const limits = (plan: Plan): [string, string][] => [
  ['People', `${formatCount(plan.members_max)}, open invitations among them`],
  ['Workflows', formatCount(plan.workflows_max)],
  ['Connections', formatCount(plan.connections_max)],
  [
    'Executions',
    `${formatCount(plan.executions_at_once_max)} at once, ${formatCount(plan.executions_backlog_max)} waiting`,
  ],
  ['Kept for', `${formatCount(plan.log_retention_days)} days, executions and their logs`],
  ['Webhook body', formatBytes(plan.webhook_body_bytes_max)],
];
