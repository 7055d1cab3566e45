import type { FormEventHandler, ReactNode } from 'react';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { FormError } from './FormError';

/** Fields in a dialog, with why they were refused as a whole, and the ways back and on. */
export function FormDialog({
  title,
  label,
  busyLabel,
  busy,
  refused,
  onSubmit,
  onClose,
  children,
}: {
  title: string;
  /** The verb; and the same while it is done: "Save", "Saving…". */
  label: string;
  busyLabel: string;
  busy: boolean;
  refused: string | null;
  onSubmit: FormEventHandler;
  onClose: () => void;
  children: ReactNode;
}) {
  return (
    <Dialog title={title} onClose={onClose} className="max-w-[30rem]">
      <form onSubmit={onSubmit} noValidate autoComplete="off" className="space-y-2 px-4 pb-4">
        {children}
        <FormError message={refused} />
        <div className="mt-2 flex justify-end gap-2">
          <Button onClick={onClose}>Back</Button>
          <Button type="submit" kind="primary" aria-disabled={busy}>
            {busy ? busyLabel : label}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
