import type { Extra } from '../../api/types';

const columns = [
  'entity_kind',
  'entity_table',
  'entity_key',
  'entity_name',
  'key',
  'type',
  'value',
];

/** What a spreadsheet would run as a formula is written as a text. */
const unarmed = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

const cell = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** Extras as a table of RFC 4180: every cell quoted, numbers as they are. */
export function extrasCsv(extras: readonly Extra[]): string {
  const lines = extras.map(({ entity, key, type, value }) =>
    [
      entity?.kind ?? '',
      unarmed(entity?.table ?? ''),
      unarmed(entity?.key ?? ''),
      unarmed(entity?.name ?? ''),
      unarmed(key),
      type,
      type === 'text' ? unarmed(String(value)) : String(value),
    ]
      .map(cell)
      .join(','),
  );
  return `${[columns.join(','), ...lines].join('\r\n')}\r\n`;
}

/** Hands a text to the person as a file. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([`\ufeff${text}`], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
