import { ChevronRight } from 'lucide-react';
import { Fragment, type ReactNode, useId, useState } from 'react';
import { cx } from './cx';
import { rowClass, Td } from './Table';

function Chevron({ open }: { open: boolean }) {
  return (
    <ChevronRight
      aria-hidden
      className={cx('size-4 shrink-0 text-ink-3', open && 'rotate-90')}
      strokeWidth={1.75}
    />
  );
}

/** A row of a table whose first cell opens its detail as a row below. */
export function ExpandableRow({
  label,
  columns,
  detail,
  children,
}: {
  /** What opens, for those who do not see the row. */
  label: string;
  /** Cells of a row, with the one that opens it. */
  columns: number;
  detail: ReactNode;
  children: ReactNode;
}) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <Fragment>
      <tr className={cx(rowClass, open ? 'bg-sunken/50' : 'hover:bg-sunken/50')}>
        <Td flush className="pr-0">
          <button
            type="button"
            aria-expanded={open}
            aria-controls={open ? id : undefined}
            aria-label={label}
            onClick={() => setOpen(!open)}
            className="flex size-6 items-center justify-center rounded-inner hover:bg-sunken max-lg:size-11"
          >
            <Chevron open={open} />
          </button>
        </Td>
        {children}
      </tr>
      {open && (
        <tr id={id} className="bg-sunken/50">
          <td colSpan={columns} className="px-3 pb-3 pl-11 max-lg:pl-3">
            {detail}
          </td>
        </tr>
      )}
    </Fragment>
  );
}

/** An item of a list that opens its detail below on touch. */
export function ExpandableItem({ detail, children }: { detail: ReactNode; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <li className={cx('border-t border-line-weak', open && 'bg-sunken/50')}>
      <button
        type="button"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
        className="flex min-h-8 w-full items-center gap-2 px-3 py-1.5 text-left hover:bg-sunken/50 focus-visible:outline-offset-[-2px] max-lg:min-h-11 max-lg:py-2.5"
      >
        <Chevron open={open} />
        <span className="min-w-0 flex-1">{children}</span>
      </button>
      {open && (
        <div id={id} className="px-3 pb-3 pl-9 max-lg:pl-3">
          {detail}
        </div>
      )}
    </li>
  );
}
