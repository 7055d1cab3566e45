import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, body } from '../../api/client';
import { paths } from '../../paths';
import { announce } from '../../ui/announce';
import { Confirm } from '../../ui/Confirm';
import { TextField } from '../../ui/Field';

/** An empty draft by a name, or a copy of another's. */
export function NewWorkflowDialog({
  copyOf,
  onClose,
}: {
  copyOf?: { id: string; name: string };
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [name, setName] = useState(copyOf ? `${copyOf.name} (copy)`.slice(0, 200) : '');
  const make = useMutation({
    mutationFn: () =>
      copyOf
        ? body(
            api.POST('/v1/workflows/{id}/duplicate', {
              params: { path: { id: copyOf.id } },
              body: { name: name.trim() },
            }),
          )
        : body(api.POST('/v1/workflows', { body: { name: name.trim() } })),
    onSuccess: ({ id }) => {
      announce('The workflow is made');
      void queries.invalidateQueries({ queryKey: ['workflows'] });
      onClose();
      void navigate({ to: paths.workflow, params: { id }, search: { view: 'draft' } });
    },
  });
  return (
    <Confirm
      title={copyOf ? 'Duplicate this workflow' : 'New workflow'}
      kind="primary"
      label={copyOf ? 'Duplicate' : 'Create'}
      busyLabel="Creating…"
      ready={name.trim() !== ''}
      act={() => make.mutate()}
      task={make}
      onClose={onClose}
    >
      <TextField
        label="Name"
        data-autofocus
        value={name}
        maxLength={200}
        onChange={(event) => setName(event.target.value)}
        hint={
          copyOf
            ? 'The draft is copied; versions, addresses and grants are not.'
            : 'What it does, such as: Order to ERP.'
        }
      />
    </Confirm>
  );
}
