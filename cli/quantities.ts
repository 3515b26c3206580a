// Numbers for a terminal: short enough for a table cell (at most seven characters), three significant digits. Pure.

const DURATION_UNITS = [
  ['ns', 1],
  ['µs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
] as const;
const MINUTE_NS = 60e9;
const COUNT_UNITS = ['', 'k', 'M', 'G', 'T', 'P'] as const;

/** `0`, `740ns`, `12.3µs`, `1.02ms`, `59.9s`, `3m05s`, `1h13m`. */
export function formatDuration(ns: number): string {
  if (!(ns > 0)) return '0';
  if (ns < 1) return '<1ns';
  if (Number((ns / 1e9).toPrecision(3)) >= 60) return formatMinutes(ns);
  // The unit is chosen after rounding: 999.7 us is 1.00ms, not 1000us.
  let index = 0;
  while (Number((ns / DURATION_UNITS[index]![1]).toPrecision(3)) >= 1_000) index++;
  const [unit, size] = DURATION_UNITS[index]!;
  return (index === 0 ? String(Math.round(ns)) : (ns / size).toPrecision(3)) + unit;
}

function formatMinutes(ns: number): string {
  const seconds = Math.round(ns / 1e9);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;
  const minutes = Math.round(ns / MINUTE_NS);
  if (minutes < 6_000) return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
  return `${Math.round(minutes / 1_440)}d`;
}

/** `0`, `312`, `9999`, `12.3k`, `3.05M`; below ten with one decimal where there is one. */
export function formatCount(count: number): string {
  if (!(count > 0)) return '0';
  if (count < 9.95 && !Number.isInteger(count)) return count < 0.05 ? '<0.1' : count.toFixed(1);
  if (Math.round(count) < 10_000) return String(Math.round(count));
  let scaled = count;
  let index = 0;
  while (Number(scaled.toPrecision(3)) >= 1_000 && index < COUNT_UNITS.length - 1) {
    scaled /= 1_000;
    index++;
  }
  return (scaled < 1_000 ? scaled.toPrecision(3) : String(Math.round(scaled))) + COUNT_UNITS[index];
}

/** A share of 0 to 1 as `0%`, `<1%`, `42%`, `100%`. */
export function formatShare(share: number): string {
  if (!(share > 0)) return '0%';
  return share < 0.005 ? '<1%' : `${Math.round(share * 100)}%`;
}

/** Milliseconds since 1970 as `2024-01-31 23:59:58.120`, in UTC; what no calendar holds, as the number. */
export function formatMoment(ms: number): string {
  const moment = new Date(ms);
  if (Number.isNaN(moment.getTime())) return String(ms);
  return moment.toISOString().replace('T', ' ').replace('Z', '');
}
