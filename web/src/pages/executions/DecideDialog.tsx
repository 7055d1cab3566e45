import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendText } from '../../api/client';
import { faultOf, lineOf } from '../../api/jsonText';
import type { Execution } from '../../api/types';
import { announce } from '../../ui/announce';
import { CodeArea } from '../../ui/CodeArea';
import { Confirm } from '../../ui/Confirm';
import { NoteField } from '../../ui/Field';
import { Choices } from './Choices';

const decisions = [
  {
    value: 'retry',
    label: 'Do it again',
    means:
      'Sends the call once more under the same Idempotency-Key. A receiver that honours keys does nothing twice.',
  },
  {
    value: 'succeeded',
    label: 'It has succeeded',
    means: 'Goes on with the output below. Nothing is sent.',
  },
  {
    value: 'failed',
    label: 'It has failed',
    means: 'Does what the step’s settings say for an error. Nothing is sent.',
  },
] as const;

type Decision = (typeof decisions)[number]['value'];

/** For a step of which nobody knows whether it has acted. */
export function DecideDialog({
  execution: { id },
  onClose,
}: {
  execution: Execution;
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const [decision, setDecision] = useState<Decision | null>(null);
  const [output, setOutput] = useState('');
  const [note, setNote] = useState('');
  const fault = output.trim() === '' ? null : faultOf(output);
  const decide = useMutation({
    mutationFn: () => {
      const parts = [`"decision": ${JSON.stringify(decision)}`];
      if (decision === 'succeeded' && output.trim() !== '') parts.push(`"output": ${output}`);
      if (note.trim() !== '') parts.push(`"note": ${JSON.stringify(note.trim())}`);
      return sendText('POST', '/v1/executions/{execution_id}/resolve', `{${parts.join(', ')}}`, {
        path: { execution_id: id },
      });
    },
    onSuccess: () => {
      announce('Decided');
      onClose();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['executions'] }),
  });
  return (
    <Confirm
      title="What became of the call?"
      kind="primary"
      label="Decide"
      busyLabel="Deciding…"
      ready={decision !== null && !(decision === 'succeeded' && fault)}
      act={() => decide.mutate()}
      task={decide}
      onClose={onClose}
    >
      <p className="pb-3 text-prose text-ink-2">
        The connection broke after the call was sent. Look at the receiver before you decide.
      </p>
      <Choices legend="Decision" choices={decisions} value={decision} onChange={setDecision} />
      {decision === 'succeeded' && (
        <CodeArea
          label="Output of the step, as JSON"
          value={output}
          onChange={setOutput}
          minLines={3}
          error={fault ? `Line ${lineOf(output, fault.offset)}: ${fault.message}` : undefined}
          hint={'Such as {"status": 201}. Left empty, it is null.'}
        />
      )}
      <NoteField
        label="Note"
        value={note}
        maxLength={500}
        onChange={(event) => setNote(event.target.value)}
        hint="Why, for the log. May be left empty."
      />
    </Confirm>
  );
}
