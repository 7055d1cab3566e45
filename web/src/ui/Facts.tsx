import type { ReactNode } from 'react';

/** Names and what they are, a line each. */
export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="pb-1">
      {facts.map(([name, value]) => (
        <div
          key={name}
          className="flex min-h-8 items-baseline gap-3 border-t border-line-weak px-3 py-1.5"
        >
          <dt className="w-28 shrink-0 text-ink-3">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Code({ children }: { children: ReactNode }) {
  return <span className="font-mono text-meta break-all">{children}</span>;
}
