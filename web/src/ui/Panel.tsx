import { type HTMLAttributes, type ReactNode, useId } from 'react';
import { cx } from './cx';

type PanelProps = Omit<HTMLAttributes<HTMLElement>, 'title'> & {
  title?: ReactNode;
  /** At the right of the title: the age of the data, actions. */
  aside?: ReactNode;
  level?: 2 | 3;
};

/** A part of a page: a hairline, no shadow. */
export function Panel({ title, aside, level = 2, className, children, ...rest }: PanelProps) {
  const id = useId();
  const Heading = `h${level}` as const;
  return (
    <section
      aria-labelledby={title ? id : undefined}
      className={cx('min-w-0 rounded-panel border border-line bg-surface', className)}
      {...rest}
    >
      {title && (
        <header className="flex min-h-10 items-center gap-2 px-3 pt-1">
          <Heading id={id} className="min-w-0 truncate text-body font-medium">
            {title}
          </Heading>
          {aside && (
            <div className="ml-auto flex shrink-0 items-center gap-2 text-meta text-ink-3">
              {aside}
            </div>
          )}
        </header>
      )}
      {children}
    </section>
  );
}

/** A page's own heading, its state in a line, its one primary action. */
export function PageHeader({
  title,
  status,
  children,
}: {
  title: ReactNode;
  status?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <div
      className={cx(
        'flex flex-wrap justify-between gap-x-4 gap-y-3 pb-3',
        status ? 'items-end' : 'items-start',
      )}
    >
      <div className="min-w-0">
        <h1 tabIndex={-1} className="text-title font-semibold tracking-[-0.01em] outline-none">
          {title}
        </h1>
        {status && (
          <div className="mt-1 flex flex-wrap items-center gap-x-4 gap-y-1 text-body text-ink-3">
            {status}
          </div>
        )}
      </div>
      {children && (
        <div className="flex flex-wrap items-center gap-2 max-lg:has-[fieldset]:w-full">
          {children}
        </div>
      )}
    </div>
  );
}
