import type { ComponentProps } from 'react';
import { cx } from './cx';

/** Scrolls sideways within itself, never the page. */
export function Table({
  className,
  caption,
  ...rest
}: ComponentProps<'table'> & { caption: string }) {
  return (
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

export function Td({ className, ...rest }: ComponentProps<'td'>) {
  return <td className={cx('h-8 px-3 py-1', className)} {...rest} />;
}

export const rowClass = 'border-t border-line-weak';
