import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Gauge } from 'lucide-react';
import { sourcesQuery } from '../../api/queries';
import { agentsQuery } from '../../api/sources';
import type { Overview } from '../../api/types';
import { paths } from '../../paths';
import { buttonClass } from '../../ui/Button';
import { Empty } from '../../ui/Feedback';
import { formatCount } from '../../ui/format';
import { Panel } from '../../ui/Panel';
import { isRemoved } from '../../ui/Status';

/** What there is to do before the first device shows up. */
export default function NothingYet({ sources }: { sources: Overview['sources'] }) {
  return <Panel>{sources.total === 0 ? <NoSource /> : <NoDevice sources={sources} />}</Panel>;
}

const viewSources = (kind?: 'primary') => (
  <Link to={paths.dataSources} className={buttonClass(kind)}>
    View data sources
  </Link>
);

/** Nobody is told to pair again what is paired. */
function NoSource() {
  const agents = useQuery(agentsQuery).data?.data.filter(({ state }) => state !== 'revoked');
  const removed = useQuery(sourcesQuery).data?.data.filter(isRemoved).length ?? 0;
  const isPaired = agents !== undefined && agents.length > 0;
  return (
    <Empty
      title={removed > 0 ? 'Nothing streams here any more' : 'Nothing streams here yet'}
      icon={<Gauge aria-hidden strokeWidth={1.75} />}
      actions={
        isPaired ? (
          viewSources('primary')
        ) : (
          <>
            <Link to={paths.dataSources} search={{ pair: true }} className={buttonClass('primary')}>
              Pair an agent
            </Link>
            {viewSources()}
          </>
        )
      }
    >
      {removed > 0 &&
        `${removed === 1 ? 'The source that was here is' : `The ${formatCount(removed)} sources that were here are`} removed; what was captured stays under Data sources and Events. `}
      {isPaired
        ? `${agents.length === 1 ? `The agent ${agents[0]?.name ?? ''} is` : `${formatCount(agents.length)} agents are`} paired. Name a PostgreSQL database there; the first readings appear here by themselves.`
        : 'The overview shows your devices as they report. Pair an agent at your site and name a PostgreSQL database; the first readings appear here by themselves.'}
    </Empty>
  );
}

function NoDevice({ sources: { total, snapshotting } }: { sources: Overview['sources'] }) {
  return (
    <Empty
      title="Waiting for the first device"
      icon={<Gauge aria-hidden strokeWidth={1.75} />}
      actions={
        <>
          {viewSources('primary')}
          <Link to={paths.events} className={buttonClass()}>
            View raw events
          </Link>
        </>
      }
    >
      {snapshotting > 0
        ? 'The tables’ rows are on their way. The first devices appear here by themselves.'
        : `${total === 1 ? 'One source is' : `${formatCount(total)} sources are`} connected, but no table has been recognised as devices with readings. The source’s page shows how each table was read, and why.`}
    </Empty>
  );
}
