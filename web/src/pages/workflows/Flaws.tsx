import { lineOf, locate } from '../../api/jsonText';
import { ApiProblem } from '../../api/problem';
import type { WorkflowFlaw } from '../../api/types';

/** Something that is wrong with a document, and where. */
export type Told = { pointer: string; message: string; remedy: string };

const sentence = (text: string): string =>
  text.charAt(0).toUpperCase() + text.slice(1).replace(/\.?$/, '.');

export const toldOf = ({ pointer, message, remedy }: WorkflowFlaw): Told => ({
  pointer,
  message: sentence(message),
  remedy: sentence(remedy),
});

/** What the API refused of a document; none if it refused for another reason. */
export function refusedOf(error: unknown): Told[] {
  if (!(error instanceof ApiProblem)) return [];
  return (error.problem.errors ?? []).flatMap(({ pointer, message }) =>
    pointer === undefined ? [] : [{ pointer, message: sentence(message), remedy: '' }],
  );
}

/** The lines of a text that flaws are about. */
export const flawedLines = (text: string, flaws: readonly Told[]): Set<number> =>
  new Set(
    flaws.flatMap(({ pointer }) => {
      const offset = locate(text, pointer);
      return offset === null ? [] : [lineOf(text, offset)];
    }),
  );

/** What is wrong with a document, each with the way to its place. */
export function Flaws({
  text,
  flaws,
  goTo,
}: {
  text: string;
  flaws: readonly Told[];
  goTo: (offset: number) => void;
}) {
  return (
    <ul className="rounded-panel border border-critical/40 bg-critical-wash">
      {flaws.map((flaw, index) => {
        const offset = locate(text, flaw.pointer);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: two flaws of a place may say the same
          <li key={index} className="border-t border-critical/20 px-3 py-1.5 first:border-t-0">
            <p className="break-words">
              <span className="font-medium">{flaw.message}</span> {flaw.remedy}
            </p>
            {offset !== null && (
              <button
                type="button"
                onClick={() => goTo(offset)}
                className="font-mono text-meta text-ink-2 underline underline-offset-3 max-lg:min-h-11"
              >
                {flaw.pointer || '/'}, line {lineOf(text, offset)}
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** Puts the caret of a field where something is, in sight. */
export function showPlace(area: HTMLTextAreaElement | null, offset: number): void {
  if (!area) return;
  area.focus({ preventScroll: true });
  area.setSelectionRange(offset, offset);
  const lines = area.value.split('\n').length;
  const at = (lineOf(area.value, offset) - 1) / lines;
  const frame = area.closest('.overflow-auto');
  frame?.scrollTo({ top: at * area.offsetHeight - frame.clientHeight / 3 });
  frame?.scrollIntoView({ block: 'nearest' });
}
