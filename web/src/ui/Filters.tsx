import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { useWide } from './useWide';

/** On a phone filters would hide what they filter. */
export function FoldedFilters({ count, children }: { count: number; children: ReactNode }) {
  const wide = useWide();
  if (wide) return children;
  return (
    <details className="group mb-3 rounded-panel border border-line bg-surface">
      <summary className="flex min-h-11 items-center gap-2 px-3 font-medium [&::-webkit-details-marker]:hidden">
        <ChevronRight
          aria-hidden
          className="size-4 text-ink-3 group-open:rotate-90"
          strokeWidth={1.75}
        />
        Filters
        {count > 0 && <span className="font-normal text-ink-3">{count} set</span>}
      </summary>
      <div className="px-3">{children}</div>
    </details>
  );
}
