import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Copy, Download, Ellipsis, Pause, Play, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { api, body, readText } from '../../api/client';
import { explain } from '../../api/problem';
import { meQuery } from '../../api/queries';
import type { Workflow } from '../../api/types';
import { opened, workflowVersionQuery } from '../../api/workflows';
import { paths } from '../../paths';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Confirm } from '../../ui/Confirm';
import { downloadJson } from '../../ui/download';
import { Failed } from '../../ui/Feedback';
import { Menu, menuItemClass } from '../../ui/Menu';
import { NewWorkflowDialog } from './NewWorkflowDialog';
import { RunDialog } from './RunDialog';
import { useTaken } from './useTaken';

type Asking = 'run' | 'disable' | 'duplicate' | 'delete' | null;

/** What may be done with a workflow as a whole, by those who may. */
export function WorkflowActions({
  workflow,
  editing,
}: {
  workflow: Workflow;
  /** While the draft is shown, whose publishing is what comes first. */
  editing: boolean;
}) {
  const { data: me } = useSuspenseQuery(meQuery);
  const [asking, setAsking] = useState<Asking>(null);
  const taken = useTaken();
  const close = () => setAsking(null);
  const switched = useMutation({
    mutationFn: (on: boolean) => {
      const params = { path: { id: workflow.id } };
      return opened(
        on
          ? api.POST('/v1/workflows/{id}/enable', { params })
          : api.POST('/v1/workflows/{id}/disable', { params }),
      );
    },
    onSuccess: (answer) => {
      taken(answer);
      announce(answer.workflow.enabled ? 'Enabled' : 'Disabled');
      close();
    },
  });
  const saved = useMutation({
    mutationFn: async () => {
      const version = workflow.published_version === null ? 'draft' : undefined;
      const text = await readText('/v1/workflows/{id}/export', {
        params: { path: { id: workflow.id }, query: version ? { version } : {} },
      });
      downloadJson(fileName(workflow), text);
    },
    onError: (error) => announce(explain(error).what),
  });
  const published = workflow.published_version !== null;
  const iconClass = 'size-4 text-ink-3';
  return (
    <>
      {workflow.may_run && workflow.enabled && published && (
        <Button kind={editing ? 'secondary' : 'primary'} onClick={() => setAsking('run')}>
          Run now
        </Button>
      )}
      {workflow.may_edit && !workflow.enabled && published && (
        <Button
          kind="primary"
          aria-disabled={switched.isPending}
          onClick={() => switched.mutate(true)}
        >
          Enable
        </Button>
      )}
      <Menu
        label="More actions"
        align="right"
        triggerClassName="inline-flex size-8 items-center justify-center rounded-panel border border-line bg-raised hover:border-line-strong max-lg:size-11"
        trigger={<Ellipsis aria-hidden className="size-4" strokeWidth={1.75} />}
      >
        <Act icon={<Download aria-hidden className={iconClass} />} act={() => saved.mutate()}>
          Export as a file
        </Act>
        {me?.permissions.includes('workflows.write') && (
          <Act icon={<Copy aria-hidden className={iconClass} />} act={() => setAsking('duplicate')}>
            Duplicate
          </Act>
        )}
        {workflow.may_edit && published && (
          <Act
            icon={
              workflow.enabled ? (
                <Pause aria-hidden className={iconClass} />
              ) : (
                <Play aria-hidden className={iconClass} />
              )
            }
            act={() => (workflow.enabled ? setAsking('disable') : switched.mutate(true))}
          >
            {workflow.enabled ? 'Disable' : 'Enable'}
          </Act>
        )}
        {workflow.may_edit && (
          <Act icon={<Trash2 aria-hidden className={iconClass} />} act={() => setAsking('delete')}>
            Delete
          </Act>
        )}
      </Menu>
      {!asking && (switched.error ?? saved.error) ? (
        <Failed error={switched.error ?? saved.error} />
      ) : null}
      {asking === 'run' && <Run workflow={workflow} onClose={close} />}
      {asking === 'duplicate' && <NewWorkflowDialog copyOf={workflow} onClose={close} />}
      {asking === 'disable' && (
        <Confirm
          title="Disable this workflow?"
          label="Disable"
          back="Keep it enabled"
          busyLabel="Disabling…"
          act={() => switched.mutate(false)}
          task={switched}
          onClose={close}
        >
          <p className="text-prose text-ink-2">
            Its triggers start nothing any more: callers of its webhooks are refused. What runs goes
            on.
          </p>
        </Confirm>
      )}
      {asking === 'delete' && <DeleteDialog workflow={workflow} onClose={close} />}
    </>
  );
}

const fileName = ({ name, published_version: version }: Workflow): string =>
  `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-${version === null ? 'draft' : `v${version}`}.workflow.json`.replace(
    /^-/,
    '',
  );

function Act({
  icon,
  act,
  children,
}: {
  icon: React.ReactNode;
  act: () => void;
  children: React.ReactNode;
}) {
  return (
    <button type="button" role="menuitem" tabIndex={-1} className={menuItemClass} onClick={act}>
      {icon}
      {children}
    </button>
  );
}

/** What can be started by hand is what the published version says. */
function Run({ workflow, onClose }: { workflow: Workflow; onClose: () => void }) {
  const { data } = useQuery(workflowVersionQuery(workflow.id, workflow.published_version ?? 0));
  const triggers = data?.document.triggers?.filter((each) => each.type === 'api');
  return (
    <RunDialog
      workflow={workflow}
      triggers={triggers?.map((trigger) => trigger.id)}
      onClose={onClose}
    />
  );
}

function DeleteDialog({ workflow, onClose }: { workflow: Workflow; onClose: () => void }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      body(api.DELETE('/v1/workflows/{id}', { params: { path: { id: workflow.id } } })),
    onSuccess: async () => {
      announce('The workflow is deleted');
      onClose();
      await navigate({ to: paths.workflows });
      queries.removeQueries({ queryKey: ['workflows', 'one', workflow.id] });
      void queries.invalidateQueries({ queryKey: ['workflows'] });
    },
  });
  return (
    <Confirm
      title={`Delete ${workflow.name}?`}
      label="Delete"
      busyLabel="Deleting…"
      act={() => remove.mutate()}
      task={remove}
      onClose={onClose}
    >
      <p className="text-prose text-ink-2">
        Its triggers start nothing any more, and it is in no list. Its executions stay to be looked
        at. It cannot be brought back; export it first if you may want it again.
      </p>
    </Confirm>
  );
}
