import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { sendText } from '../../api/client';
import { faultOf, lineOf } from '../../api/jsonText';
import { newKey } from '../../api/newKey';
import type { Workflow } from '../../api/types';
import { paths } from '../../paths';
import { announce } from '../../ui/announce';
import { CodeArea } from '../../ui/CodeArea';
import { Confirm } from '../../ui/Confirm';
import { SelectField } from '../../ui/Field';

/** Starts one execution by hand, with what the workflow is to see as its trigger. */
export function RunDialog({
  workflow,
  triggers,
  onClose,
}: {
  workflow: Workflow;
  /** Those of type api; undefined while they are asked for. */
  triggers: string[] | undefined;
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [text, setText] = useState('{\n  "body": {}\n}');
  const [chosen, setChosen] = useState<string | null>(null);
  const trigger = chosen ?? triggers?.[0];
  const fault = faultOf(text);
  // What is the same request stays the same, so that a second try starts nothing twice.
  const sent = useMemo(
    () => ({
      body: `{"trigger": ${JSON.stringify(trigger ?? null)}, "input": ${text}}`,
      key: newKey(),
    }),
    [text, trigger],
  );
  const run = useMutation({
    mutationFn: () =>
      sendText<{ execution_ids: string[] }>(
        'POST',
        '/v1/workflows/{workflow_id}/executions',
        sent.body,
        { path: { workflow_id: workflow.id }, header: { 'Idempotency-Key': sent.key } },
      ),
    onSuccess: ({ execution_ids: [id] }) => {
      announce('The execution has started');
      void queries.invalidateQueries({ queryKey: ['executions'] });
      onClose();
      if (id) void navigate({ to: paths.execution, params: { id } });
    },
  });
  if (triggers?.length === 0) {
    return (
      <Confirm
        title={`Run ${workflow.name}`}
        kind="primary"
        label="Open the draft"
        busyLabel=""
        act={() => {
          onClose();
          void navigate({
            to: paths.workflow,
            params: { id: workflow.id },
            search: { view: 'draft' },
          });
        }}
        task={{ isPending: false, error: null }}
        onClose={onClose}
      >
        <p className="text-prose text-ink-2">
          Only webhooks start version {workflow.published_version}. To run it by hand, add{' '}
          <code className="font-mono text-meta">{'{"id": "api", "type": "api"}'}</code> to its
          triggers, an edge from there, and publish.
        </p>
      </Confirm>
    );
  }
  return (
    <Confirm
      title={`Run ${workflow.name}`}
      kind="primary"
      label="Run"
      busyLabel="Starting…"
      ready={trigger !== undefined && !fault}
      wide
      act={() => run.mutate()}
      task={run}
      onClose={onClose}
    >
      {triggers && triggers.length > 1 && (
        <SelectField
          label="Trigger"
          value={trigger}
          onChange={(event) => setChosen(event.target.value)}
        >
          {triggers.map((id) => (
            <option key={id} value={id}>
              {id}
            </option>
          ))}
        </SelectField>
      )}
      <CodeArea
        label="Input, as JSON"
        data-autofocus
        value={text}
        onChange={setText}
        minLines={8}
        error={fault ? `Line ${lineOf(text, fault.offset)}: ${fault.message}` : undefined}
        hint="What expressions see as trigger. A webhook puts what it was sent into body."
      />
    </Confirm>
  );
}
