import type { ReactNode } from 'react';
import { Button, type ButtonKind } from './Button';
import { Dialog } from './Dialog';
import { Failed } from './Feedback';

/** Asks before something is done that is not easily undone, or that needs a few words more. */
export function Confirm({
  title,
  children,
  act,
  label,
  busyLabel,
  kind = 'danger',
  back = kind === 'danger' ? 'Keep it' : 'Back',
  task,
  ready = true,
  wide = false,
  onClose,
}: {
  title: string;
  children: ReactNode;
  act: () => void;
  /** The verb; and the same while it is done: "Cancel", "Canceling…". */
  label: string;
  busyLabel: string;
  kind?: ButtonKind;
  /** The way out that changes nothing. */
  back?: string;
  task: { isPending: boolean; error: unknown };
  ready?: boolean;
  wide?: boolean;
  onClose: () => void;
}) {
  const idle = ready && !task.isPending;
  return (
    <Dialog title={title} onClose={onClose} className={wide ? 'max-w-[44rem]' : 'max-w-[30rem]'}>
      <form
        className="px-4 pb-4"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (idle) act();
        }}
      >
        {children}
        {task.error ? <Failed error={task.error} /> : null}
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>{back}</Button>
          <Button type="submit" kind={kind} aria-disabled={!idle}>
            {task.isPending ? busyLabel : label}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
