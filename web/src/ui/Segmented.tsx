import { useId } from 'react';
import { cx } from './cx';

/** One of a few, as radio buttons: arrows move, one tab stop. */
export function Segmented<T extends string>({
  label,
  options,
  value,
  onChange,
}: {
  label: string;
  options: readonly { value: T; label: string }[];
  value: T;
  onChange: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset className="flex rounded-panel border border-line bg-surface p-[3px] max-lg:w-full">
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <label
          key={option.value}
          className={cx(
            'flex h-[26px] min-w-11 cursor-pointer items-center justify-center rounded-inner px-2.5 text-body whitespace-nowrap max-lg:h-11 max-lg:flex-1',
            'has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent',
            option.value === value ? 'bg-ink font-medium text-canvas' : 'text-ink-2 hover:text-ink',
          )}
        >
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
            className="sr-only"
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
