import type { ComponentProps } from 'react';
import { cx } from './cx';

/** Scrolls sideways within itself, never the page. */
export function Table({
  className,
  caption,
  ...rest
}: ComponentProps<'table'> & { caption: string }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms, a section would be a landmark
    <div
      role="group"
      aria-label={caption}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      className="overflow-x-auto focus-visible:outline-offset-[-2px]"
    >
      <table className={cx('w-full border-collapse text-body', className)} {...rest} />
    </div>
  );
}

export function Th({ className, ...rest }: ComponentProps<'th'>) {
  return (
    <th
      scope="col"
      className={cx('h-8 px-3 text-meta whitespace-nowrap text-ink-3', className)}
      {...rest}
    />
  );
}

/** `flush` leaves no room above and below, for cells with a button of the row's height. */
export function Td({
  className,
  flush = false,
  ...rest
}: ComponentProps<'td'> & { flush?: boolean }) {
  return <td className={cx('h-8 px-3', flush ? 'py-0' : 'py-1', className)} {...rest} />;
}

export const rowClass = 'border-t border-line-weak';
