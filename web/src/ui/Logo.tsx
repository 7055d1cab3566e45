export function Logo({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={className}>
      <rect width="32" height="32" rx="6" fill="var(--ink)" />
      <path
        d="M7 11h11M7 16h18M14 21h11"
        stroke="var(--canvas)"
        strokeWidth="2.5"
        strokeLinecap="round"
      />
    </svg>
  );
}
