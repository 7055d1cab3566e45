import { Check, CircleDashed, Pause } from 'lucide-react';
import type { WorkflowSummary } from '../../api/types';
import { icon, type Look, Shown } from '../../ui/Status';

const enabled: Look = { word: 'Enabled', tone: 'text-ink-3', icon: icon(Check) };
const disabled: Look = { word: 'Disabled', tone: 'text-medium', icon: icon(Pause) };
const unpublished: Look = { word: 'Not published', tone: 'text-ink-3', icon: icon(CircleDashed) };

/** Whether its triggers start anything. */
export function WorkflowState({
  workflow,
}: {
  workflow: Pick<WorkflowSummary, 'enabled' | 'published_version'>;
}) {
  const look =
    workflow.published_version === null ? unpublished : workflow.enabled ? enabled : disabled;
  return <Shown look={look} />;
}

export const versionWords = ({
  published_version: version,
  unpublished_changes: changed,
}: Pick<WorkflowSummary, 'published_version' | 'unpublished_changes'>): string =>
  version === null ? 'Draft only' : `Version ${version}${changed ? ', changed draft' : ''}`;
