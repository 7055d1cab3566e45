import { type ComponentProps, type Ref, useId } from 'react';
import { cx } from './cx';

/**
 * A field for JSON with the numbers of its lines. It grows with its text and scrolls as a whole, so
 * that the numbers stand beside their lines. Tab leaves it.
 */
export function CodeArea({
  label,
  value,
  onChange,
  error,
  hint,
  marked,
  minLines = 6,
  tall = false,
  area,
  ...rest
}: Omit<ComponentProps<'textarea'>, 'value' | 'onChange' | 'ref'> & {
  label: string;
  value: string;
  onChange: (text: string) => void;
  error?: string | undefined;
  hint?: string | undefined;
  /** Lines with something wrong, from 1. */
  marked?: ReadonlySet<number>;
  minLines?: number;
  /** As high as the page has room for, not as a field. */
  tall?: boolean;
  area?: Ref<HTMLTextAreaElement>;
}) {
  const id = useId();
  const lines = value.split('\n').length;
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-body font-medium">
        {label}
      </label>
      <div
        className={cx(
          'overflow-auto rounded-panel border bg-raised has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent',
          error ? 'border-critical' : 'border-line-strong',
          tall ? 'max-h-[max(24rem,calc(100dvh-20rem))]' : 'max-h-80',
        )}
      >
        <div className="flex w-max min-w-full font-mono text-meta">
          <div
            aria-hidden
            className="sticky left-0 z-1 border-r border-line-weak bg-surface py-2 pr-2 pl-3 text-right text-ink-3 select-none max-lg:leading-5"
          >
            {Array.from({ length: Math.max(lines, minLines) }, (_, index) => (
              <div
                // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
                key={index}
                className={cx(marked?.has(index + 1) && 'font-semibold text-critical')}
              >
                {index < lines ? index + 1 : '\u00a0'}
              </div>
            ))}
          </div>
          <textarea
            id={id}
            ref={area}
            value={value}
            onChange={(event) => onChange(event.target.value)}
            rows={Math.max(lines, minLines)}
            wrap="off"
            spellCheck={false}
            autoCapitalize="off"
            autoCorrect="off"
            aria-invalid={error ? true : undefined}
            aria-describedby={`${id}-note`}
            className="field-sizing-content min-h-full flex-1 resize-none overflow-hidden bg-transparent py-2 pr-4 pl-2 whitespace-pre text-ink outline-none max-lg:text-[1rem] max-lg:leading-5"
            {...rest}
          />
        </div>
      </div>
      <p
        id={`${id}-note`}
        className={cx('min-h-6 pt-1.5 text-meta', error ? 'text-critical' : 'text-ink-3')}
      >
        {error ?? hint}
      </p>
    </div>
  );
}
