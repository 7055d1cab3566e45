import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef } from 'react';
import { api, body } from '../../api/client';
import type { Me } from '../../api/types';
import { paths } from '../../paths';
import { useSignOut } from '../../shell/useSignOut';
import { Button } from '../../ui/Button';
import { FormError } from './FormError';
import { applyProblem } from './problems';

/** For who is signed in already: accepts an invitation, and goes on where it leads. */
export function JoinPanel({
  me,
  invitation,
  onDone,
}: {
  me: Me;
  invitation: string;
  onDone: () => Promise<void>;
}) {
  const signOut = useSignOut();
  const navigate = useNavigate();
  const otherAccount = async () => {
    await signOut();
    await navigate({ to: paths.auth, hash: `invitation=${invitation}` });
  };
  // An invitation is accepted once: who tries again after that goes on where it led.
  const joined = useRef<string>(undefined);
  const join = useMutation({
    mutationFn: async () => {
      joined.current ??= (
        await body(api.POST('/v1/invitations/accept', { body: { invitation } }))
      ).organization.id;
      await body(api.POST('/v1/auth/switch', { body: { organization_id: joined.current } }));
      await onDone();
    },
  });
  const refused = join.error ? applyProblem(join.error, {}, () => undefined) : null;
  return (
    <>
      <p className="mt-1 mb-5 text-body text-ink-2">
        You are signed in as <span className="font-medium text-ink">{me.user.email}</span>. If the
        invitation is for this email, join with it.
      </p>
      <FormError message={refused} />
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" aria-disabled={join.isPending} onClick={() => join.mutate()}>
          {join.isPending ? 'Joining…' : 'Join the workspace'}
        </Button>
        <Button onClick={() => void otherAccount()}>Use another account</Button>
      </div>
    </>
  );
}
