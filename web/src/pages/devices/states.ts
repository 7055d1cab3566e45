/** What states of machines have in common, however a customer calls them. */
export type Kind = 'running' | 'waiting' | 'changeover' | 'stopped' | 'off' | 'other';

/** The first that a state has a word of. What says that it failed, or does not run, comes before what says that it runs. */
const wordsOf: [Kind, RegExp][] = [
  [
    'stopped',
    /stop|halt|\bdown|shutdown|fault|fail|error|alarm|outage|breakdown|standstill|stillstand|interrupt|emergency|tripped|abnormal|inoperat|\b(not|non|un|out.of).?(run|operat|work|execut)|stör/,
  ],
  ['changeover', /change|set.?up|clean|maint|service|repair|adjust|warm|rüst/],
  [
    'waiting',
    /wait|idle|stand.?by|pause|break|starv|block|ready|hold|wart|(in|de)activ|\b(not?|non|un).?(run|produc|operat|activ|execut|work)/,
  ],
  ['off', /(^|[^a-z])off($|[^a-z])|ausgeschaltet/],
  ['running', /run|produc|auto|operat|active|execut|work|normal|\bon\b|läuft/],
];

export function kindOf(state: string | null): Kind {
  const text = state?.toLowerCase() ?? '';
  return wordsOf.find(([, words]) => words.test(text))?.[0] ?? 'other';
}

/** Pattern before colour: one of them alone is red, and each can be told without any. */
export const fills: Record<Kind, string> = {
  running: 'var(--line-strong)',
  waiting: 'repeating-linear-gradient(135deg, var(--line-strong) 0 2px, var(--surface) 2px 6px)',
  changeover:
    'radial-gradient(circle, var(--ink-2) 1.25px, transparent 1.75px) 0 0 / 6px 6px, var(--sunken)',
  stopped: 'var(--critical)',
  off: 'repeating-linear-gradient(0deg, var(--line-strong) 0 1px, var(--surface) 1px 6px)',
  other: 'repeating-linear-gradient(90deg, var(--line-strong) 0 1px, var(--sunken) 1px 5px)',
};

/** "50 s", "35 min", "1 h 05 min", "2 d 3 h". */
export function lasted(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
