/** A figure is stale when five of its usual intervals passed without a reading. */
export const staleAfter = (usualIntervalS: number): number => 5 * usualIntervalS;
