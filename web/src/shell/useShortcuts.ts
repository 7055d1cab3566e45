import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { allItems } from './nav';

const sequenceMs = 1200;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Ctrl/Cmd+K anywhere; single keys only outside fields and dialogs. */
export function useShortcuts(open: (what: 'palette' | 'shortcuts') => void): void {
  const navigate = useNavigate();
  useEffect(() => {
    let goAt = 0;
    const onKeyDown = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        open('palette');
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector('dialog[open]')) return;
      if (event.key === '?') {
        event.preventDefault();
        open('shortcuts');
      } else if (event.key === '/') {
        event.preventDefault();
        open('palette');
      } else if (event.key === 'g') {
        goAt = event.timeStamp;
      } else if (goAt && event.timeStamp - goAt < sequenceMs) {
        goAt = 0;
        const item = allItems.find((each) => each.key === event.key);
        if (item) {
          event.preventDefault();
          void navigate({ to: item.to });
        }
      }
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [navigate, open]);
}
