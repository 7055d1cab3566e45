import { Link } from '@tanstack/react-router';
import type { ExtraEntity, ExtraType } from '../../api/types';
import { paths } from '../../paths';
import { cx } from '../../ui/cx';

export const extraTypes = ['text', 'num', 'bool', 'time'] as const;

export const typeWords: Record<ExtraType, string> = {
  text: 'Text',
  num: 'Number',
  bool: 'Yes or no',
  time: 'Time',
};

/** Whether a key begins with the table of the readings it is from: a colon within a name follows a backslash. */
export const isOfReadings = (key: string): boolean => /^(?:[^\\:]|\\.)*:/s.test(key);

export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '–';
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}

/** What a value is of: a device has a page, any other row its table and key. */
export function EntityName({ entity }: { entity: ExtraEntity | null | undefined }) {
  if (!entity) return <span className="text-ink-3">just removed</span>;
  if (entity.kind === 'device') {
    return (
      <Link to={paths.device} params={{ id: entity.id }} className="link-inline">
        {entity.name ?? entity.key}
      </Link>
    );
  }
  if (entity.kind === 'site') {
    return (
      <Link to={paths.devices} search={{ site_id: entity.id }} className="link-inline">
        {entity.name ?? entity.key}
      </Link>
    );
  }
  return (
    <span>
      <span className="font-mono text-meta">{entity.table ?? 'no table'}</span>{' '}
      <span className="font-mono text-meta text-ink-3">{entity.key}</span>
    </span>
  );
}

export function Value({ value, type }: { value: unknown; type: ExtraType }) {
  return (
    <span className={cx('break-words', type === 'text' && 'whitespace-pre-wrap')}>
      {valueText(value)}
    </span>
  );
}
