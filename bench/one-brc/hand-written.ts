// The challenge by hand, as well as we could on Node: threads over byte ranges. Main thread: cuts the file, adds up.

import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Range } from './hand-written-worker.ts';
import type { StationTotal } from './measurements.ts';

const LONGEST_LINE = 256;
const NEWLINE = 10;

export async function totalsByHand(path: string, threads: number): Promise<StationTotal[]> {
  const parts = await Promise.all(rangesOf(path, threads).map(totalsOnThread));
  const totals = new Map<string, StationTotal>();
  for (const part of parts.flat()) {
    const known = totals.get(part.station);
    totals.set(part.station, known === undefined ? part : added(known, part));
  }
  return [...totals.values()];
}

function added(a: StationTotal, b: StationTotal): StationTotal {
  return {
    station: a.station,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    sum: a.sum + b.sum,
    count: a.count + b.count,
  };
}

/** As many ranges as threads, each of whole lines. */
function rangesOf(path: string, threads: number): Range[] {
  const bytes = statSync(path).size;
  const block = Buffer.alloc(LONGEST_LINE);
  const fd = openSync(path, 'r');
  const ranges: Range[] = [];
  let from = 0;
  for (let i = 1; i <= threads; i++) {
    let to = bytes;
    if (i < threads) {
      const candidate = Math.floor((bytes * i) / threads);
      readSync(fd, block, 0, LONGEST_LINE, candidate);
      to = candidate + block.indexOf(NEWLINE) + 1;
    }
    ranges.push({ path, from, to });
    from = to;
  }
  closeSync(fd);
  return ranges;
}

function totalsOnThread(range: Range): Promise<StationTotal[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./hand-written-worker.js', import.meta.url), { workerData: range });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
