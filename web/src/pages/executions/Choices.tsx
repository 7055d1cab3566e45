import { useId } from 'react';
import { cx } from '../../ui/cx';

/** One of a few that need a sentence each, as radio buttons. */
export function Choices<T extends string>({
  legend,
  choices,
  value,
  onChange,
}: {
  legend: string;
  choices: readonly { value: T; label: string; means: string }[];
  value: T | null;
  onChange: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset className="pb-3">
      <legend className="mb-1 text-body font-medium">{legend}</legend>
      <div className="overflow-hidden rounded-panel border border-line">
        {choices.map((choice) => (
          <label
            key={choice.value}
            className={cx(
              'flex cursor-pointer items-start gap-3 border-t border-line-weak px-3 py-2 first:border-t-0 max-lg:min-h-11',
              'has-focus-visible:outline-2 has-focus-visible:outline-offset-[-2px] has-focus-visible:outline-accent',
              choice.value === value ? 'bg-accent-wash' : 'hover:bg-sunken/50',
            )}
          >
            <input
              type="radio"
              name={name}
              value={choice.value}
              checked={choice.value === value}
              onChange={() => onChange(choice.value)}
              className="mt-[3px] size-3.5 shrink-0 accent-accent outline-none"
            />
            <span>
              <span className="block font-medium">{choice.label}</span>
              <span className="block text-ink-2">{choice.means}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
