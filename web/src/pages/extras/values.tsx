import { Link } from '@tanstack/react-router';
import type { ExtraEntity, ExtraType } from '../../api/types';
import { paths } from '../../paths';
import { cx } from '../../ui/cx';
import { formatCount, zoneName } from '../../ui/format';

export const extraTypes = ['text', 'num', 'bool', 'time'] as const;

export const typeWords: Record<ExtraType, string> = {
  text: 'Text',
  num: 'Number',
  bool: 'Yes or no',
  time: 'Time',
};

/** Whether a key begins with the table of the readings it is from: a colon within a name follows a backslash. */
export const isOfReadings = (key: string): boolean => /^(?:[^\\:]|\\.)*:/s.test(key);

/** A value as people read it; a time in their zone. A text that looks like one stays as it is. */
export function valueText(value: unknown, type: ExtraType): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') {
    return type === 'time' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? localTime(value) : value;
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function localTime(iso: string): string {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) return iso;
  // A column of dates has no time of day; to move it into a zone would make it another day.
  if (/T00:00:00(\.0+)?Z$/.test(iso)) {
    return new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' }).format(ms);
  }
  const text = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
  return `${text.format(ms)} ${zoneName(ms)}`;
}

/** On a phone a finger wide, and no higher than the line. */
const linkClass = 'link-inline max-lg:-my-3 max-lg:inline-block max-lg:py-3';

/** What a value is of: a device has a page, any other row its table and key. */
export function EntityName({ entity }: { entity: ExtraEntity | null | undefined }) {
  if (!entity) return <span className="text-ink-3">just removed</span>;
  if (entity.kind === 'device') {
    return (
      <Link to={paths.device} params={{ id: entity.id }} className={linkClass}>
        {entity.name ?? entity.key}
      </Link>
    );
  }
  if (entity.kind === 'site') {
    return (
      <Link to={paths.devices} search={{ site_id: entity.id }} className={linkClass}>
        {entity.name ?? entity.key}
      </Link>
    );
  }
  return (
    <span>
      <span className="font-mono text-meta">{entity.table ?? 'no table'}</span>{' '}
      <RowName of={entity.key} />
    </span>
  );
}

/** A row by its key; one of a table without a key is known by the event that it came with. */
function RowName({ of: key }: { of: string }) {
  const [, epoch, seq] = /^#(\d+)-(\d+)$/.exec(key) ?? [];
  if (!epoch || !seq) return <span className="font-mono text-meta text-ink-3">{key}</span>;
  return (
    <span
      className="text-meta text-ink-3"
      title={`Its table has no key. Event ${formatCount(Number(seq))} of epoch ${epoch} brought it.`}
    >
      row of event {formatCount(Number(seq))}
      {epoch !== '1' && `, epoch ${epoch}`}
    </span>
  );
}

export function Value({ value, type }: { value: unknown; type: ExtraType }) {
  return (
    <span className={cx('break-words', type === 'text' && 'whitespace-pre-wrap')}>
      {valueText(value, type)}
    </span>
  );
}
