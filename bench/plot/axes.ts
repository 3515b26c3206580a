// The two axes of a spectrum plot, both logarithmic: the percentile in the distance to 100 %, the time in decades. Any process.

import type { Spectrum } from './spectrum.ts';

export interface Tick {
  /** 0 to 1 along the axis. */
  readonly at: number;
  readonly label: string;
}

export interface Axis {
  /** Where a value lies, 0 to 1; what lies outside is put on the edge. */
  place(value: number): number;
  readonly ticks: readonly Tick[];
}

/** Shares of records: each further nine takes as much room as the first, to four nines at least. */
export function shareAxis(spectra: readonly Spectrum[]): Axis {
  const furthest = Math.max(0, ...spectra.flatMap(({ points }) => points.map(({ share }) => share)));
  const nines = Math.max(4, Math.ceil(ninesOf(furthest)));
  const place = (share: number): number => clamp(ninesOf(share) / nines);
  const ticks = Array.from({ length: nines + 1 }, (_, n) => ({ at: n / nines, label: percentLabel(n) }));
  return { place, ticks: [ticks[0]!, { at: place(0.5), label: '50 %' }, ...ticks.slice(1)] };
}

/** Times: whole decades around all points, two at least. */
export function timeAxis(spectra: readonly Spectrum[]): Axis {
  const values = spectra.flatMap(({ points }) => points.map(({ valueNs }) => Math.max(1, valueNs)));
  const from = Math.floor(Math.log10(Math.min(...values, 1e9)));
  const to = Math.max(from + 2, Math.ceil(Math.log10(Math.max(...values, 1))));
  const place = (valueNs: number): number => clamp((Math.log10(Math.max(1, valueNs)) - from) / (to - from));
  const ticks = Array.from({ length: to - from + 1 }, (_, n) => ({
    at: n / (to - from),
    label: timeLabel(10 ** (from + n)),
  }));
  return { place, ticks };
}

/** 0.9 is 1, 0.99 is 2: the logarithm of 1 / (1 - share). */
function ninesOf(share: number): number {
  return -Math.log10(Math.max(Number.EPSILON, 1 - share));
}

function percentLabel(nines: number): string {
  if (nines === 0) return '0 %';
  if (nines === 1) return '90 %';
  return nines === 2 ? '99 %' : `99.${'9'.repeat(nines - 2)} %`;
}

function timeLabel(valueNs: number): string {
  if (valueNs < 1e3) return `${valueNs} ns`;
  if (valueNs < 1e6) return `${valueNs / 1e3} µs`;
  return valueNs < 1e9 ? `${valueNs / 1e6} ms` : `${valueNs / 1e9} s`;
}

function clamp(at: number): number {
  return Math.min(1, Math.max(0, at));
}
