// The measurements of the One Billion Row Challenge (G. Morling, 2024): `station;temperature`, a line each, 413 stations, one decimal.
// Any thread. Asked are minimum, mean and maximum of each station, to one decimal.
//
//   Upper Sandvik;-3.4
//   São Marta;27.0
//
// Names are made up, 4 to 22 bytes of UTF-8, some of them not ASCII. A station's temperatures lie around a mean of its own with
// a deviation of 10 degrees, from a sum of four bytes, which is near enough to a bell. A row follows from its index alone.

import { createHash } from 'node:crypto';
import { mixed } from '../files/orders.ts';

const STATIONS = 413;
const FIRST_NAMES =
  'Port,Old,New,Upper,Lower,São,Saint,Fort,Mount,Lake,El,Bad,Nový,Göra,Île,North,South,East,West,Las,Cape'.split(',');
const LAST_NAMES =
  'Marta,Sandvik,Ölmark,Brno,Kiruna,Ana,Elm,Rosário,Dale,Tokmak,Harbin,Ouara,Pirin,Lund,Bay,Wexcombe,Zsolt,Ivrea,Nakasato,Uru'.split(
    ',',
  );

export const STATION_NAMES: readonly string[] = Array.from(
  { length: STATIONS },
  (_, i) => `${FIRST_NAMES[i % FIRST_NAMES.length]} ${LAST_NAMES[Math.floor(i / FIRST_NAMES.length)]}`,
);
/** From -14.0 to 31.0 degrees. */
const MEAN_TENTHS: readonly number[] = STATION_NAMES.map((_, i) => (mixed(i, 20) % 451) - 140);

/** Deviation of the sum of four bytes, and the one that is wanted of it, in tenths. */
const SUM_DEVIATION = 147.8;
const DEVIATION_TENTHS = 100;

export function stationAt(row: number): number {
  return mixed(row, 21) % STATIONS;
}

export function tenthsAt(row: number, station: number): number {
  const bits = mixed(row, 22);
  const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
  return MEAN_TENTHS[station]! + Math.round(((sum - 510) * DEVIATION_TENTHS) / SUM_DEVIATION);
}

export function lineAt(row: number): string {
  const station = stationAt(row);
  return `${STATION_NAMES[station]};${textOf(tenthsAt(row, station))}\n`;
}

export function textOf(tenths: number): string {
  return (tenths / 10).toFixed(1);
}

/** What is asked of one station; whole tenths, so that no order of adding changes it. */
export interface StationTotal {
  readonly station: string;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly count: number;
}

export interface BrcAnswer {
  readonly stations: number;
  readonly rows: number;
  /** Covers `station=min/mean/max` of each. */
  readonly digest: string;
}

export function answerOf(totals: readonly StationTotal[]): BrcAnswer {
  const lines = totals.map(({ station, min, max, sum, count }) => {
    return `${station}=${textOf(min)}/${textOf(Math.round(sum / count))}/${textOf(max)}`;
  });
  return {
    stations: totals.length,
    rows: totals.reduce((rows, { count }) => rows + count, 0),
    digest: createHash('sha256').update(lines.sort().join('\n')).digest('hex').slice(0, 16),
  };
}

const answers = new Map<number, BrcAnswer>();

/** From the rows themselves: no file, no text. */
export function expectedBrc(rows: number): BrcAnswer {
  const known = answers.get(rows);
  if (known !== undefined) return known;
  const min = new Int32Array(STATIONS).fill(9999);
  const max = new Int32Array(STATIONS).fill(-9999);
  const sum = new Float64Array(STATIONS);
  const count = new Int32Array(STATIONS);
  for (let row = 0; row < rows; row++) {
    const station = stationAt(row);
    const tenths = tenthsAt(row, station);
    if (tenths < min[station]!) min[station] = tenths;
    if (tenths > max[station]!) max[station] = tenths;
    sum[station]! += tenths;
    count[station]!++;
  }
  const totals = STATION_NAMES.map((station, i) => {
    return { station, min: min[i]!, max: max[i]!, sum: sum[i]!, count: count[i]! };
  });
  const answer = answerOf(totals.filter((total) => total.count > 0));
  answers.set(rows, answer);
  return answer;
}
