/** Puts several series on one time axis, as uPlot wants them. */

export type Series = {
  id: string;
  name: string;
  /** Time (epoch seconds) and value, in order of time; what follows is not drawn. */
  points: readonly (readonly (number | null)[])[];
};

/** null breaks the line, undefined is bridged. */
export type Column = (number | null | undefined)[];
export type Aligned = { times: number[]; columns: Column[] };

/**
 * A reading may come every minute or every five: the line bridges up to three of a series' usual
 * intervals and breaks where more is missing.
 */
export function align(series: readonly Series[], stepS: number): Aligned {
  const times = new Set<number>();
  const breaks: Set<number>[] = [];
  for (const { points } of series) {
    const own = points.map((point) => point[0] ?? 0);
    const gapS = 3 * Math.max(stepS, usualInterval(own));
    const gaps = new Set<number>();
    own.forEach((time, index) => {
      times.add(time);
      const next = own[index + 1];
      if (next !== undefined && next - time > gapS) {
        gaps.add(time + stepS);
        times.add(time + stepS);
      }
    });
    breaks.push(gaps);
  }
  const axis = [...times].sort((a, b) => a - b);
  const columns = series.map(({ points }, index) => {
    const values = new Map(points.map((point) => [point[0], point[1] ?? null]));
    return axis.map((time) => values.get(time) ?? (breaks[index]?.has(time) ? null : undefined));
  });
  return { times: axis, columns };
}

function usualInterval(times: readonly number[]): number {
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  gaps.sort((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)] ?? 0;
}

/** The newest value of a series, and its time. */
export function newest(points: Series['points']): { time: number; value: number } | null {
  for (let index = points.length - 1; index >= 0; index--) {
    const [time, value] = points[index] ?? [];
    if (typeof time === 'number' && typeof value === 'number') return { time, value };
  }
  return null;
}

/** Where a value has no neighbour on either side to draw a line to. */
export function lonePoints(column: Column): number[] {
  const alone: number[] = [];
  let before: number | null = null;
  let runs = 0;
  const end = () => {
    if (before !== null && runs === 1) alone.push(before);
    before = null;
    runs = 0;
  };
  column.forEach((value, index) => {
    if (value === null) end();
    else if (value !== undefined) {
      before = index;
      runs++;
    }
  });
  end();
  return alone;
}
