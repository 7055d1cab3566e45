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

const strong = 'var(--line-strong)';
const stripes = (angle: number, lineWidth: number, pitch: number, ground = 'var(--surface)') =>
  `repeating-linear-gradient(${angle}deg, ${strong} 0 ${lineWidth}px, ${ground} ${lineWidth}px ${pitch}px)`;
const dots = (radius: number, pitch: number) =>
  `radial-gradient(circle, var(--ink-2) ${radius}px, transparent ${radius + 0.5}px) 0 0 / ${pitch}px ${pitch}px`;
const darker = 'color-mix(in srgb, var(--critical) 70%, var(--ink))';

/**
 * Pattern before colour: one kind alone is red, and each can be told without any. States of one
 * kind stand side by side, so each has a pattern of its own in the manner of its kind.
 */
const patterns: Record<Kind, readonly [string, ...string[]]> = {
  running: [strong, stripes(90, 8, 10), stripes(0, 6, 8)],
  waiting: [
    stripes(135, 2, 6),
    stripes(45, 1.5, 10),
    `repeating-linear-gradient(45deg, ${strong} 0 1px, transparent 1px 7px), ${stripes(135, 1, 7)}`,
    stripes(135, 5, 9),
  ],
  changeover: [
    `${dots(1.25, 6)}, var(--sunken)`,
    `${dots(2.5, 12)}, var(--surface)`,
    `${dots(1, 4)}, var(--surface)`,
    `${dots(1.5, 8)}, ${stripes(0, 1, 8)}`,
    `${dots(1.5, 8)}, ${stripes(90, 1, 8)}`,
  ],
  stopped: [
    'var(--critical)',
    `repeating-linear-gradient(135deg, ${darker} 0 3px, var(--critical) 3px 9px)`,
    `repeating-linear-gradient(90deg, ${darker} 0 3px, var(--critical) 3px 9px)`,
  ],
  off: [stripes(0, 1, 6), stripes(0, 1, 3), stripes(0, 2, 12)],
  other: [
    stripes(90, 1, 5, 'var(--sunken)'),
    stripes(90, 1, 10, 'var(--sunken)'),
    stripes(90, 2, 4, 'var(--sunken)'),
  ],
};

/** How states that are seen together are filled; of more than a kind has patterns, some share one. */
export function fillsOf(states: Iterable<string | null>): ReadonlyMap<string | null, string> {
  const fills = new Map<string | null, string>();
  const taken = new Map<Kind, number>();
  for (const state of [...new Set(states)].sort((a, b) => (a ?? '').localeCompare(b ?? ''))) {
    const kind = kindOf(state);
    const before = taken.get(kind) ?? 0;
    const own = patterns[kind];
    fills.set(state, own[before % own.length] ?? own[0]);
    taken.set(kind, before + 1);
  }
  return fills;
}

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
