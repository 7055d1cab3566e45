import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useBlocker } from '@tanstack/react-router';
import { CircleAlert } from 'lucide-react';
import { useRef, useState } from 'react';
import { api, body, sendText } from '../../api/client';
import { faultOf, lineOf } from '../../api/jsonText';
import {
  documentTextQuery,
  type OpenedWorkflow,
  opened as openedOf,
  workflowQuery,
} from '../../api/workflows';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { CodeArea } from '../../ui/CodeArea';
import { Confirm } from '../../ui/Confirm';
import { Failed, Notice } from '../../ui/Feedback';
import { NoteField } from '../../ui/Field';
import { JsonText } from '../../ui/Json';
import { Unlisted } from '../../ui/Listing';
import { Panel } from '../../ui/Panel';
import { Flaws, flawedLines, refusedOf, showPlace, type Told, toldOf } from './Flaws';
import { useTaken } from './useTaken';

const flawWords = ({ length }: Told[]): string => (length === 1 ? '1 flaw' : `${length} flaws`);

/** The draft as a text: changed, checked, saved and published by those who may. */
export function Draft({ opened }: { opened: OpenedWorkflow }) {
  const { workflow, etag } = opened;
  const query = useQuery(documentTextQuery(workflow.id, 'draft', etag));
  return (
    <Panel aria-label="Draft">
      {query.data === undefined ? (
        <Unlisted query={query} what="the draft" rows={6} />
      ) : (
        <div className="p-3">
          {workflow.may_edit ? (
            <Editor opened={opened} loaded={query.data} />
          ) : (
            <JsonText text={query.data} label="Draft" />
          )}
        </div>
      )}
    </Panel>
  );
}

function Editor({ opened, loaded }: { opened: OpenedWorkflow; loaded: string }) {
  const { workflow, etag } = opened;
  const queries = useQueryClient();
  const taken = useTaken();
  const area = useRef<HTMLTextAreaElement>(null);
  /** What is typed, and what it was made of. */
  const [edit, setEdit] = useState<{ text: string; of: string } | null>(null);
  const [flaws, setFlaws] = useState<Told[] | null>(null);
  const [publishing, setPublishing] = useState(false);
  /** Whether it is for what is wrong that nothing was published. */
  const [unpublished, setUnpublished] = useState(false);
  const text = edit?.text ?? loaded;
  const dirty = edit !== null && edit.text !== loaded;
  const outrun = dirty && edit.of !== loaded;
  const fault = faultOf(text);

  const find = (found: Told[] | null, kept = false) => {
    setFlaws(found);
    setUnpublished(kept);
  };
  const refuse = (found: Told[]) => {
    find(found, true);
    announce(`Not published: ${flawWords(found)}`);
  };
  const change = (next: string) => {
    setEdit({ text: next, of: edit?.of ?? loaded });
    find(null);
    save.reset();
    publish.reset();
  };
  const save = useMutation({
    mutationFn: async () => {
      await sendText('PUT', '/v1/workflows/{id}/draft', text, {
        path: { id: workflow.id },
        header: { 'If-Match': etag },
      });
      const answer = await openedOf(
        api.GET('/v1/workflows/{id}', { params: { path: { id: workflow.id } } }),
      );
      // The platform leaves out what equals a default: what is shown next is what it keeps.
      await queries.fetchQuery(documentTextQuery(workflow.id, 'draft', answer.etag));
      return answer;
    },
    onSuccess: (answer) => {
      taken(answer);
      setEdit(null);
      announce('The draft is saved');
    },
    onError: (error) => {
      const refused = refusedOf(error);
      if (refused.length > 0) find(refused);
      void queries.invalidateQueries({ queryKey: workflowQuery(workflow.id).queryKey });
    },
  });
  const check = useMutation({
    mutationFn: () =>
      sendText<{ flaws: Parameters<typeof toldOf>[0][] }>(
        'POST',
        '/v1/workflows/{id}/validate',
        `{"document": ${text}}`,
        { path: { id: workflow.id } },
      ),
    onSuccess: (answer) => {
      const found = answer.flaws.map(toldOf);
      find(found);
      announce(found.length === 0 ? 'Nothing is wrong with it' : flawWords(found));
    },
  });
  /** Nobody writes a note for what is refused: it is checked before. */
  const publish = useMutation({
    mutationFn: () =>
      body(
        api.POST('/v1/workflows/{id}/validate', {
          params: { path: { id: workflow.id } },
          body: {},
        }),
      ),
    onSuccess: ({ flaws: found }) => {
      if (found.length > 0) {
        refuse(found.map(toldOf));
        return;
      }
      find(null);
      setPublishing(true);
    },
  });
  const unchanged = !workflow.unpublished_changes && !dirty;
  return (
    <>
      {outrun && (
        <Notice
          icon={<CircleAlert aria-hidden strokeWidth={1.75} />}
          action={
            <>
              <Button onClick={() => setEdit(null)}>Take theirs</Button>
              <Button onClick={() => setEdit({ text: edit.text, of: loaded })}>Keep mine</Button>
            </>
          }
        >
          Somebody else saved this draft while you were changing it.
        </Notice>
      )}
      <div className="flex flex-wrap gap-2 pb-3">
        <Button
          kind={dirty ? 'primary' : 'secondary'}
          aria-disabled={!dirty || outrun || fault !== null || save.isPending}
          onClick={() => save.mutate()}
        >
          {save.isPending ? 'Saving…' : 'Save draft'}
        </Button>
        <Button aria-disabled={fault !== null || check.isPending} onClick={() => check.mutate()}>
          {check.isPending ? 'Checking…' : 'Check'}
        </Button>
        <Button
          kind={dirty ? 'secondary' : 'primary'}
          aria-disabled={dirty || unchanged || publish.isPending}
          title={dirty ? 'Save the draft first' : undefined}
          onClick={() => publish.mutate()}
        >
          {publish.isPending ? 'Checking…' : 'Publish'}
        </Button>
        {dirty && (
          <Button kind="ghost" onClick={() => setEdit(null)}>
            Discard changes
          </Button>
        )}
      </div>
      <div role="status" className="pb-3 empty:hidden">
        {flaws?.length === 0 && (
          <p className="text-ink-2">Nothing is wrong with it. It can be published.</p>
        )}
        {flaws && flaws.length > 0 && (
          <>
            {unpublished && (
              <p className="pb-1.5">
                <span className="font-medium text-critical">Not published.</span> Mend what is
                wrong, save, and publish again.
              </p>
            )}
            <Flaws text={text} flaws={flaws} goTo={(offset) => showPlace(area.current, offset)} />
          </>
        )}
      </div>
      {save.error && refusedOf(save.error).length === 0 ? <Failed error={save.error} /> : null}
      {check.error ? <Failed error={check.error} /> : null}
      {publish.error ? <Failed error={publish.error} /> : null}
      <CodeArea
        label="Document, as JSON"
        area={area}
        tall
        value={text}
        onChange={change}
        minLines={12}
        marked={
          new Set([
            ...flawedLines(text, flaws ?? []),
            ...(fault ? [lineOf(text, fault.offset)] : []),
          ])
        }
        error={fault ? `Line ${lineOf(text, fault.offset)}: ${fault.message}` : undefined}
        hint={
          dirty
            ? 'Not saved yet.'
            : unchanged
              ? `The same as version ${workflow.published_version}.`
              : 'Saved. Not published yet.'
        }
      />
      {publishing && (
        <PublishDialog
          opened={opened}
          refused={(found) => {
            refuse(found);
            setPublishing(false);
          }}
          onClose={() => setPublishing(false)}
        />
      )}
      <Leaving dirty={dirty} />
    </>
  );
}

function PublishDialog({
  opened: { workflow, etag },
  refused,
  onClose,
}: {
  opened: OpenedWorkflow;
  refused: (flaws: Told[]) => void;
  onClose: () => void;
}) {
  const taken = useTaken();
  const [note, setNote] = useState('');
  const publish = useMutation({
    mutationFn: () =>
      openedOf(
        api.POST('/v1/workflows/{id}/publish', {
          params: { path: { id: workflow.id }, header: etag ? { 'If-Match': etag } : {} },
          body: note.trim() === '' ? {} : { note: note.trim() },
        }),
      ),
    onError: (error) => {
      // What it leads to may have changed since it was checked.
      const flaws = refusedOf(error);
      if (flaws.length > 0) refused(flaws);
    },
    onSuccess: (answer) => {
      taken(answer);
      announce(`Version ${answer.workflow.published_version} is published`);
      onClose();
    },
  });
  const next = (workflow.published_version ?? 0) + 1;
  return (
    <Confirm
      title={`Publish version ${next}`}
      kind="primary"
      label="Publish"
      busyLabel="Publishing…"
      act={() => publish.mutate()}
      task={publish}
      onClose={onClose}
    >
      <p className="pb-3 text-prose text-ink-2">
        {next === 1
          ? 'It becomes what runs, and the workflow is enabled.'
          : 'It becomes what new executions run. Those that run keep their version.'}
      </p>
      <NoteField
        label="Note"
        data-autofocus
        value={note}
        maxLength={1000}
        onChange={(event) => setNote(event.target.value)}
        hint="What is new, for those who read the versions. May be left empty."
      />
    </Confirm>
  );
}

/** Asks before what was typed is lost. */
function Leaving({ dirty }: { dirty: boolean }) {
  const blocker = useBlocker({
    shouldBlockFn: () => dirty,
    enableBeforeUnload: () => dirty,
    withResolver: true,
  });
  if (blocker.status !== 'blocked') return null;
  return (
    <Confirm
      title="Leave without saving?"
      label="Leave"
      back="Stay"
      busyLabel="Leaving…"
      act={blocker.proceed}
      task={{ isPending: false, error: null }}
      onClose={blocker.reset}
    >
      <p className="text-prose text-ink-2">The changes of the draft are not saved and are lost.</p>
    </Confirm>
  );
}
