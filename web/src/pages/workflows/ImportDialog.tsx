import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useId, useRef, useState } from 'react';
import { sendText } from '../../api/client';
import { faultOf, lineOf, pretty } from '../../api/jsonText';
import { ApiProblem } from '../../api/problem';
import type { Workflow } from '../../api/types';
import { paths } from '../../paths';
import { announce } from '../../ui/announce';
import { CodeArea } from '../../ui/CodeArea';
import { Confirm } from '../../ui/Confirm';
import { Flaws, flawedLines, refusedOf, showPlace } from './Flaws';

/** As much as a document may have. */
const bytesMax = 512 * 1024;

/** Makes a workflow of what another gave as a file. */
export function ImportDialog({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const area = useRef<HTMLTextAreaElement>(null);
  const file = useId();
  const [text, setText] = useState('');
  const [unread, setUnread] = useState<string | null>(null);
  const fault = text.trim() === '' ? null : faultOf(text);
  const add = useMutation({
    mutationFn: (sameName: boolean) =>
      sendText<Workflow>('POST', '/v1/workflows/import', text, {
        query: sameName ? { same_name: true } : {},
      }),
    onSuccess: ({ id }) => {
      announce('The workflow is imported as a draft');
      void queries.invalidateQueries({ queryKey: ['workflows'] });
      onClose();
      void navigate({ to: paths.workflow, params: { id }, search: { view: 'draft' } });
    },
  });
  const flaws = refusedOf(add.error);
  const taken = add.error instanceof ApiProblem && add.error.code === 'name_taken';
  const change = (next: string) => {
    setText(next);
    add.reset();
  };
  const read = async (chosen: File | undefined) => {
    setUnread(null);
    if (!chosen) return;
    if (chosen.size > bytesMax) {
      setUnread('A document has at most 512 KB. Choose another file.');
      return;
    }
    const content = await chosen.text();
    change(pretty(content) ?? content);
  };
  return (
    <Confirm
      title="Import a workflow"
      kind="primary"
      label={taken ? 'Import a second one' : 'Import'}
      busyLabel="Importing…"
      ready={text.trim() !== '' && !fault}
      wide
      act={() => add.mutate(taken)}
      task={{ isPending: add.isPending, error: flaws.length > 0 || taken ? null : add.error }}
      onClose={onClose}
    >
      <label htmlFor={file} className="mb-1 block text-body font-medium">
        File
      </label>
      <input
        id={file}
        type="file"
        accept=".json,application/json"
        onChange={(event) => void read(event.target.files?.[0])}
        aria-describedby={`${file}-note`}
        className="block w-full rounded-panel text-body text-ink-2 file:mr-3 file:h-8 file:rounded-panel file:border file:border-line file:bg-raised file:px-3 file:text-ink max-lg:file:h-11"
      />
      <p id={`${file}-note`} className="min-h-6 pt-1.5 text-meta text-critical">
        {unread}
      </p>
      <CodeArea
        label="Or the document itself"
        area={area}
        value={text}
        onChange={change}
        minLines={8}
        marked={flawedLines(text, flaws)}
        error={fault ? `Line ${lineOf(text, fault.offset)}: ${fault.message}` : undefined}
        hint="It becomes a draft. Connections that it names are looked for when it is published."
      />
      {taken && (
        <p role="alert" className="mt-2 text-prose">
          A workflow of this name is there already. Change <code>name</code> in the document, or
          import a second one.
        </p>
      )}
      {flaws.length > 0 && (
        <div role="alert" className="mt-2">
          <Flaws text={text} flaws={flaws} goTo={(offset) => showPlace(area.current, offset)} />
        </div>
      )}
    </Confirm>
  );
}
