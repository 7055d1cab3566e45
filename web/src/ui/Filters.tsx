import { useQuery } from '@tanstack/react-query';
import { ChevronRight } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { sourcesQuery } from '../api/queries';
import { Button } from './Button';
import { controlClass, selectClass } from './Field';
import { isRemoved } from './Status';
import { useWide } from './useWide';

/** On a phone filters would hide what they filter. */
export function FoldedFilters({ count, children }: { count: number; children: ReactNode }) {
  const wide = useWide();
  if (wide) return children;
  return (
    <details className="group mb-3 rounded-panel border border-line bg-surface">
      <summary className="flex min-h-11 items-center gap-2 px-3 font-medium [&::-webkit-details-marker]:hidden">
        <ChevronRight
          aria-hidden
          className="size-4 text-ink-3 group-open:rotate-90"
          strokeWidth={1.75}
        />
        Filters
        {count > 0 && <span className="font-normal text-ink-3">{count} set</span>}
      </summary>
      <div className="px-3">{children}</div>
    </details>
  );
}

/** A field's text, without blanks around it; undefined where there is none. */
export type Values = (name: string) => string | undefined;

/**
 * The fields above a list. What is typed counts once it is applied, and is kept if `apply` finds
 * something wrong with it.
 */
export function FilterForm({
  columns,
  apply,
  applyLabel = 'Apply filters',
  clear,
  error,
  errorId,
  children,
}: {
  /** The widths of the fields and of the buttons, as a class. */
  columns: string;
  apply: (value: Values) => void;
  applyLabel?: string;
  /** The way back to no filter, where one is set. */
  clear?: ReactNode;
  error?: string | null;
  errorId?: string;
  children: ReactNode;
}) {
  const submit = (event: React.FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    apply((name) => String(form.get(name) ?? '').trim() || undefined);
  };
  return (
    <form onSubmit={submit} className="mb-3">
      <div className={`grid items-end gap-2 sm:grid-cols-2 ${columns}`}>
        {children}
        <div className="flex gap-2">
          <Button type="submit">{applyLabel}</Button>
          {clear}
        </div>
      </div>
      {error && (
        <p id={errorId} role="alert" className="pt-1 text-meta text-critical">
          {error}
        </p>
      )}
    </form>
  );
}

export function Labelled({
  label,
  id,
  children,
}: {
  label: string;
  id: string;
  children: ReactNode;
}) {
  return (
    <div className="min-w-0">
      <label className="mb-1 block text-meta text-ink-2" htmlFor={id}>
        {label}
      </label>
      {children}
    </div>
  );
}

export function SourceFilter({ value }: { value: string | undefined }) {
  const sources = useQuery({ ...sourcesQuery, refetchInterval: false });
  const id = useId();
  return (
    <Labelled label="Source" id={id}>
      <select
        id={id}
        name="source_id"
        defaultValue={value ?? ''}
        key={sources.data ? 'known' : 'loading'}
        className={selectClass}
      >
        <option value="">All sources</option>
        {sources.data?.data.map((source) => (
          <option key={source.id} value={source.id}>
            {source.name}
            {isRemoved(source) && ' (removed)'}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

export function TableFilter({ value }: { value: string | undefined }) {
  const id = useId();
  return (
    <Labelled label="Table" id={id}>
      <input
        id={id}
        name="table"
        defaultValue={value}
        maxLength={200}
        placeholder="schema.table"
        className={`${controlClass} font-mono`}
      />
    </Labelled>
  );
}

/** One of some words; all of them where none is chosen. */
export function ChoiceFilter({
  label,
  name,
  value,
  choices,
}: {
  label: string;
  name: string;
  value: string | undefined;
  choices: readonly (readonly [key: string, word: string])[];
}) {
  const id = useId();
  return (
    <Labelled label={label} id={id}>
      <select id={id} name={name} defaultValue={value ?? ''} className={selectClass}>
        <option value="">All</option>
        {choices.map(([key, word]) => (
          <option key={key} value={key}>
            {word}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

type Span = { from?: string | undefined; to?: string | undefined };

/** Both ends of a span of time, read as instants; null where the end is not after the start. */
export function spanOf(value: Values): Span | null {
  const from = fromLocal(value('from'));
  const to = fromLocal(value('to'));
  return from && to && from >= to ? null : { from, to };
}

export const spanFault = 'Choose an end after the start.';

/** The fields of `spanOf`. */
export function SpanFilter({
  span,
  faultId,
}: {
  span: Span;
  /** Of the element that says what is wrong with them, if something is. */
  faultId: string | undefined;
}) {
  const id = useId();
  return (['from', 'to'] as const).map((end) => (
    <Labelled key={end} label={end === 'from' ? 'From' : 'To'} id={`${id}-${end}`}>
      <input
        id={`${id}-${end}`}
        name={end}
        type="datetime-local"
        step={1}
        defaultValue={toLocal(span[end])}
        aria-invalid={faultId ? true : undefined}
        aria-describedby={faultId}
        className={controlClass}
      />
    </Labelled>
  ));
}

/** What sources are called, by id. */
export function useSourceName(): (id: string) => string {
  const { data } = useQuery({ ...sourcesQuery, refetchInterval: false });
  return (id) => data?.data.find((source) => source.id === id)?.name ?? 'Unknown source';
}

/** A local date and time, as the browser's field has it, from an instant and back. */
export const toLocal = (iso: string | undefined): string => {
  const ms = iso ? Date.parse(iso) : Number.NaN;
  if (Number.isNaN(ms)) return '';
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
};
export const fromLocal = (local: string | undefined): string | undefined => {
  const ms = local ? Date.parse(local) : Number.NaN;
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
};
