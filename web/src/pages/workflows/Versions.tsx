import { useInfiniteQuery, useMutation, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { api } from '../../api/client';
import { membersQuery } from '../../api/members';
import { meQuery } from '../../api/queries';
import type { Workflow, WorkflowDifference, WorkflowVersionSummary } from '../../api/types';
import {
  comparisonQuery,
  documentTextQuery,
  opened,
  workflowVersionsQuery,
} from '../../api/workflows';
import { paths } from '../../paths';
import { Moment } from '../../ui/Age';
import { announce } from '../../ui/announce';
import { Button, buttonClass } from '../../ui/Button';
import { Confirm } from '../../ui/Confirm';
import { ExpandableItem } from '../../ui/Expandable';
import { NoteField, selectClass } from '../../ui/Field';
import { Labelled } from '../../ui/Filters';
import { zoneName } from '../../ui/format';
import { Json, JsonText } from '../../ui/Json';
import { LoadMore, Unlisted } from '../../ui/Listing';
import { Panel } from '../../ui/Panel';
import { useTaken } from './useTaken';

const route = getRouteApi('/app/workflows/$id');

/** What was published, when, why and by whom; two of them beside each other; the way back. */
export function Versions({ workflow }: { workflow: Workflow }) {
  const query = useInfiniteQuery(workflowVersionsQuery(workflow.id));
  const versions = query.data?.pages.flatMap((page) => page.data);
  const nameOf = useMemberName();
  return (
    <div className="flex flex-col gap-3">
      <Panel title="Versions" aside={<span>Times in {zoneName()}</span>}>
        {!versions ? (
          <Unlisted query={query} what="the versions" rows={2} />
        ) : versions.length === 0 ? (
          <p className="px-3 pb-3 text-ink-3">None yet. Publishing the draft makes the first.</p>
        ) : (
          <ul>
            {versions.map((version) => (
              <ExpandableItem
                key={version.version}
                detail={<VersionDetail workflow={workflow} version={version} />}
              >
                <span className="flex flex-wrap items-baseline gap-x-3">
                  <span className="font-medium">Version {version.version}</span>
                  {version.current && <span className="text-ink-2">published now</span>}
                  <span className="min-w-0 flex-1 truncate text-ink-2 max-lg:order-last max-lg:basis-full">
                    {version.note}
                  </span>
                  <span className="text-ink-3">
                    {version.rolled_back_to !== null &&
                      `brought back version ${version.rolled_back_to}, `}
                    {nameOf(version.published_by)}
                    <Moment at={version.published_at} />
                  </span>
                </span>
              </ExpandableItem>
            ))}
          </ul>
        )}
        <LoadMore query={query} />
      </Panel>
      {versions && versions.length > 0 && <Comparison workflow={workflow} versions={versions} />}
    </div>
  );
}

/** Who published; people who left are not named. */
function useMemberName(): (id: string | null) => string {
  const { data: me } = useSuspenseQuery(meQuery);
  const { data } = useInfiniteQuery({
    ...membersQuery(me?.organization.id ?? ''),
    enabled: me?.permissions.includes('members.read') ?? false,
  });
  const members = data?.pages.flatMap((page) => page.data) ?? [];
  return (id) => {
    const name = members.find((member) => member.id === id)?.name;
    return name ? `${name}, ` : '';
  };
}

function VersionDetail({
  workflow,
  version,
}: {
  workflow: Workflow;
  version: WorkflowVersionSummary;
}) {
  const query = useQuery(documentTextQuery(workflow.id, String(version.version)));
  const [asking, setAsking] = useState(false);
  return (
    <div className="space-y-2">
      {version.note && <p className="max-w-[44rem] break-words text-ink-2">{version.note}</p>}
      {query.data === undefined ? (
        <Unlisted query={query} what="the document" rows={3} />
      ) : (
        <JsonText text={query.data} label={`Document of version ${version.version}`} />
      )}
      <div className="flex flex-wrap gap-2">
        <Link
          to={paths.workflow}
          params={{ id: workflow.id }}
          search={{ view: 'versions', from: String(version.version), to: 'draft' }}
          className={buttonClass()}
        >
          Compare with the draft
        </Link>
        {workflow.may_edit && !version.current && (
          <Button onClick={() => setAsking(true)}>Roll back to it</Button>
        )}
      </div>
      {asking && (
        <RollBackDialog
          workflow={workflow}
          version={version.version}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}

function RollBackDialog({
  workflow,
  version,
  onClose,
}: {
  workflow: Workflow;
  version: number;
  onClose: () => void;
}) {
  const taken = useTaken();
  const [note, setNote] = useState('');
  const roll = useMutation({
    mutationFn: () =>
      opened(
        api.POST('/v1/workflows/{id}/rollback', {
          params: { path: { id: workflow.id } },
          body: { version, ...(note.trim() === '' ? {} : { note: note.trim() }) },
        }),
      ),
    onSuccess: (answer) => {
      taken(answer);
      announce(`Version ${answer.workflow.published_version} is published`);
      onClose();
    },
  });
  return (
    <Confirm
      title={`Roll back to version ${version}?`}
      kind="danger"
      label="Roll back"
      back="Back"
      busyLabel="Rolling back…"
      act={() => roll.mutate()}
      task={roll}
      onClose={onClose}
    >
      <p className="pb-3 text-prose text-ink-2">
        What version {version} said is published as version {(workflow.published_version ?? 0) + 1}.
        The draft stays as it is, and what runs keeps its version.
      </p>
      <NoteField
        label="Note"
        data-autofocus
        value={note}
        maxLength={1000}
        onChange={(event) => setNote(event.target.value)}
        hint="Why, for those who read the versions. May be left empty."
      />
    </Confirm>
  );
}

const kinds: Record<WorkflowDifference['kind'], string> = {
  added: 'Added',
  removed: 'Removed',
  changed: 'Changed',
  reordered: 'Moved',
};

function Comparison({
  workflow,
  versions,
}: {
  workflow: Workflow;
  versions: WorkflowVersionSummary[];
}) {
  const search = route.useSearch();
  const navigate = useNavigate();
  const id = useId();
  const from = search.from ?? String(workflow.published_version ?? 'draft');
  const to = search.to ?? 'draft';
  const query = useQuery(comparisonQuery(workflow.id, from, to));
  const differences = query.data?.differences;
  const choose = (change: { from?: string; to?: string }) =>
    void navigate({
      to: paths.workflow,
      params: { id: workflow.id },
      search: { view: 'versions', from, to, ...change },
      replace: true,
    });
  const choice = (label: string, end: 'from' | 'to', value: string) => (
    <Labelled label={label} id={`${id}-${end}`}>
      <select
        id={`${id}-${end}`}
        value={value}
        onChange={(event) => choose({ [end]: event.target.value })}
        className={selectClass}
      >
        <option value="draft">The draft</option>
        {versions.map(({ version }) => (
          <option key={version} value={version}>
            Version {version}
          </option>
        ))}
      </select>
    </Labelled>
  );
  return (
    <Panel title="Compare">
      <div className="grid max-w-[32rem] grid-cols-2 gap-2 px-3 pb-3">
        {choice('From', 'from', from)}
        {choice('To', 'to', to)}
      </div>
      {!differences ? (
        <Unlisted query={query} what="the comparison" rows={2} />
      ) : differences.length === 0 ? (
        <p className="border-t border-line-weak px-3 py-2 text-ink-3">They say the same.</p>
      ) : (
        <ul>
          {differences.map((each) => (
            <ExpandableItem
              key={`${each.kind} ${each.pointer} ${each.id}`}
              detail={
                <div className="grid gap-3 lg:grid-cols-2">
                  <Side label="Before" value={each.before} />
                  <Side label="After" value={each.after} />
                </div>
              }
            >
              <span className="flex flex-wrap items-baseline gap-x-3">
                <span className="font-medium">
                  {kinds[each.kind]} {each.part}
                </span>
                {each.id && <span className="font-mono text-meta">{each.id}</span>}
                <span className="font-mono text-meta break-all text-ink-3">{each.pointer}</span>
              </span>
            </ExpandableItem>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Side({ label, value }: { label: string; value: unknown }) {
  return (
    <div className="min-w-0">
      <p className="mb-1 text-meta text-ink-3">{label}</p>
      {value === null || value === undefined ? (
        <p className="text-ink-3">Not there</p>
      ) : (
        <Json value={value} label={label} />
      )}
    </div>
  );
}
