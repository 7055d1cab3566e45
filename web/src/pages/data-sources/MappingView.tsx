import type { ReactNode } from 'react';
import { words } from '../../ui/format';
import { unitBeside } from '../../ui/MetricName';

type Mapping = Record<string, unknown>;
type Reference = { columns?: string[]; kind?: string; table?: string | null };
type Value = { column?: string; name?: string; unit?: string };

const text = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const strings = (value: unknown): string[] =>
  list(value).filter((each): each is string => typeof each === 'string');

/** Which columns became what, and why: one sentence a decision. */
export function MappingView({ mapping: stored }: { mapping: unknown }) {
  const mapping: Mapping = typeof stored === 'object' && stored !== null ? (stored as Mapping) : {};
  const reference = (value: unknown): ReactNode => {
    const { columns = [], table } = (value ?? {}) as Reference;
    if (columns.length === 0) return null;
    return (
      <>
        <Columns names={columns} />
        {table && (
          <>
            , to <Columns names={[table]} />
          </>
        )}
      </>
    );
  };
  const values = list(mapping.values) as Value[];
  const session = (mapping.session ?? {}) as Record<string, unknown>;
  const column = (value: unknown): ReactNode =>
    text(value) && <Columns names={[text(value) ?? '']} />;
  const rows: [string, ReactNode][] = [
    ['Identified by', strings(mapping.id).length > 0 && <Columns names={strings(mapping.id)} />],
    ['Name', column(mapping.name)],
    ['Belongs to', reference(mapping.parent)],
    ['Site', reference(mapping.site)],
    ['Time', column(mapping.time)],
    ['Began', column(session.start)],
    ['Ended', column(session.end)],
    ['State', column(session.state)],
    ['Reason', column(session.reason)],
    ['Metric named by', column(mapping.metric)],
    ['Value', column(mapping.value)],
    [
      'Metrics',
      values.length > 0 &&
        values.map((value) => (
          <span key={value.column} className="mr-3 inline-block">
            <Columns names={[value.column ?? '']} /> {value.name}
            {unitBeside(value.name ?? '', value.unit) && (
              <span className="text-ink-3"> {value.unit}</span>
            )}
          </span>
        )),
    ],
    [
      'Attributes',
      strings(mapping.extras).length > 0 && <Columns names={strings(mapping.extras)} />,
    ],
  ];
  const reasons = strings(mapping.reasons);
  return (
    <div className="grid gap-x-8 gap-y-3 lg:grid-cols-2">
      <dl className="space-y-1">
        {rows
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name} className="flex gap-3">
              <dt className="w-32 shrink-0 text-ink-3">{name}</dt>
              <dd className="min-w-0 break-words">{value}</dd>
            </div>
          ))}
        {text(mapping.origin) && (
          <div className="flex gap-3">
            <dt className="w-32 shrink-0 text-ink-3">Found by</dt>
            <dd>
              {mapping.origin === 'inferred'
                ? 'Inference from names, types and keys'
                : words(String(mapping.origin))}
            </dd>
          </div>
        )}
      </dl>
      {reasons.length > 0 && (
        <div>
          <p className="text-ink-3">Why</p>
          <ul className="list-disc space-y-0.5 pl-4">
            {reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

function Columns({ names }: { names: readonly string[] }) {
  return names.map((name, index) => (
    <span key={name}>
      {index > 0 && ', '}
      <span className="font-mono text-meta">{name}</span>
    </span>
  ));
}
