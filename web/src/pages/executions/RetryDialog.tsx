import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { sendText } from '../../api/client';
import { executionInputQuery } from '../../api/executions';
import { faultOf, lineOf } from '../../api/jsonText';
import { newKey } from '../../api/newKey';
import type { Execution } from '../../api/types';
import { paths } from '../../paths';
import { announce } from '../../ui/announce';
import { CodeArea } from '../../ui/CodeArea';
import { Confirm } from '../../ui/Confirm';
import { Failed } from '../../ui/Feedback';
import { SelectField } from '../../ui/Field';
import { RetriedSince } from './ExecutionList';

/** What failed on purpose because of an error begins where the error was. */
const whereItFailed = ({ outcome, error_step: step }: Execution): string => {
  if (outcome === 'fail') return 'Where its error was';
  return step ? `Where it failed: ${step}` : 'At the first step without an answer';
};

/** Runs what has ended again as a new execution, from where it failed or from any step. */
export function RetryDialog({
  execution,
  published,
  steps,
  onClose,
}: {
  execution: Execution;
  /** The version that is published now; null if that is not known. */
  published: number | null;
  /** Of its version, in order. */
  steps: string[];
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const succeeded = execution.status === 'success';
  /** A step that was chosen. */
  const [chosen, setChosen] = useState('');
  const [version, setVersion] = useState('same');
  const [edited, setEdited] = useState<string | null>(null);
  const [editing, setEditing] = useState(false);
  const input = useQuery({ ...executionInputQuery(execution.id), enabled: editing });
  const text = edited ?? input.data ?? '';
  const changed = editing && edited !== null && edited !== input.data;
  const fault = changed ? faultOf(text) : null;
  // Where nothing is chosen a changed input begins anew, and what succeeded has no other place.
  const from = chosen || (succeeded && !changed ? (steps[0] ?? '') : '');
  const anew = changed && !from;
  const renewed = changed || (version === 'published' && published !== execution.version);
  const sent = useMemo(() => {
    const parts = [];
    if (from) parts.push(`"from_step": ${JSON.stringify(from)}`);
    if (version !== 'same') parts.push(`"version": ${JSON.stringify(version)}`);
    if (changed) parts.push(`"input": ${edited}`);
    return { body: `{${parts.join(', ')}}`, key: newKey() };
  }, [from, version, changed, edited]);
  const retry = useMutation({
    mutationFn: () =>
      sendText<{ execution_id: string }>('POST', '/v1/executions/{execution_id}/retry', sent.body, {
        path: { execution_id: execution.id },
        header: { 'Idempotency-Key': sent.key },
      }),
    onSuccess: ({ execution_id: id }) => {
      announce('The retry has started');
      void queries.invalidateQueries({ queryKey: ['executions'] });
      onClose();
      void navigate({ to: paths.execution, params: { id } });
    },
  });
  return (
    <Confirm
      title="Retry this execution"
      kind="primary"
      label="Retry"
      busyLabel="Starting…"
      ready={!fault && !(editing && input.isPending)}
      wide={editing}
      act={() => retry.mutate()}
      task={retry}
      onClose={onClose}
    >
      {execution.retry_id && (
        <p className="pb-3 text-prose font-medium">
          It was retried already: <RetriedSince id={execution.retry_id} />. Look what became of that
          first.
        </p>
      )}
      <p className="pb-3 text-prose text-ink-2">
        A new execution starts, linked to this one.{' '}
        {anew
          ? 'All its steps are run.'
          : 'Steps before the beginning are not run again: their answers are taken over.'}
      </p>
      <div className="space-y-2">
        <SelectField
          label="Begin"
          value={from}
          onChange={(event) => setChosen(event.target.value)}
          hint={
            renewed
              ? 'Calls carry new Idempotency-Keys: receivers do again what they did.'
              : 'Calls carry the same Idempotency-Key as before.'
          }
        >
          {(!succeeded || changed) && (
            <option value="">{changed ? 'Anew, with all steps' : whereItFailed(execution)}</option>
          )}
          {steps.map((step) => (
            <option key={step} value={step}>
              At step {step}
            </option>
          ))}
        </SelectField>
        <SelectField
          label="Version"
          value={version}
          onChange={(event) => setVersion(event.target.value)}
        >
          <option value="same">The same version ({execution.version})</option>
          <option value="published">The published version{published && ` (${published})`}</option>
        </SelectField>
        <label className="flex min-h-8 items-center gap-2 max-lg:min-h-11">
          <input
            type="checkbox"
            checked={editing}
            onChange={(event) => setEditing(event.target.checked)}
            className="size-4 accent-accent"
          />
          Change what the trigger brought
        </label>
        {editing &&
          (input.error ? (
            <Failed error={input.error} retry={() => void input.refetch()} />
          ) : (
            <CodeArea
              label="Input, as JSON"
              value={text}
              onChange={setEdited}
              disabled={input.data === undefined}
              error={fault ? `Line ${lineOf(text, fault.offset)}: ${fault.message}` : undefined}
              hint="What reads [redacted] stays what it was."
            />
          ))}
      </div>
    </Confirm>
  );
}
