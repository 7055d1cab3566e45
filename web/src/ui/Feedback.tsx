import { CircleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { explain } from '../api/problem';
import { Button } from './Button';
import { cx } from './cx';

/** What this is, and the next step. */
export function Empty({
  title,
  children,
  actions,
  icon,
}: {
  title: string;
  children: ReactNode;
  actions?: ReactNode;
  icon?: ReactNode;
}) {
  return (
    <div className="max-w-[30rem] p-6 max-lg:p-4">
      {icon && <div className="mb-3 text-ink-3 [&_svg]:size-5">{icon}</div>}
      <h2 className="text-section font-semibold">{title}</h2>
      <div className="mt-1 text-prose text-ink-2">{children}</div>
      {actions && <div className="mt-4 flex flex-wrap gap-2">{actions}</div>}
    </div>
  );
}

/** A part that could not be loaded, with the way on. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const { what, remedy } = explain(error);
  return (
    <div role="alert" className="flex max-w-[40rem] items-start gap-3 p-4">
      <CircleAlert
        aria-hidden
        className="mt-0.5 size-4 shrink-0 text-critical"
        strokeWidth={1.75}
      />
      <div>
        <p className="font-medium">{what}</p>
        {remedy && <p className="text-ink-2">{remedy}</p>}
        {retry && (
          <Button className="mt-3" onClick={retry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}

export function Skeleton({ className }: { className?: string }) {
  return <div className={cx('skeleton', className)} />;
}

/** Stands for a layout that is loading; the words are for screen readers. */
export function Loading({ what, children }: { what: string; children: ReactNode }) {
  return (
    <div aria-busy="true">
      <span className="sr-only" role="status">
        Loading {what}
      </span>
      <div aria-hidden="true" className="skeleton-delay">
        {children}
      </div>
    </div>
  );
}

export function TableSkeleton({ rows = 6, what }: { rows?: number; what: string }) {
  return (
    <Loading what={what}>
      <div className="space-y-4 p-3">
        {Array.from({ length: rows }, (_, row) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the rows are alike and never move
          <div key={row} className="flex gap-3">
            <Skeleton className="h-4 w-20" />
            <Skeleton className="h-4 flex-1" />
            <Skeleton className="h-4 w-24" />
          </div>
        ))}
      </div>
    </Loading>
  );
}

/** A line above a page's content about something that is under way, or not as it should be. */
export function Notice({
  tone = 'medium',
  icon,
  children,
  action,
}: {
  tone?: 'neutral' | 'medium' | 'critical' | 'ok';
  icon?: ReactNode;
  children: ReactNode;
  action?: ReactNode;
}) {
  const tones = {
    neutral: 'border-line bg-surface [&_svg]:text-ink-3',
    medium: 'border-medium/40 bg-medium-wash [&_svg]:text-medium',
    critical: 'border-critical/40 bg-critical-wash [&_svg]:text-critical',
    ok: 'border-ok/40 bg-ok-wash [&_svg]:text-ok',
  };
  return (
    <div
      className={cx(
        'mb-3 flex flex-wrap items-center gap-x-3 gap-y-2 rounded-panel border px-3 py-1.5 text-body text-ink [&_svg]:size-4 [&_svg]:shrink-0',
        tones[tone],
      )}
    >
      {icon}
      <div className="min-w-0 flex-1 basis-48">{children}</div>
      {action}
    </div>
  );
}
