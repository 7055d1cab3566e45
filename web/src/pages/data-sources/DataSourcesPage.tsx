import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Cable, Plus } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { meQuery, sourcesQuery } from '../../api/queries';
import { agentsQuery } from '../../api/sources';
import type { Agent, Source } from '../../api/types';
import { paths } from '../../paths';
import { Age, Moment } from '../../ui/Age';
import { Button, buttonClass } from '../../ui/Button';
import { cx } from '../../ui/cx';
import { Empty, Failed, TableSkeleton } from '../../ui/Feedback';
import { formatCount, zoneName } from '../../ui/format';
import { NotRefreshed } from '../../ui/NotRefreshed';
import { PageHeader, Panel } from '../../ui/Panel';
import { AgentStatus, isRemoved, SourceStatus } from '../../ui/Status';
import { rowClass, Table, Td, Th } from '../../ui/Table';
import { useTitle } from '../../ui/useTitle';
import { useWide } from '../../ui/useWide';
import { NotExact } from './exactness';
import { lagText, Throughput } from './figures';
import { GapsBadge } from './Gaps';
import { SnapshotFigures } from './SnapshotNotice';

const PairDialog = lazy(() => import('./PairDialog'));
const RevokeDialog = lazy(() => import('./RevokeDialog'));
const route = getRouteApi('/app/data-sources');

export function DataSourcesPage() {
  useTitle('Data sources');
  const agents = useQuery(agentsQuery);
  const sources = useQuery(sourcesQuery);
  const { data: me } = useSuspenseQuery(meQuery);
  const { pair = false } = route.useSearch();
  const navigate = useNavigate();
  const [revoking, setRevoking] = useState<Agent | null>(null);
  const mayPair = me?.permissions.includes('agents.pair') ?? false;
  const mayRevoke = me?.permissions.includes('agents.revoke') ?? false;
  const setPairing = (open: boolean) =>
    void navigate({ to: paths.dataSources, search: open ? { pair: true } : {}, replace: true });

  const [showRemoved, setShowRemoved] = useState(false);
  const all = sources.data?.data ?? [];
  const removed = all.filter(isRemoved);
  const shown = showRemoved ? all : all.filter((source) => !isRemoved(source));
  const removedButton = removed.length > 0 && (
    <Button
      kind="ghost"
      className="-mr-3 max-lg:-mr-4"
      onClick={() => setShowRemoved(!showRemoved)}
    >
      {showRemoved ? 'Hide' : 'Show'} removed ({formatCount(removed.length)})
    </Button>
  );
  const nothing = agents.data?.data.length === 0 && sources.data?.data.length === 0;
  const pairButton = mayPair && (
    <Button kind="primary" onClick={() => setPairing(true)}>
      <Plus aria-hidden className="size-4" strokeWidth={1.75} />
      Pair an agent
    </Button>
  );

  return (
    <>
      <PageHeader title="Data sources">
        {!nothing && (
          <>
            {me?.permissions.includes('dead_letters.read') && (
              <Link to={paths.deadLetters} className={buttonClass()}>
                Failed events
              </Link>
            )}
            {pairButton}
          </>
        )}
      </PageHeader>
      <NotRefreshed query={sources} />
      {nothing ? (
        <Panel>
          <Empty
            title="No agent is paired yet"
            icon={<Cable aria-hidden strokeWidth={1.75} />}
            actions={pairButton}
          >
            An agent is a small program at your site. It reads the changes of a PostgreSQL database
            and sends them here. It only opens connections outward, and the database’s password
            stays with it.
            {!mayPair && ' An owner or admin of this workspace can pair one.'}
          </Empty>
        </Panel>
      ) : (
        <div className="flex flex-col gap-3">
          <Panel title="Sources" aside={removedButton}>
            {sources.data ? (
              <Sources sources={shown} removed={removed.length} />
            ) : sources.error ? (
              <Failed error={sources.error} retry={() => void sources.refetch()} />
            ) : (
              <TableSkeleton what="the sources" rows={3} />
            )}
          </Panel>
          <Panel title="Agents">
            {agents.data ? (
              <Agents agents={agents.data.data} onRevoke={mayRevoke ? setRevoking : null} />
            ) : agents.error ? (
              <Failed error={agents.error} retry={() => void agents.refetch()} />
            ) : (
              <TableSkeleton what="the agents" rows={3} />
            )}
          </Panel>
        </div>
      )}
      <Suspense fallback={null}>
        {pair && mayPair && <PairDialog onClose={() => setPairing(false)} />}
        {revoking && <RevokeDialog agent={revoking} onClose={() => setRevoking(null)} />}
      </Suspense>
    </>
  );
}

function Sources({ sources, removed }: { sources: readonly Source[]; removed: number }) {
  const wide = useWide();
  if (sources.length === 0 && removed > 0) {
    return (
      <p className="px-3 pb-3 text-ink-3">
        Every source was removed. What they delivered stays, as{' '}
        <Link to={paths.events} className="link-inline max-lg:py-3">
          raw events
        </Link>{' '}
        and{' '}
        <Link to={paths.devices} className="link-inline max-lg:py-3">
          devices
        </Link>
        .
      </p>
    );
  }
  if (sources.length === 0) {
    return (
      <div className="max-w-[40rem] px-3 pb-3 text-ink-2">
        <p>No database is named yet. Where the agent runs, name one:</p>
        <code className="mt-2 block overflow-x-auto rounded-panel border border-line bg-sunken px-3 py-2 font-mono text-meta whitespace-pre">
          ./clarity agent source add NAME --host HOST --database DATABASE --user USER
        </code>
      </div>
    );
  }
  if (!wide) {
    return (
      <ul>
        {sources.map((source) => (
          <li key={source.id} className="border-t border-line-weak">
            <Link
              to={paths.source}
              params={{ id: source.id }}
              className="block px-3 py-2.5 focus-visible:outline-offset-[-2px]"
            >
              <span className="flex items-center justify-between gap-3">
                <span className="truncate font-medium">{source.name}</span>
                <SourceStatus state={source.state} />
              </span>
              <span className="mt-0.5 flex justify-between gap-3 text-meta text-ink-3">
                <span>
                  <Throughput perS={source.events_per_s} />
                  {lagText(source) !== '–' && `, ${lagText(source).toLowerCase()}`}
                </span>
                <Age at={source.last_event_at} none="no event yet" />
              </span>
              <SourceDetail source={source} />
              {source.gaps > 0 && <GapsBadge source={source} />}
              {source.tables_not_exact > 0 && <NotExact tables={source.tables_not_exact} />}
            </Link>
          </li>
        ))}
      </ul>
    );
  }
  return (
    <Table caption="Sources">
      <thead>
        <tr>
          <Th>Name</Th>
          <Th>State</Th>
          <Th>Agent</Th>
          <Th className="text-right">Throughput</Th>
          <Th className="text-right">Lag</Th>
          <Th className="text-right">Events</Th>
          <Th title="Whether what is shown of the source holds all that was captured of it">
            What is shown
          </Th>
          <Th className="text-right">Last event</Th>
        </tr>
      </thead>
      <tbody>
        {sources.map((source) => (
          <SourceRow key={source.id} source={source} />
        ))}
      </tbody>
    </Table>
  );
}

function SourceRow({ source }: { source: Source }) {
  const detail = hasDetail(source);
  return (
    <>
      <tr className={rowClass}>
        <Td className="font-medium">
          <Link
            to={paths.source}
            params={{ id: source.id }}
            className="hover:underline hover:underline-offset-3"
          >
            {source.name}
          </Link>
        </Td>
        <Td>
          <SourceStatus state={source.state} />
        </Td>
        <Td className="text-ink-2">{source.agent_name}</Td>
        <Td className="text-right whitespace-nowrap">
          <Throughput perS={source.events_per_s} />
        </Td>
        <Td className="text-right whitespace-nowrap">{lagText(source)}</Td>
        <Td className="text-right">{formatCount(source.events_total)}</Td>
        <Td className="whitespace-nowrap">
          {source.gaps > 0 && (
            <Link
              to={paths.source}
              params={{ id: source.id }}
              hash="gaps"
              className="mr-1.5 hover:underline"
            >
              <GapsBadge source={source} />
            </Link>
          )}
          {source.tables_not_exact > 0 ? (
            <Link
              to={paths.source}
              params={{ id: source.id }}
              hash="tables"
              className="hover:underline"
            >
              <NotExact tables={source.tables_not_exact} />
            </Link>
          ) : source.events_total > 0 && source.state !== 'snapshotting' ? (
            <span className="text-ink-3">Exact</span>
          ) : (
            <span className="text-ink-3">–</span>
          )}
        </Td>
        <Td className="text-right">
          <Age at={source.last_event_at} none="none yet" />
        </Td>
      </tr>
      {detail && (
        <tr>
          <td colSpan={8} className="px-3 pb-2">
            <SourceDetail source={source} />
          </td>
        </tr>
      )}
    </>
  );
}

const hasDetail = (source: Source): boolean =>
  source.state === 'snapshotting' || source.state_detail !== '';

/** Under the source and not beside its state, so that a long one has the room it needs. */
function SourceDetail({ source }: { source: Source }) {
  if (!hasDetail(source)) return null;
  return (
    <span className="line-clamp-2 max-w-[60rem] text-meta break-words text-ink-3">
      {source.state === 'snapshotting' && (
        <>
          <SnapshotFigures source={source} />
          {source.state_detail && '. '}
        </>
      )}
      {source.state_detail}
    </span>
  );
}

function Agents({
  agents,
  onRevoke,
}: {
  agents: readonly Agent[];
  onRevoke: ((agent: Agent) => void) | null;
}) {
  const wide = useWide();
  if (agents.length === 0) return <p className="px-3 pb-3 text-ink-3">No agent is paired yet.</p>;
  const revoke = (agent: Agent) =>
    onRevoke &&
    agent.state !== 'revoked' && (
      <Button kind="ghost" onClick={() => onRevoke(agent)} aria-label={`Revoke ${agent.name}`}>
        Revoke
      </Button>
    );
  if (!wide) {
    return (
      <ul>
        {agents.map((agent) => (
          <li
            key={agent.id}
            className="flex items-center justify-between gap-3 border-t border-line-weak py-1.5 pl-3"
          >
            <span className="min-w-0 py-1">
              <span className="block truncate font-medium">{agent.name}</span>
              <span className="flex flex-wrap gap-x-3 text-meta text-ink-3">
                <AgentStatus agent={agent} />
                <span>
                  seen <Age at={agent.last_seen_at} none="never" />
                </span>
              </span>
            </span>
            {revoke(agent)}
          </li>
        ))}
      </ul>
    );
  }
  return (
    <Table caption="Agents">
      <thead>
        <tr>
          <Th>Name</Th>
          <Th>State</Th>
          <Th className="text-right">Sources</Th>
          <Th>Version</Th>
          <Th>Last seen</Th>
          <Th>Certificate until, {zoneName()}</Th>
          <Th>
            <span className="sr-only">Actions</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {agents.map((agent) => (
          <tr key={agent.id} className={cx(rowClass, agent.state === 'revoked' && 'text-ink-3')}>
            <Td className="font-medium">{agent.name}</Td>
            <Td>
              <AgentStatus agent={agent} />
            </Td>
            <Td className="text-right">{formatCount(agent.sources)}</Td>
            <Td className="font-mono text-meta">{agent.version ?? '–'}</Td>
            <Td>
              <Age at={agent.last_seen_at} none="never" />
            </Td>
            <Td>
              {agent.state === 'revoked' ? '–' : <Moment at={agent.certificate_expires_at} />}
            </Td>
            <Td flush className="w-24 text-right">
              {revoke(agent)}
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
