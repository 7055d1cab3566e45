import { useQuery } from '@tanstack/react-query';
import type { Execution } from '../../api/types';
import { workflowNamesQuery } from '../../api/workflows';
import { formatSpan, words } from '../../ui/format';

/** As many characters of an id as tell executions of one time apart. */
export const shortId = (id: string): string => id.slice(-8);

/** By what people know an execution. */
export const nameOf = ({ name, id }: Pick<Execution, 'name' | 'id'>): string => name ?? shortId(id);

/** Of the page of one, where an id alone would say nothing. */
export const titleOf = (execution: Pick<Execution, 'name' | 'id'>): string =>
  execution.name ?? `Execution ${shortId(execution.id)}`;

/** "HTTP request", "Branch". */
export const stepTypeWord = (type: string): string =>
  type === 'http_request' ? 'HTTP request' : words(type);

const triggers: Record<string, string> = { webhook: 'Webhook', api: 'API', retry: 'Retry' };

export const triggerWord = (type: string): string => triggers[type] ?? words(type);

/** How long it ran, until now if it still does; null if it has not begun. */
export function lasted(
  { started_at: from, finished_at: to }: Pick<Execution, 'started_at' | 'finished_at'>,
  nowMs: number,
): string | null {
  if (!from) return null;
  return formatSpan((to ? Date.parse(to) : nowMs) - Date.parse(from));
}

/** What workflows are called, by id; undefined for one that is not among the latest, or deleted. */
export function useWorkflowName(): (id: string) => string | undefined {
  const { data } = useQuery(workflowNamesQuery);
  return (id) => data?.data.find((workflow) => workflow.id === id)?.name;
}
