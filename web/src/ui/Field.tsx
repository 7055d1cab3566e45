import { type ComponentProps, type ReactNode, useId } from 'react';
import { cx } from './cx';

export const controlClass =
  'h-8 w-full min-w-0 rounded-panel border border-line-strong bg-raised px-2.5 text-body text-ink placeholder:text-ink-3 max-lg:h-11 max-lg:text-[1rem] aria-invalid:border-critical disabled:opacity-60';

/** A select draws its own arrow, the same in every browser. */
export const selectClass = `${controlClass} select-arrow appearance-none pr-8`;

type Shared = {
  label: string;
  /** Says what to do; its room is always there, so that nothing jumps. */
  error?: string | undefined;
  hint?: ReactNode;
};

function Frame({ id, label, error, hint, children }: Shared & { id: string; children: ReactNode }) {
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-body font-medium">
        {label}
      </label>
      {children}
      <p
        id={`${id}-note`}
        className={cx('min-h-6 pt-1.5 text-meta', error ? 'text-critical' : 'text-ink-3')}
      >
        {error ?? hint}
      </p>
    </div>
  );
}

export function TextField({ label, error, hint, ...input }: Shared & ComponentProps<'input'>) {
  const id = useId();
  return (
    <Frame id={id} label={label} error={error} hint={hint}>
      <input
        id={id}
        className={controlClass}
        aria-invalid={error ? true : undefined}
        aria-describedby={`${id}-note`}
        {...input}
      />
    </Frame>
  );
}

export function SelectField({
  label,
  error,
  hint,
  children,
  ...select
}: Shared & ComponentProps<'select'>) {
  const id = useId();
  return (
    <Frame id={id} label={label} error={error} hint={hint}>
      <select
        id={id}
        className={selectClass}
        aria-invalid={error ? true : undefined}
        aria-describedby={`${id}-note`}
        {...select}
      >
        {children}
      </select>
    </Frame>
  );
}

/** A few lines of text. */
export function NoteField({ label, error, hint, ...area }: Shared & ComponentProps<'textarea'>) {
  const id = useId();
  return (
    <Frame id={id} label={label} error={error} hint={hint}>
      <textarea
        id={id}
        rows={2}
        className={`${controlClass} h-auto py-1.5 max-lg:h-auto`}
        aria-invalid={error ? true : undefined}
        aria-describedby={`${id}-note`}
        {...area}
      />
    </Frame>
  );
}
