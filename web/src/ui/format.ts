/** How numbers, ages and times are written, everywhere the same. */

const byDecimals = new Map<number, Intl.NumberFormat>();

function fixed(decimals: number): Intl.NumberFormat {
  let format = byDecimals.get(decimals);
  if (!format) {
    format = new Intl.NumberFormat('en-US', {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
    byDecimals.set(decimals, format);
  }
  return format;
}

/** As many as decimals are ever written with. */
const decimalsMax = 6;

/** Decimals that keep three to four significant digits at this magnitude. */
export function decimalsFor(magnitude: number): number {
  const size = Math.abs(magnitude);
  if (!Number.isFinite(size) || size === 0 || size >= 1000) return 0;
  if (size >= 100) return 1;
  if (size >= 1) return 2;
  return Math.min(decimalsMax, 1 - Math.floor(Math.log10(size)) + (size < 0.1 ? 1 : 0));
}

/** From here on digits are no help: beyond it a number does not even hold them all. */
export const exponentFrom = 1e15;

/** A measured value; "–" where there is none, which is not zero. */
export function formatValue(value: number | null | undefined, decimals?: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  // Fewer decimals that are asked for round to zero: beside the large values of a chart it is none.
  const tiny = size > 0 && size < 10 ** -decimalsMax && (decimals ?? decimalsMax) >= decimalsMax;
  if (size >= exponentFrom || tiny) return short(value);
  const places = decimals ?? (Number.isInteger(value) ? 0 : decimalsFor(value));
  const text = fixed(places).format(value);
  return /^-0(\.0+)?$/.test(text) ? text.slice(1) : text;
}

/** Four significant digits and the power of ten: "1.235e300". */
const short = (value: number): string =>
  value
    .toExponential(3)
    .replace(/\.?0*e/, 'e')
    .replace('e+', 'e');

export const formatCount = (value: number): string => fixed(0).format(value);

const byteUnits = ['B', 'KB', 'MB', 'GB', 'TB'];

export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return '–';
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < byteUnits.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${fixed(unit === 0 || size >= 100 ? 0 : 1).format(size)} ${byteUnits[unit]}`;
}

/** A length of time in its largest unit: "0 s", "59 s", "12 min", "3 h", "5 d". */
export function formatDuration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 172_800) return `${Math.floor(s / 3600)} h`;
  return `${formatCount(Math.floor(s / 86_400))} d`;
}

/** How long something took: "840 ms", "1.2 s", "3 min 4 s", "2 h 5 min". */
export function formatSpan(ms: number): string {
  const size = Math.max(0, ms);
  if (size < 1) return '< 1 ms';
  if (size < 999.5) return `${Math.round(size)} ms`;
  if (size < 9_950) return `${fixed(1).format(size / 1000)} s`;
  const s = Math.round(size / 1000);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 172_800) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return formatDuration(s);
}

export const formatAge = (seconds: number): string =>
  seconds < 1 ? 'now' : `${formatDuration(seconds)} ago`;

export function ageSeconds(at: string | null | undefined, nowMs: number): number | null {
  if (!at) return null;
  const time = Date.parse(at);
  return Number.isNaN(time) ? null : Math.max(0, (nowMs - time) / 1000);
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const clockSeconds = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const dayMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

export const formatClock = (ms: number): string => clock.format(ms);
export const formatClockSeconds = (ms: number): string => clockSeconds.format(ms);
export const formatDay = (ms: number): string => day.format(ms);
export const formatDayMonth = (ms: number): string => dayMonth.format(ms);

/** The time today, the date before it else. */
export function formatMoment(ms: number, nowMs: number): string {
  const today = day.format(nowMs) === day.format(ms);
  return today ? clockSeconds.format(ms) : `${day.format(ms)}, ${clockSeconds.format(ms)}`;
}

/** The person's zone as they would say it: "GMT+1", "UTC". */
export function zoneName(ms: number = Date.now()): string {
  const part = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' })
    .formatToParts(ms)
    .find((p) => p.type === 'timeZoneName');
  return part?.value ?? 'UTC';
}

/** The same moment in UTC, for the hover text. */
export const formatUtc = (ms: number): string =>
  `${new Date(ms).toISOString().replace('T', ' ').replace('Z', '')} UTC`;

/** "in_use" and "food-and-beverage" as words. */
export function words(id: string): string {
  const text = id.replace(/[_-]+/g, ' ').trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
