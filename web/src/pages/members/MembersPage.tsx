import {
  useInfiniteQuery,
  useMutation,
  useQueryClient,
  useSuspenseQuery,
} from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '../../api/client';
import { invitationsQuery, membersQuery, roleMeanings, rolesBelow } from '../../api/members';
import { meQuery } from '../../api/queries';
import type { Invitation, Me, Member, Role } from '../../api/types';
import { useSignOut } from '../../shell/useSignOut';
import { Age, Moment } from '../../ui/Age';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Confirm } from '../../ui/Confirm';
import { Empty } from '../../ui/Feedback';
import { SelectField } from '../../ui/Field';
import { words } from '../../ui/format';
import { LoadMore, Unlisted } from '../../ui/Listing';
import { PageHeader, Panel } from '../../ui/Panel';
import { useTitle } from '../../ui/useTitle';
import { InviteDialog } from './InviteDialog';

type Asking =
  | { what: 'invite' | 'leave' }
  | { what: 'role' | 'remove'; member: Member }
  | { what: 'revoke'; invitation: Invitation };

/** Who belongs to the workspace, as what, and who is asked to. */
export function MembersPage() {
  useTitle('Members');
  const { data: me } = useSuspenseQuery(meQuery);
  const [asking, setAsking] = useState<Asking | null>(null);
  if (!me) return null;
  const mayWrite = me.permissions.includes('members.write');
  const close = () => setAsking(null);
  return (
    <>
      <PageHeader title="Members" status={<span>Who can enter {me.organization.name}</span>}>
        {mayWrite && (
          <Button kind="primary" onClick={() => setAsking({ what: 'invite' })}>
            Invite a member
          </Button>
        )}
      </PageHeader>
      <div className="flex flex-col gap-3">
        {me.permissions.includes('members.read') ? (
          <People me={me} mayWrite={mayWrite} ask={setAsking} />
        ) : (
          <Panel>
            <Empty title="Members are not shown to your role">
              Ask an owner or an admin of this workspace.
            </Empty>
          </Panel>
        )}
        {mayWrite && <Invitations me={me} ask={setAsking} />}
      </div>
      {asking?.what === 'invite' && <InviteDialog me={me} onClose={close} />}
      {asking?.what === 'role' && <RoleDialog me={me} member={asking.member} onClose={close} />}
      {asking?.what === 'remove' && <RemoveDialog me={me} member={asking.member} onClose={close} />}
      {asking?.what === 'leave' && <LeaveDialog me={me} onClose={close} />}
      {asking?.what === 'revoke' && (
        <RevokeDialog me={me} invitation={asking.invitation} onClose={close} />
      )}
    </>
  );
}

const reaches = (own: Role, other: Role): boolean => rolesBelow(own).includes(other);

function People({
  me,
  mayWrite,
  ask,
}: {
  me: Me;
  mayWrite: boolean;
  ask: (asking: Asking) => void;
}) {
  const query = useInfiniteQuery(membersQuery(me.organization.id));
  const members = query.data?.pages.flatMap((page) => page.data);
  const onlyOwner =
    me.role === 'owner' &&
    !query.hasNextPage &&
    members?.filter((member) => member.role === 'owner').length === 1;
  return (
    <Panel title="People">
      {!members ? (
        <Unlisted query={query} what="the members" rows={2} />
      ) : (
        <ul>
          {members.map((member) => {
            const self = member.id === me.user.id;
            return (
              <li
                key={member.id}
                className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line-weak px-3 py-1.5 max-lg:py-2.5"
              >
                <span className="min-w-0 flex-1 basis-56">
                  <span className="block truncate font-medium">
                    {member.name}
                    {self && <span className="font-normal text-ink-3">, you</span>}
                  </span>
                  <span className="block text-meta break-all text-ink-3">{member.email}</span>
                </span>
                <span className="w-20">{words(member.role)}</span>
                <span className="w-36 text-meta text-ink-3">
                  Signed in <Age at={member.last_login_at} none="never" />
                </span>
                <span className="flex w-56 justify-end gap-1 max-lg:-ml-4 max-lg:w-full max-lg:justify-start">
                  {mayWrite && !self && reaches(me.role, member.role) && (
                    <>
                      <Button
                        kind="ghost"
                        aria-label={`Change the role of ${member.name}`}
                        onClick={() => ask({ what: 'role', member })}
                      >
                        Change role
                      </Button>
                      <Button
                        kind="ghost"
                        aria-label={`Remove ${member.name}`}
                        onClick={() => ask({ what: 'remove', member })}
                      >
                        Remove
                      </Button>
                    </>
                  )}
                  {self &&
                    (onlyOwner ? (
                      <span className="text-meta text-ink-3 max-lg:pl-4 lg:text-right">
                        The only owner cannot leave. Make somebody else an owner first.
                      </span>
                    ) : (
                      <Button kind="ghost" onClick={() => ask({ what: 'leave' })}>
                        Leave
                      </Button>
                    ))}
                </span>
              </li>
            );
          })}
        </ul>
      )}
      <LoadMore query={query} />
    </Panel>
  );
}

function Invitations({ me, ask }: { me: Me; ask: (asking: Asking) => void }) {
  const query = useInfiniteQuery(invitationsQuery(me.organization.id));
  const invitations = query.data?.pages.flatMap((page) => page.data);
  return (
    <Panel title="Open invitations">
      {!invitations ? (
        <Unlisted query={query} what="the invitations" rows={1} />
      ) : invitations.length === 0 ? (
        <p className="px-3 pb-3 text-ink-3">None. An invitation is open until its link is used.</p>
      ) : (
        <ul>
          {invitations.map((invitation) => (
            <li
              key={invitation.id}
              className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line-weak px-3 py-1.5 max-lg:py-2.5"
            >
              <span className="min-w-0 flex-1 basis-56">
                <span className="block truncate font-medium">
                  {invitation.name ?? invitation.email}
                </span>
                {invitation.name && (
                  <span className="block text-meta break-all text-ink-3">{invitation.email}</span>
                )}
              </span>
              <span className="w-20">{words(invitation.role)}</span>
              <span className="text-meta text-ink-3">
                until <Moment at={invitation.expires_at} withZone />
              </span>
              <span className="flex justify-end max-lg:-ml-4 max-lg:w-full max-lg:justify-start">
                <Button
                  kind="ghost"
                  aria-label={`Revoke the invitation of ${invitation.email}`}
                  onClick={() => ask({ what: 'revoke', invitation })}
                >
                  Revoke
                </Button>
              </span>
            </li>
          ))}
        </ul>
      )}
      <LoadMore query={query} />
    </Panel>
  );
}

/** Asks the lists of people again after a change. */
function useChanged(): () => void {
  const queries = useQueryClient();
  return () => {
    void queries.invalidateQueries({ queryKey: ['members'] });
    void queries.invalidateQueries({ queryKey: ['invitations'] });
  };
}

function RoleDialog({ me, member, onClose }: { me: Me; member: Member; onClose: () => void }) {
  const changed = useChanged();
  const [role, setRole] = useState<Role>(member.role);
  const change = useMutation({
    mutationFn: () =>
      body(
        api.PATCH('/v1/organizations/{org_id}/users/{user_id}', {
          params: { path: { org_id: me.organization.id, user_id: member.id } },
          body: { role },
        }),
      ),
    onSuccess: () => {
      announce(`${member.name} is ${words(role).toLowerCase()} now`);
      changed();
      onClose();
    },
  });
  return (
    <Confirm
      title={`Role of ${member.name}`}
      kind="primary"
      label="Change role"
      busyLabel="Changing…"
      ready={role !== member.role}
      act={() => change.mutate()}
      task={change}
      onClose={onClose}
    >
      <SelectField
        label="Role"
        data-autofocus
        value={role}
        onChange={(event) => setRole(event.target.value as Role)}
        hint={roleMeanings[role]}
      >
        {rolesBelow(me.role).map((each) => (
          <option key={each} value={each}>
            {words(each)}
          </option>
        ))}
      </SelectField>
      <p className="text-ink-2">
        It holds from their next request on. Open invitations that they could not make any more are
        withdrawn.
      </p>
    </Confirm>
  );
}

function RemoveDialog({ me, member, onClose }: { me: Me; member: Member; onClose: () => void }) {
  const changed = useChanged();
  const remove = useMutation({
    mutationFn: () =>
      body(
        api.DELETE('/v1/organizations/{org_id}/users/{user_id}', {
          params: { path: { org_id: me.organization.id, user_id: member.id } },
        }),
      ),
    onSuccess: () => {
      announce(`${member.name} is removed`);
      changed();
      onClose();
    },
  });
  return (
    <Confirm
      title={`Remove ${member.name}?`}
      label="Remove"
      back="Back"
      busyLabel="Removing…"
      act={() => remove.mutate()}
      task={remove}
      onClose={onClose}
    >
      <p className="text-prose text-ink-2">
        {member.email} is signed out of {me.organization.name} at once, and loses what was granted.
        What they made stays. To come back they need a new invitation.
      </p>
    </Confirm>
  );
}

function LeaveDialog({ me, onClose }: { me: Me; onClose: () => void }) {
  const signOut = useSignOut();
  const leave = useMutation({
    mutationFn: () =>
      body(
        api.DELETE('/v1/organizations/{org_id}/users/me', {
          params: { path: { org_id: me.organization.id } },
        }),
      ),
    onSuccess: () => void signOut(),
  });
  return (
    <Confirm
      title={`Leave ${me.organization.name}?`}
      label="Leave"
      back="Stay"
      busyLabel="Leaving…"
      act={() => leave.mutate()}
      task={leave}
      onClose={onClose}
    >
      <p className="text-prose text-ink-2">
        You are signed out of it at once. To come back you need a new invitation. The last owner
        stays.
      </p>
    </Confirm>
  );
}

function RevokeDialog({
  me,
  invitation,
  onClose,
}: {
  me: Me;
  invitation: Invitation;
  onClose: () => void;
}) {
  const changed = useChanged();
  const revoke = useMutation({
    mutationFn: () =>
      body(
        api.DELETE('/v1/organizations/{org_id}/invitations/{invitation_id}', {
          params: { path: { org_id: me.organization.id, invitation_id: invitation.id } },
        }),
      ),
    onSuccess: () => {
      announce('The invitation is revoked');
      changed();
      onClose();
    },
  });
  return (
    <Confirm
      title="Revoke this invitation?"
      label="Revoke"
      busyLabel="Revoking…"
      act={() => revoke.mutate()}
      task={revoke}
      onClose={onClose}
    >
      <p className="text-prose text-ink-2">
        The link that {invitation.email} was given leads nowhere any more.
      </p>
    </Confirm>
  );
}
