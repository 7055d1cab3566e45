import type { Source, SourceTable } from '../../api/types';
import { formatCount } from '../../ui/format';

/** How many tables of a source are not exact. */
export function NotExact({ tables }: { tables: number }) {
  return (
    <span className={badgeClass}>
      {formatCount(tables)} {tables === 1 ? 'table' : 'tables'} not exact
    </span>
  );
}

/** Whether what was built from a table holds all that was captured of it; nobody knows before it is. */
export function Exactness({ exact, takenIn }: { exact: boolean; takenIn: boolean }) {
  if (!exact) return <span className={badgeClass}>Not exact</span>;
  return <span className="text-ink-3">{takenIn ? 'Exact' : 'Being taken in'}</span>;
}

/** Whether what is shown of a source is whole: while its first snapshot is under way it is not. */
export const isTakenIn = ({ state, snapshot, model }: Source): boolean =>
  (state !== 'snapshotting' && !snapshot) || model.state === 'building';

/** Whether nothing of a table is in what is shown; who wants its rows has nothing to order. */
export const isGone = ({ cleared, events, failed }: SourceTable): boolean =>
  cleared || (events === 0 && failed === 0);

const badgeClass =
  'inline-block rounded-inner border border-medium/40 bg-medium-wash px-1.5 text-meta whitespace-nowrap text-medium';

const insertsOnly =
  'The table has no key that its database goes by (a primary key, or a replica identity), so it tells of inserts only, and updates and deletes of it are not captured';
const orChanged =
  'Or its definition was changed so that the rows of before do not fit it: this ends when the table is read again.';

/** Whether a table has a key; null where what is known of it does not tell. */
export function hasKey({ entity, mapping }: SourceTable): boolean | null {
  const id: unknown = (mapping as Record<string, unknown>).id;
  // Readings are no entities, so nothing identifies one, whatever key their table has.
  return entity === 'metric' || !Array.isArray(id) ? null : id.length > 0;
}

/** Whether that is the only reason there can be: its definition never changed, and no row of it did. */
const isOfInsertsOnly = (table: SourceTable): boolean =>
  hasKey(table) !== true &&
  table.schema_version === 1 &&
  table.updates === 0 &&
  table.deletes === 0;

/** Why a table is not exact, a sentence a cause. */
export function whyNotExact(table: SourceTable): string[] {
  if (table.exact) return [];
  const causes: string[] = [];
  if (table.incomplete > 0) {
    causes.push(
      `Updates of ${counted(table.incomplete, 'row', 'rows')} left large values as they were, which the database had never sent: these values are missing.`,
    );
  }
  if (table.failed > 0) {
    causes.push(
      `${counted(table.failed, 'row is', 'rows are')} not shown as the source has ${table.failed === 1 ? 'it' : 'them'}, because a change could not be applied; a change that does not tell its row counts as one. “Failed events” says why. A row that is mended or deleted at its source counts no more. Reading the table again begins anew: what is wrong at its source still fails anew.`,
    );
  }
  if (table.missing > 0) {
    causes.push(
      `${counted(table.missing, 'event', 'events')} that may be of this table could not be read or stored on arrival and ${table.missing === 1 ? 'is' : 'are'} missing here: see “Failed events”. Reading the table again makes up for ${table.missing === 1 ? 'it' : 'them'}; who knows that nothing is lacking dismisses ${table.missing === 1 ? 'its entry' : 'their entries'} there.`,
    );
  }
  if (causes.length === 0) {
    causes.push(isOfInsertsOnly(table) ? `${insertsOnly}.` : `${insertsOnly}. ${orChanged}`);
  }
  return causes;
}

export const counted = (count: number, one: string, more: string): string =>
  `${formatCount(count)} ${count === 1 ? one : more}`;
