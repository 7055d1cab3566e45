import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { cx } from './cx';

export type ButtonKind = 'primary' | 'secondary' | 'ghost' | 'danger';

const kinds: Record<ButtonKind, string> = {
  primary: 'bg-ink text-canvas border-ink hover:opacity-90',
  secondary: 'bg-raised text-ink border-line hover:border-line-strong',
  ghost: 'bg-transparent text-ink-2 border-transparent hover:bg-sunken hover:text-ink',
  danger: 'bg-critical text-canvas border-critical hover:opacity-90',
};

/** The look of a button, for links that act as one. */
export const buttonClass = (kind: ButtonKind = 'secondary'): string =>
  cx(
    'inline-flex h-8 shrink-0 items-center justify-center gap-2 rounded-panel border px-3 text-body font-medium whitespace-nowrap select-none max-lg:h-11 max-lg:px-4 disabled:opacity-60 aria-disabled:opacity-60',
    kinds[kind],
  );

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { kind?: ButtonKind };

/** One that is aria-disabled keeps the focus and does nothing, so that a double click asks once. */
export function Button({ kind = 'secondary', className, type, onClick, ...rest }: ButtonProps) {
  const disabled = rest['aria-disabled'] === true || rest['aria-disabled'] === 'true';
  return (
    <button
      type={type ?? 'button'}
      className={cx(buttonClass(kind), className)}
      onClick={disabled ? (event) => event.preventDefault() : onClick}
      {...rest}
    />
  );
}

type IconButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'aria-label'> & {
  label: string;
  children: ReactNode;
};

/** A square button whose name is its label. */
export function IconButton({ label, className, children, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={cx(
        'inline-flex size-7 shrink-0 items-center justify-center rounded-panel text-ink-3 hover:bg-sunken hover:text-ink max-lg:size-11 aria-pressed:text-ink',
        className,
      )}
      {...rest}
    >
      {children}
    </button>
  );
}
