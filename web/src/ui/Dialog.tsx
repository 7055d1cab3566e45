import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { IconButton } from './Button';
import { cx } from './cx';

type DialogProps = {
  title: string;
  /** The palette names itself in its field, so its title is only read out. */
  bare?: boolean;
  onClose: () => void;
  className?: string;
  children: ReactNode;
};

/**
 * A modal dialog on the browser's own: focus stays inside, Escape closes, what is behind is inert.
 * Focus goes back to what opened it. Mount it to open it; what
 * carries `data-autofocus` is focused first, else the close button.
 */
export function Dialog({ title, bare = false, onClose, className, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();

  useEffect(() => {
    const opener = document.activeElement;
    const element = dialog.current;
    element?.showModal();
    element?.querySelector<HTMLElement>('[data-autofocus]')?.focus();
    return () => {
      element?.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the keyboard's way to close
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
      className={cx(
        'm-auto max-h-[calc(100dvh-2rem)] w-[calc(100vw-1.5rem)] overflow-auto rounded-dialog border border-line bg-raised p-0 text-ink shadow-overlay',
        className ?? 'max-w-[32rem]',
      )}
    >
      {bare ? (
        <h2 id={id} className="sr-only">
          {title}
        </h2>
      ) : (
        <header className="sticky top-0 z-1 flex items-center justify-between gap-3 bg-raised py-2 pr-2 pl-4">
          <h2 id={id} className="text-section font-semibold">
            {title}
          </h2>
          <IconButton label="Close" onClick={onClose}>
            <X aria-hidden className="size-4" />
          </IconButton>
        </header>
      )}
      {children}
    </dialog>
  );
}
