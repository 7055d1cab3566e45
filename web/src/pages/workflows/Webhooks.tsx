import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/client';
import type { Workflow } from '../../api/types';
import { opened } from '../../api/workflows';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Confirm } from '../../ui/Confirm';
import { CopyLine } from '../../ui/CopyLine';
import { SelectField } from '../../ui/Field';
import { Panel } from '../../ui/Panel';
import { useTaken } from './useTaken';

/** The addresses that start it; they are told to those who may edit it. */
export function Webhooks({ workflow }: { workflow: Workflow }) {
  const [rotating, setRotating] = useState<string | null>(null);
  if (workflow.webhooks.length === 0) return null;
  return (
    <Panel title={workflow.webhooks.length === 1 ? 'Webhook' : 'Webhooks'}>
      <ul>
        {workflow.webhooks.map(({ trigger, url }) => (
          <li key={trigger} className="border-t border-line-weak px-3 py-2">
            <div className="flex items-center justify-between gap-3 pb-1.5">
              <p className="min-w-0 truncate">
                Trigger <span className="font-mono text-meta">{trigger}</span>
              </p>
              <Button kind="ghost" onClick={() => setRotating(trigger)}>
                Rotate address
              </Button>
            </div>
            <CopyLine text={url} what={`Address of ${trigger}`} />
          </li>
        ))}
      </ul>
      <p className="border-t border-line-weak px-3 py-2 text-meta text-ink-3">
        Whoever knows an address can start the workflow. A POST to it starts one execution.
      </p>
      {rotating !== null && (
        <RotateDialog workflow={workflow} trigger={rotating} onClose={() => setRotating(null)} />
      )}
    </Panel>
  );
}

const graces = [
  [3_600, 'For one hour'],
  [86_400, 'For one day'],
  [604_800, 'For seven days'],
  [0, 'No longer: it ends at once'],
] as const;

function RotateDialog({
  workflow,
  trigger,
  onClose,
}: {
  workflow: Workflow;
  trigger: string;
  onClose: () => void;
}) {
  const taken = useTaken();
  const [grace, setGrace] = useState(3_600);
  const rotate = useMutation({
    mutationFn: () =>
      opened(
        api.POST('/v1/workflows/{id}/triggers/{key}/rotate', {
          params: { path: { id: workflow.id, key: trigger } },
          body: { grace_s: grace },
        }),
      ),
    onSuccess: (answer) => {
      taken(answer);
      announce('The webhook has a new address');
      onClose();
    },
  });
  return (
    <Confirm
      title={`Give ${trigger} a new address?`}
      label="Rotate address"
      busyLabel="Rotating…"
      act={() => rotate.mutate()}
      task={rotate}
      onClose={onClose}
    >
      <p className="pb-3 text-prose text-ink-2">
        Whoever calls the present address has to be told the new one.
      </p>
      <SelectField
        label="The present address works on"
        value={String(grace)}
        onChange={(event) => setGrace(Number(event.target.value))}
      >
        {graces.map(([seconds, label]) => (
          <option key={seconds} value={seconds}>
            {label}
          </option>
        ))}
      </SelectField>
    </Confirm>
  );
}
