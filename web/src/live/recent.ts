import type { LiveItem } from './messages';

/** The last seconds of live readings, for answers that were under way when they arrived. */
const keepMs = 10_000;
const limit = 5_000;
let kept: { receivedAt: number; item: LiveItem }[] = [];

export function remember(items: readonly LiveItem[], receivedAt: number): void {
  kept = kept.filter((each) => each.receivedAt > receivedAt - keepMs).slice(-limit);
  for (const item of items) kept.push({ receivedAt, item });
}

export const recentItems = (since: number): LiveItem[] =>
  kept.filter((each) => each.receivedAt >= since).map((each) => each.item);
