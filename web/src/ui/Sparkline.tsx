/** The shape of the last hour; the numbers beside it carry the meaning. */
export function Sparkline({
  values,
  width = 72,
  height = 24,
}: {
  values: readonly (number | null)[];
  width?: number;
  height?: number;
}) {
  const path = sparkPath(values, width, height);
  if (!path) return null;
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      className="h-6 w-full max-w-18"
      fill="none"
    >
      <path
        d={path}
        stroke="currentColor"
        strokeWidth="1.25"
        strokeLinejoin="round"
        strokeLinecap="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}

export function sparkPath(
  values: readonly (number | null)[],
  width: number,
  height: number,
  range?: readonly [number, number],
): string {
  const known = values.filter((v): v is number => v !== null);
  if (known.length < 2) return '';
  const low = range?.[0] ?? Math.min(...known);
  const span = (range?.[1] ?? Math.max(...known)) - low;
  let path = '';
  let pen = false;
  values.forEach((value, index) => {
    if (value === null) {
      pen = false;
      return;
    }
    const x = (index / (values.length - 1)) * (width - 2) + 1;
    const y = span === 0 ? height / 2 : height - 1 - ((value - low) / span) * (height - 2);
    path += `${pen ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    // A stroke of no length is a dot where its ends are round.
    if (!pen && (values[index + 1] ?? null) === null) path += 'h0';
    pen = true;
  });
  return path;
}
