type Named = { key: string; name: string };

/** The keys of metrics that share their name with another one: there the key tells them apart. */
export function sharedNames(metrics: readonly Named[]): ReadonlySet<string> {
  const keys = new Map<string, Set<string>>();
  for (const { key, name } of metrics) {
    const known = keys.get(name.toLowerCase()) ?? new Set();
    keys.set(name.toLowerCase(), known.add(key));
  }
  return new Set([...keys.values()].flatMap((same) => (same.size > 1 ? [...same] : [])));
}

/** A unit beside a name; none where the name is the unit already, as "kWh" of a column kwh. */
export const unitBeside = (name: string, unit: string | null | undefined): string | null =>
  unit && unit.toLowerCase() !== name.toLowerCase() ? unit : null;

/** A metric's name, with its key where the name alone is another one's too. */
export function MetricName({
  name,
  unit: of,
  tag,
}: {
  name: string;
  unit?: string | null | undefined;
  tag?: string | null | undefined;
}) {
  const unit = unitBeside(name, of);
  return (
    <>
      {name}
      {unit && (
        <>
          {' '}
          <span className="ml-0.5 text-meta font-normal text-ink-3">{unit}</span>
        </>
      )}
      {tag && (
        <>
          {' '}
          <span className="ml-0.5 font-mono text-meta font-normal text-ink-3">{tag}</span>
        </>
      )}
    </>
  );
}
