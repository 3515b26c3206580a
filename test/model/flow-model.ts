// Random flows, and what they must give: a program of operators is run twice, as a job and over plain arrays. Bags are compared: what
// order there is has a test of its own.

import { inspect } from 'node:util';
import { generate } from '../../connectors/generate/index.ts';
import { fromIterable } from '../../connectors/memory/index.ts';
import { collect, count, type Job, job, max, type Stream, sum } from '../../index.ts';

export interface Row {
  readonly id: number;
  readonly key: string | number;
  readonly value: number;
  readonly note?: string;
}

export type Instruction =
  | {
      readonly kind: 'source';
      readonly size: number;
      readonly from: 'array' | 'generator' | 'indices';
      readonly keys: number;
    }
  | { readonly kind: 'map'; readonly from: number; readonly add: number; readonly parallelism?: number | undefined }
  | { readonly kind: 'filter'; readonly from: number; readonly modulus: number }
  | { readonly kind: 'flatMap'; readonly from: number; readonly most: number; readonly lazily: boolean }
  | { readonly kind: 'peek' | 'rebalance' | 'broadcast' | 'keyBy'; readonly from: number }
  | { readonly kind: 'split'; readonly from: number; readonly modulus: number }
  | { readonly kind: 'merge'; readonly from: number; readonly others: readonly number[] }
  | {
      readonly kind: 'mapAsync';
      readonly from: number;
      readonly ordered: boolean;
      readonly concurrency: number;
      readonly slow: boolean;
    }
  | { readonly kind: 'aggregate'; readonly from: number; readonly composite: boolean }
  | { readonly kind: 'reduce'; readonly from: number }
  | { readonly kind: 'skip' | 'deadLetter'; readonly from: number; readonly modulus: number };

/** A key of every kind that rows have: numbers, strings, and some beyond Latin-1. */
function keyOf(number: number): string | number {
  return number % 3 === 0 ? number : number % 3 === 1 ? `key-${number}` : `ключ-${number}-𝄞`;
}

function rowOf(index: number, keys: number): Row {
  const row = { id: index, key: keyOf((index * 7919) % keys), value: (index * 31) % 1000 };
  return index % 7 === 0 ? { ...row, note: `note ${index}` } : row;
}

const operators = {
  map: (row: Row, add: number): Row => ({ ...row, value: row.value + add }),
  expand: (row: Row, most: number): Row[] =>
    Array.from({ length: row.id % (most + 1) }, (_, i) => ({ ...row, id: (row.id * 10 + i) % 1_000_003 })),
  branch: (row: Row, modulus: number): number => row.id % (modulus + 1),
  refuses: (row: Row, modulus: number): boolean => row.id % modulus === 0,
};

/** More rows than this make a test slow, not better. */
const MOST_ROWS = 4_000;

export interface Expected {
  /** The program without the instructions that would have made too many rows. */
  readonly program: readonly Instruction[];
  readonly results: Record<string, unknown[]>;
}

/** What the program gives, by arrays alone. */
export function model(program: readonly Instruction[], workers: number): Expected {
  const kept: Instruction[] = [];
  const streams: Row[][] = [];
  const read = new Set<number>();
  const results: Record<string, unknown[]> = {};
  for (const instruction of program) {
    if (instruction.kind === 'source') {
      streams.push(Array.from({ length: instruction.size }, (_, i) => rowOf(i, instruction.keys)));
      kept.push(instruction);
      continue;
    }
    if (streams.length === 0) continue;
    const from = instruction.from % streams.length;
    const input = streams[from]!;
    const made = outputsOf(instruction, input, streams, workers);
    if (made.reduce((total, rows) => total + rows.length, 0) > MOST_ROWS) continue;
    if (instruction.kind === 'deadLetter') {
      results[`dead-${kept.length}`] = input.filter((row) => operators.refuses(row, instruction.modulus));
    }
    read.add(from);
    if (instruction.kind === 'merge') for (const other of instruction.others) read.add(other % streams.length);
    streams.push(...made);
    kept.push(instruction);
  }
  streams.forEach((rows, index) => {
    if (!read.has(index)) results[`out-${index}`] = rows;
  });
  return { program: kept, results };
}

function outputsOf(
  instruction: Exclude<Instruction, { kind: 'source' }>,
  input: Row[],
  streams: readonly Row[][],
  workers: number,
): Row[][] {
  switch (instruction.kind) {
    case 'map':
      return [input.map((row) => operators.map(row, instruction.add))];
    case 'filter':
      return [input.filter((row) => row.id % instruction.modulus !== 0)];
    case 'flatMap':
      return [input.flatMap((row) => operators.expand(row, instruction.most))];
    case 'peek':
    case 'rebalance':
    case 'keyBy':
      return [input];
    case 'mapAsync':
      return [input.map((row) => operators.map(row, 1))];
    case 'broadcast':
      return [Array.from({ length: workers }, () => input).flat()];
    case 'split':
      return [0, 1]
        .map((branch) => input.filter((row) => operators.branch(row, instruction.modulus) === branch))
        .concat([input.filter((row) => operators.branch(row, instruction.modulus) > 1)]);
    case 'merge':
      return [[...input, ...instruction.others.flatMap((other) => streams[other % streams.length]!)]];
    case 'aggregate':
    case 'reduce':
      return [aggregated(input, instruction.kind === 'aggregate' && instruction.composite)];
    case 'skip':
    case 'deadLetter':
      return [input.filter((row) => !operators.refuses(row, instruction.modulus))];
  }
}

function aggregated(input: Row[], composite: boolean): Row[] {
  const groups = new Map<string | number, Row[]>();
  for (const row of input) groups.set(row.key, [...(groups.get(row.key) ?? []), row]);
  return [...groups].map(([key, rows]) => ({
    id: composite ? Math.max(...rows.map((row) => row.id)) : rows.length,
    key,
    value: rows.reduce((total, row) => total + row.value, 0),
  }));
}

/** The same program as a job. */
export function jobOf(program: readonly Instruction[]): Job {
  return job('random', (flow) => {
    const streams: Stream<Row>[] = [];
    const read = new Set<number>();
    program.forEach((instruction, position) => {
      if (instruction.kind === 'source') {
        const { size, keys } = instruction;
        const rows = (): Row[] => Array.from({ length: size }, (_, i) => rowOf(i, keys));
        const source =
          instruction.from === 'array'
            ? fromIterable(rows())
            : instruction.from === 'indices'
              ? generate(size, (i) => rowOf(i, keys), { splits: 5 })
              : fromIterable(function* () {
                  yield* rows();
                });
        streams.push(flow.from(source));
        return;
      }
      const from = instruction.from % streams.length;
      read.add(from);
      const stream = streams[from]!;
      switch (instruction.kind) {
        case 'map': {
          const mapped = stream.map((row) => operators.map(row, instruction.add));
          streams.push(instruction.parallelism === undefined ? mapped : mapped.parallelism(instruction.parallelism));
          break;
        }
        case 'filter':
          streams.push(stream.filter((row) => row.id % instruction.modulus !== 0));
          break;
        case 'flatMap':
          streams.push(
            instruction.lazily
              ? stream.flatMap(function* (row) {
                  yield* operators.expand(row, instruction.most);
                })
              : stream.flatMap((row) => operators.expand(row, instruction.most)),
          );
          break;
        case 'peek':
          streams.push(stream.peek(() => {}));
          break;
        case 'rebalance':
          streams.push(stream.rebalance());
          break;
        case 'broadcast':
          streams.push(stream.broadcast());
          break;
        case 'keyBy':
          streams.push(stream.keyBy((row) => row.key).map((row) => row));
          break;
        case 'split': {
          const branches = stream.split({
            a: (row) => operators.branch(row, instruction.modulus) === 0,
            b: (row) => operators.branch(row, instruction.modulus) <= 1,
          });
          streams.push(branches.a, branches.b, branches.otherwise);
          break;
        }
        case 'merge': {
          const others = instruction.others.map((other) => other % streams.length);
          for (const other of others) read.add(other);
          streams.push(stream.merge(...others.map((other) => streams[other]!)));
          break;
        }
        case 'mapAsync':
          streams.push(
            stream.mapAsync(
              async (row) => {
                if (instruction.slow && row.id % 11 === 0) await new Promise((resolve) => setImmediate(resolve));
                return operators.map(row, 1);
              },
              { ordered: instruction.ordered, concurrency: instruction.concurrency },
            ),
          );
          break;
        case 'aggregate':
          streams.push(
            instruction.composite
              ? stream
                  .keyBy((row) => row.key)
                  .aggregate({ id: max((row) => row.id), value: sum((row) => row.value) })
                  .map(({ key, id, value }) => ({ id: id!, key, value }))
              : stream
                  .keyBy((row) => row.key)
                  .aggregate({ id: count(), value: sum((row) => row.value) })
                  .map(({ key, id, value }) => ({ id, key, value })),
          );
          break;
        case 'reduce':
          streams.push(
            stream
              .map((row): Row => ({ id: 1, key: row.key, value: row.value }))
              .keyBy((row) => row.key)
              .reduce((a, b) => ({ id: a.id + b.id, key: a.key, value: a.value + b.value }))
              .map(({ value }) => value),
          );
          break;
        case 'skip':
        case 'deadLetter': {
          const refusing = stream.map((row) => {
            if (operators.refuses(row, instruction.modulus)) throw new Error(`refused ${row.id}`);
            return row;
          });
          streams.push(
            instruction.kind === 'skip' ? refusing.onError('skip') : refusing.onError(collect(`dead-${position}`)),
          );
          break;
        }
      }
    });
    streams.forEach((stream, index) => {
      if (!read.has(index)) stream.to(collect(`out-${index}`));
    });
  });
}

/** A bag of records as text: equal bags have equal texts. */
export function asBag(records: readonly unknown[]): string[] {
  return records
    .map((record) => inspect(record, { depth: null, sorted: true, breakLength: Number.POSITIVE_INFINITY }))
    .sort();
}
