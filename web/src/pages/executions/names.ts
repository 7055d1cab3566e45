import { useInfiniteQuery, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { membersQuery } from '../../api/members';
import { meQuery } from '../../api/queries';
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

/** What a person is called; null for nobody, and where it is not known. */
export function useMemberName(id: string | null): string | null {
  const { data: me } = useSuspenseQuery(meQuery);
  const { data, hasNextPage } = useInfiniteQuery({
    ...membersQuery(me?.organization.id ?? ''),
    enabled: id !== null && id !== me?.user.id && !!me?.permissions.includes('members.read'),
  });
  if (id === null) return null;
  if (id === me?.user.id) return me.user.name;
  if (!data) return null;
  const found = data.pages.flatMap((page) => page.data).find((member) => member.id === id);
  return found?.name ?? (hasNextPage ? null : 'Somebody who has left');
}

/** A message of a log as a sentence. */
export const sentence = (message: string): string => message.replace(/[^.!?…]$/, '$&.');
