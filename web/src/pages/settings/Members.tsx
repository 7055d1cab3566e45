import { useInfiniteQuery } from '@tanstack/react-query';
import { membersQuery } from '../../api/members';
import { Age } from '../../ui/Age';
import { words } from '../../ui/format';
import { LoadMore, Unlisted } from '../../ui/Listing';
import { Panel } from '../../ui/Panel';
import { rowClass, Table, Td, Th } from '../../ui/Table';

/** Who can enter this workspace, and as what. */
export function Members({ organizationId }: { organizationId: string }) {
  const query = useInfiniteQuery(membersQuery(organizationId));
  const members = query.data?.pages.flatMap((page) => page.data);
  return (
    <Panel title="Members">
      {members ? (
        <Table caption="Members of this workspace">
          <thead>
            <tr>
              <Th>Name</Th>
              <Th className="max-sm:hidden">Email</Th>
              <Th>Role</Th>
              <Th className="text-right">Last sign-in</Th>
            </tr>
          </thead>
          <tbody>
            {members.map((member) => (
              <tr key={member.id} className={rowClass}>
                <Td>
                  <span className="font-medium">{member.name}</span>
                  <span className="block text-meta break-all text-ink-3 sm:hidden">
                    {member.email}
                  </span>
                </Td>
                <Td className="text-ink-2 max-sm:hidden">{member.email}</Td>
                <Td>{words(member.role)}</Td>
                <Td className="text-right">
                  <Age at={member.last_login_at} none="never" />
                </Td>
              </tr>
            ))}
          </tbody>
        </Table>
      ) : (
        <Unlisted query={query} what="the members" rows={2} />
      )}
      <LoadMore query={query} />
    </Panel>
  );
}
