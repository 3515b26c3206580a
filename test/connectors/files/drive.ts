// Drives sources and sinks as a worker would, on the thread of the test.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sink, SinkWriter } from '../../../engine/connector/sink.ts';
import type { ReaderContext, Source, Split, SplitReader } from '../../../engine/connector/source.ts';
import type { MillraceError } from '../../../engine/errors/millrace-error.ts';

export interface Malformed {
  readonly error: MillraceError;
  readonly raw: unknown;
}

export interface Outcome<T> {
  readonly records: T[];
  readonly malformed: Malformed[];
  /** What `locate` says of each record. */
  readonly places: string[];
  readonly splits: readonly Split[];
}

/** A new folder for the files of a test. */
export function scratch(): string {
  return mkdtempSync(join(tmpdir(), 'millrace-'));
}

export function readerContext(malformed: Malformed[] = []): ReaderContext {
  return {
    wake: () => {},
    signal: new AbortController().signal,
    malformed: (error, raw) => {
      malformed.push({ error: error as MillraceError, raw });
    },
    nowMs: () => 0,
  };
}

/** Reads one split to its end, `maxRecords` at a time. */
export async function drain<T>(reader: SplitReader<T>, maxRecords: number, places?: string[]): Promise<T[]> {
  const records: T[] = [];
  for (;;) {
    const answer = reader.read(maxRecords);
    const batch = answer instanceof Promise ? await answer : answer;
    if (batch === 'done') break;
    if (batch === 'idle') throw new Error('a file is never idle');
    if (batch.length > maxRecords) throw new Error(`asked for ${maxRecords}, got ${batch.length}`);
    if (places !== undefined) for (const index of batch.keys()) places.push(reader.locate!(index));
    records.push(...batch);
  }
  await reader.close?.();
  return records;
}

/** Reads all splits in order. They take the way that they take between threads: structured clone. */
export async function readAll<T>(
  source: Source<T>,
  { workers = 2, maxRecords = 100 }: { workers?: number; maxRecords?: number } = {},
): Promise<Outcome<T>> {
  const malformed: Malformed[] = [];
  const places: string[] = [];
  const records: T[] = [];
  const splits = structuredClone(await source.splits({ workers }));
  for (const split of splits) {
    const reader = await source.open(split, readerContext(malformed));
    for (const record of await drain(reader, maxRecords, places)) records.push(record);
  }
  if (new Set(splits.map((split) => split.id)).size !== splits.length) throw new Error('split ids must be unique');
  return { records, malformed, places, splits };
}

export async function openWriter<T>(sink: Sink<T>, index = 0, count = 1): Promise<SinkWriter<T>> {
  return sink.open({ index, count, signal: new AbortController().signal });
}

/** Writes the batches and makes the output visible; on an error aborts, as a job would. */
export async function writeAll<T>(sink: Sink<T>, batches: readonly (readonly T[])[]): Promise<SinkWriter<T>> {
  const writer = await openWriter(sink);
  try {
    for (const batch of batches) await writer.write(batch);
    await writer.flush?.();
    await writer.prepare?.();
    await writer.commit?.();
  } catch (error) {
    await writer.abort?.();
    throw error;
  }
  return writer;
}

/** The error that `run` throws or rejects with. */
export async function failureOf(run: () => unknown): Promise<MillraceError> {
  try {
    await run();
  } catch (error) {
    return error as MillraceError;
  }
  throw new Error('no error was thrown');
}
