// Writes the file of measurements on several threads. Main thread and the threads that it starts.
//
//   thread 0   rows [0, n/2)    measures its bytes -\                       -> writes them from byte 0 on
//   thread 1   rows [n/2, n)    measures its bytes --> where each begins -> -> writes them from there on
//
// A row follows from its index, so a thread can go over its rows twice: to find out how long they are, and to write them.

import { closeSync, openSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { inputPath, makeInput } from '../files/generated-file.ts';
import { STATION_NAMES, stationAt, tenthsAt, textOf } from './measurements.ts';

const VERSION = 1;
const BLOCK_BYTES = 1 << 20;
const LONGEST_LINE = 128;
const LOWEST_TENTHS = -999;

interface Share {
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

function nameOf(rows: number): string {
  return `measurements-v${VERSION}-${rows}.txt`;
}

export function measurementsPath(rows: number): string {
  return inputPath(nameOf(rows));
}

export function makeMeasurements(rows: number): Promise<string> {
  return makeInput(nameOf(rows), async (path) => {
    closeSync(openSync(path, 'w'));
    const threads = availableParallelism();
    const writers = Array.from({ length: threads }, (_, i) => {
      const share: Share = { path, from: Math.floor((rows * i) / threads), to: Math.floor((rows * (i + 1)) / threads) };
      return new Worker(new URL(import.meta.url), { workerData: share });
    });
    const lengths = await Promise.all(writers.map((writer) => answerFrom(writer)));
    let start = 0;
    const written = writers.map((writer, i) => {
      const done = answerFrom(writer);
      writer.postMessage(start);
      start += lengths[i]!;
      return done;
    });
    await Promise.all(written);
  });
}

function answerFrom(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

const stations = STATION_NAMES.map((name) => Buffer.from(`${name};`));
const temperatures = Array.from({ length: 1 - 2 * LOWEST_TENTHS }, (_, i) =>
  Buffer.from(`${textOf(i + LOWEST_TENTHS)}\n`),
);

function lengthOf({ from, to }: Share): number {
  let bytes = 0;
  for (let row = from; row < to; row++) {
    const station = stationAt(row);
    bytes += stations[station]!.length + temperatures[tenthsAt(row, station) - LOWEST_TENTHS]!.length;
  }
  return bytes;
}

function writeShare({ path, from, to }: Share, position: number): void {
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  const fd = openSync(path, 'r+');
  let filled = 0;
  for (let row = from; row < to; row++) {
    const station = stationAt(row);
    filled = append(block, filled, stations[station]!);
    filled = append(block, filled, temperatures[tenthsAt(row, station) - LOWEST_TENTHS]!);
    if (filled > BLOCK_BYTES - LONGEST_LINE || row === to - 1) {
      position += writeSync(fd, block, 0, filled, position);
      filled = 0;
    }
  }
  closeSync(fd);
}

/** For a few bytes a loop is faster than a call of copy(). */
function append(block: Buffer, at: number, bytes: Buffer): number {
  for (let i = 0; i < bytes.length; i++) block[at++] = bytes[i]!;
  return at;
}

const share: unknown = workerData;
if (!isMainThread && typeof share === 'object' && share !== null && 'from' in share) {
  parentPort!.once('message', (position: number) => {
    writeShare(share as Share, position);
    parentPort!.postMessage(0);
  });
  parentPort!.postMessage(lengthOf(share as Share));
}
