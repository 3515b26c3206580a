// Drives a source as a worker does, on one thread: split by split, waiting for `wake` after every 'idle'.

import type { ReaderContext, ReadResult, Source, SplitReader } from '../../../engine/connector/source.ts';

export interface Driven {
  readonly context: ReaderContext;
  readonly controller: AbortController;
  /** Resolves with the next wake (at once if it came already). */
  woken(): Promise<void>;
  wakeCount(): number;
}

export function drive(nowMs: () => number = () => performance.now()): Driven {
  const controller = new AbortController();
  let wakes = 0;
  let pending = false;
  let resolve: (() => void) | undefined;
  const wake = (): void => {
    wakes++;
    pending = true;
    resolve?.();
  };
  const malformed = (error: Error): void => {
    throw error;
  };
  return {
    context: { wake, signal: controller.signal, malformed, nowMs },
    controller,
    async woken() {
      if (!pending) await new Promise<void>((done) => (resolve = done));
      pending = false;
      resolve = undefined;
    },
    wakeCount: () => wakes,
  };
}

/** Opens the only split of a source. */
export async function openOnly<T>(source: Source<T>, driven: Driven = drive()): Promise<SplitReader<T>> {
  const splits = await source.splits({ workers: 2 });
  if (splits.length !== 1) throw new Error(`one split was expected, not ${splits.length}`);
  return source.open(splits[0] as (typeof splits)[0], driven.context);
}

/** One read that is not 'idle'. */
export async function readReady<T>(
  reader: SplitReader<T>,
  driven: Driven,
  maxRecords = 512,
): Promise<readonly T[] | 'done'> {
  for (;;) {
    const result: ReadResult<T> = await reader.read(maxRecords);
    if (result === 'done') return result;
    if (result !== 'idle') {
      if (result.length > maxRecords) throw new Error(`asked for ${maxRecords} records, got ${result.length}`);
      if (result.length > 0) return result;
    } else await driven.woken();
  }
}

/** All records of all splits, in the order of the splits; every reader is closed. */
export async function readAll<T>(source: Source<T>, maxRecords = 7, workers = 2): Promise<T[]> {
  const records: T[] = [];
  for (const split of await source.splits({ workers })) {
    const driven = drive();
    const reader = await source.open(structuredClone(split), driven.context);
    for (;;) {
      const batch = await readReady(reader, driven, maxRecords);
      if (batch === 'done') break;
      records.push(...batch);
    }
    await reader.close?.();
  }
  return records;
}
