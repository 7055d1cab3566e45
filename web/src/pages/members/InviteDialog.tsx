import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { api, body } from '../../api/client';
import { roleMeanings, rolesBelow } from '../../api/members';
import type { Me, Role } from '../../api/types';
import { Moment } from '../../ui/Age';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { CopyLine } from '../../ui/CopyLine';
import { Dialog } from '../../ui/Dialog';
import { SelectField, TextField } from '../../ui/Field';
import { words } from '../../ui/format';
import { FormDialog } from '../auth/FormDialog';
import { applyProblem, emailRules } from '../auth/problems';

type Invite = { email: string; name: string; role: Role };

/** Makes an invitation, and shows its link, which nobody is shown again. */
export function InviteDialog({ me, onClose }: { me: Me; onClose: () => void }) {
  const queries = useQueryClient();
  const [refused, setRefused] = useState<string | null>(null);
  const { register, handleSubmit, setError, watch, formState } = useForm<Invite>({
    mode: 'onTouched',
    defaultValues: { email: '', name: '', role: 'viewer' },
  });
  const invite = useMutation({
    mutationFn: ({ email, name, role }: Invite) =>
      body(
        api.POST('/v1/organizations/{org_id}/users', {
          params: { path: { org_id: me.organization.id } },
          body: { email: email.trim(), role, ...(name.trim() ? { name: name.trim() } : {}) },
        }),
      ),
    onSuccess: () => {
      announce('The invitation is made');
      void queries.invalidateQueries({ queryKey: ['invitations'] });
    },
    onError: (error) =>
      setRefused(
        applyProblem(
          error,
          { '/email': 'email', '/name': 'name', '/role': 'role' } as const,
          setError,
        ),
      ),
  });
  const made = invite.data;
  if (made) {
    return (
      <Dialog title={`Invitation for ${made.email}`} onClose={onClose}>
        <div className="px-4 pb-4">
          <p className="pb-3 text-prose text-ink-2">
            Pass this link on. It works once, for {made.email}, until{' '}
            <Moment at={made.expires_at} withZone />, and is not shown again. Who has it can join:
            choose a way that reaches nobody else.
          </p>
          <CopyLine text={made.link} what="Link" />
          <div className="mt-4 flex justify-end">
            <Button kind="primary" onClick={onClose}>
              Done
            </Button>
          </div>
        </div>
      </Dialog>
    );
  }
  const submit = handleSubmit((form) => {
    setRefused(null);
    invite.mutate(form);
  });
  return (
    <FormDialog
      title="Invite a member"
      label="Make the link"
      busyLabel="Making the link…"
      busy={invite.isPending}
      refused={refused}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label="Email"
        type="email"
        autoComplete="off"
        data-autofocus
        required
        error={formState.errors.email?.message}
        {...register('email', emailRules)}
      />
      <TextField
        label="Name"
        autoComplete="off"
        maxLength={200}
        hint="May be left empty."
        error={formState.errors.name?.message}
        {...register('name')}
      />
      <SelectField
        label="Role"
        hint={roleMeanings[watch('role')]}
        error={formState.errors.role?.message}
        defaultValue="viewer"
        {...register('role')}
      >
        {rolesBelow(me.role).map((role) => (
          <option key={role} value={role}>
            {words(role)}
          </option>
        ))}
      </SelectField>
    </FormDialog>
  );
}
