import {
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  useSuspenseQuery,
} from '@tanstack/react-query';
import { Check, KeyRound, Pause } from 'lucide-react';
import { useState } from 'react';
import { api, body } from '../../api/client';
import { connectionsQuery, connectorsQuery } from '../../api/connections';
import { ApiProblem } from '../../api/problem';
import { meQuery } from '../../api/queries';
import type { Connection, Connector } from '../../api/types';
import { Moment } from '../../ui/Age';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Confirm } from '../../ui/Confirm';
import { Empty } from '../../ui/Feedback';
import { zoneName } from '../../ui/format';
import { LoadMore, Unlisted } from '../../ui/Listing';
import { PageHeader, Panel } from '../../ui/Panel';
import { icon, Shown } from '../../ui/Status';
import { useTitle } from '../../ui/useTitle';
import { ConnectionDialog } from './ConnectionDialog';
import { wayOf } from './ways';

type Asking =
  | { what: 'new' }
  | { what: 'change' | 'delete'; connection: Connection }
  | { what: 'connector'; connector: Connector };

/** The credentials that workflows call services with. */
export function ConnectionsPage() {
  useTitle('Connections');
  const { data: me } = useSuspenseQuery(meQuery);
  if (!me?.permissions.includes('connections.read')) {
    return (
      <>
        <PageHeader title="Connections" />
        <Panel>
          <Empty title="Connections are not shown to your role">
            Ask an owner or an admin of this workspace for another role.
          </Empty>
        </Panel>
      </>
    );
  }
  return <Connections mayWrite={me.permissions.includes('connections.write')} />;
}

function Connections({ mayWrite }: { mayWrite: boolean }) {
  const [asking, setAsking] = useState<Asking | null>(null);
  const query = useInfiniteQuery(connectionsQuery);
  const connectors = useQuery(connectorsQuery).data?.data ?? [];
  const connections = query.data?.pages.flatMap((page) => page.data);
  const close = () => setAsking(null);
  return (
    <>
      <PageHeader
        title="Connections"
        status={<span>Credentials that workflows call services with, times in {zoneName()}</span>}
      >
        {mayWrite && (
          <Button kind="primary" onClick={() => setAsking({ what: 'new' })}>
            New connection
          </Button>
        )}
      </PageHeader>
      <div className="flex flex-col gap-3">
        <Panel aria-label="Connections">
          {!connections ? (
            <Unlisted query={query} what="the connections" rows={2} />
          ) : connections.length === 0 ? (
            <Empty
              title="No connections yet"
              icon={<KeyRound aria-hidden strokeWidth={1.75} />}
              actions={
                mayWrite && (
                  <Button kind="primary" onClick={() => setAsking({ what: 'new' })}>
                    New connection
                  </Button>
                )
              }
            >
              A connection holds the secret that a service asks for. Steps name it, and nobody is
              shown the secret again.
            </Empty>
          ) : (
            <ul>
              {connections.map((connection) => (
                <Row
                  key={connection.id}
                  connection={connection}
                  connector={connectors.find((each) => each.id === connection.connector_id)}
                  ask={mayWrite ? setAsking : undefined}
                />
              ))}
            </ul>
          )}
          <LoadMore query={query} />
        </Panel>
        {connectors.length > 0 && (
          <Panel title="Connectors">
            <ul>
              {connectors.map((connector) => {
                const users = connections?.filter((each) => each.connector_id === connector.id);
                return (
                  <li
                    key={connector.id}
                    className="flex min-h-8 flex-wrap items-center gap-x-3 border-t border-line-weak px-3 py-1.5"
                  >
                    <span className="font-medium">{connector.name}</span>
                    <span className="min-w-0 grow basis-56 font-mono text-meta wrap-anywhere text-ink-3">
                      {connector.config.base_url ?? 'each step names its address'}
                    </span>
                    {users && users.length > 0 ? (
                      <span className="text-meta break-words text-ink-3">
                        In use by {namesOf(users)}
                      </span>
                    ) : (
                      users &&
                      mayWrite && (
                        <Button
                          kind="ghost"
                          aria-label={`Delete the connector ${connector.name}`}
                          onClick={() => setAsking({ what: 'connector', connector })}
                        >
                          Delete
                        </Button>
                      )
                    )}
                  </li>
                );
              })}
            </ul>
          </Panel>
        )}
      </div>
      {asking?.what === 'new' && <ConnectionDialog connectors={connectors} onClose={close} />}
      {asking?.what === 'change' && (
        <ConnectionDialog connection={asking.connection} connectors={connectors} onClose={close} />
      )}
      {asking?.what === 'delete' && <DeleteDialog connection={asking.connection} onClose={close} />}
      {asking?.what === 'connector' && (
        <DeleteConnectorDialog connector={asking.connector} onClose={close} />
      )}
    </>
  );
}

/** A connector that many use is told by how many. */
const namesOf = (users: Connection[]): string =>
  users.length > 3
    ? `${users.length} connections`
    : users.map((connection) => connection.name).join(', ');

function Row({
  connection,
  connector,
  ask,
}: {
  connection: Connection;
  connector: Connector | undefined;
  ask: ((asking: Asking) => void) | undefined;
}) {
  const active = connection.status === 'active';
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line-weak px-3 py-1.5 first:border-t-0 max-lg:py-2.5">
      <span className="min-w-0 flex-1 basis-56">
        <span className="block truncate font-medium">{connection.name}</span>
        <span className="block truncate text-meta text-ink-3">
          {connector?.name ?? 'Unknown connector'}, {wayOf(connection.config)}
        </span>
      </span>
      <span className="w-24">
        <Shown
          look={
            active
              ? { word: 'Active', tone: 'text-ink-3', icon: icon(Check) }
              : { word: 'Disabled', tone: 'text-medium', icon: icon(Pause) }
          }
        />
      </span>
      <span className="text-meta text-ink-3">
        changed <Moment at={connection.updated_at} />
      </span>
      {ask && (
        <span className="flex gap-1 max-lg:-ml-4 max-lg:w-full">
          <Button
            kind="ghost"
            aria-label={`Change ${connection.name}`}
            onClick={() => ask({ what: 'change', connection })}
          >
            Change
          </Button>
          <Button
            kind="ghost"
            aria-label={`Delete ${connection.name}`}
            onClick={() => ask({ what: 'delete', connection })}
          >
            Delete
          </Button>
        </span>
      )}
    </li>
  );
}

/** The API refuses to delete one that is used, and names what uses it; then it can be forced. */
function DeleteDialog({ connection, onClose }: { connection: Connection; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: (force: boolean) =>
      body(
        api.DELETE('/v1/connections/{id}', {
          params: { path: { id: connection.id }, query: force ? { force } : {} },
        }),
      ),
    onSuccess: () => {
      announce('The connection is deleted');
      void queries.invalidateQueries({ queryKey: ['connections'] });
      onClose();
    },
  });
  const used =
    remove.error instanceof ApiProblem && remove.error.code === 'conflict'
      ? (remove.error.problem.detail ?? '').replace(/ Send force=true.*$/, '')
      : null;
  return (
    <Confirm
      title={`Delete ${connection.name}?`}
      label={used ? 'Delete all the same' : 'Delete'}
      busyLabel="Deleting…"
      act={() => remove.mutate(used !== null)}
      task={{ isPending: remove.isPending, error: used ? null : remove.error }}
      onClose={onClose}
    >
      <p className="text-prose text-ink-2">
        Its secret is deleted with it, and cannot be brought back.
      </p>
      {used && (
        <p role="alert" className="mt-2 text-prose break-words">
          <span className="font-medium">{used}</span> Their steps fail once it is deleted.
        </p>
      )}
    </Confirm>
  );
}

function DeleteConnectorDialog({
  connector,
  onClose,
}: {
  connector: Connector;
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      body(api.DELETE('/v1/connectors/{id}', { params: { path: { id: connector.id } } })),
    onSuccess: () => {
      announce('The connector is deleted');
      void queries.invalidateQueries({ queryKey: ['connectors'] });
      onClose();
    },
  });
  return (
    <Confirm
      title={`Delete the connector ${connector.name}?`}
      label="Delete"
      busyLabel="Deleting…"
      act={() => remove.mutate()}
      task={remove}
      onClose={onClose}
    >
      <p className="text-prose text-ink-2">It can be deleted once no connection is of it.</p>
    </Confirm>
  );
}
