// Partial results on their way through an exchange: one flat record, so that what an accumulator consists of are columns of a frame. Any thread.
//
//   key, { count: 3, total: { sum: 1.5, compensation: 0, nonFinite: undefined } }   travels as   { k: key, a0: 3, a1: 1.5, a2: 0, a3: 0 }
//
// An object within a record would be cloned as a whole: 250-470 ns, where a column takes a few. The aggregates that Millrace has say of
// which fields their accumulators consist; those of users may be anything, and travel as the one value that they are.
// Guarantee: unpack(pack(key, accumulator)) is deep-equal to the accumulator, with its fields in the order of `create()`.

import type { Aggregator } from '../aggregate/aggregator.ts';
import { compileThreshold, defineField, literalEntry, quote } from '../frame/generated-code.ts';

export interface PartialColumns {
  pack(key: unknown, accumulator: unknown): unknown;
  unpack(partial: unknown): unknown;
}

/** A value of an accumulator by the fields that lead to it. */
interface Leaf {
  readonly path: readonly string[];
  /** Nearly always undefined, and never 0 or null: 0 stands for undefined, for a column of numbers needs no tags. */
  readonly isRare: boolean;
}

/** As many columns as a schema has without being asked, less the key's: accumulators with more parts travel whole. */
const MOST_LEAVES = 255;
const canCompile = Number.isFinite(compileThreshold());

/** @param compiled whether code may be generated; tests hold both ways against each other */
export function partialColumns(aggregator: Aggregator<unknown>, compiled: boolean = canCompile): PartialColumns {
  const found = leavesOf(aggregator, []);
  const leaves = found.length <= MOST_LEAVES ? found : [{ path: [], isRare: false }];
  return compiled ? compile(leaves) : interpret(leaves);
}

function leavesOf({ parts, fields, rareField }: Aggregator<unknown>, path: readonly string[]): Leaf[] {
  if (parts !== undefined) return parts.flatMap(([name, part]) => leavesOf(part, [...path, name]));
  if (fields === undefined) return [{ path, isRare: false }];
  return fields.map((field) => ({ path: [...path, field], isRare: field === rareField }));
}

function compile(leaves: readonly Leaf[]): PartialColumns {
  const packed = leaves.map(({ path, isRare }, index) => {
    const value = `accumulator${path.map((name) => `[${quote(name)}]`).join('')}`;
    return `a${index}: ${isRare ? `${value} === undefined ? 0 : ${value}` : value}`;
  });
  const unpacked = literalOf(
    leaves.map(({ path, isRare }, index) => {
      const value = `partial.a${index}`;
      return { path, text: isRare ? `${value} === 0 ? undefined : ${value}` : value };
    }),
    0,
  );
  // Nobody else has text like this: functions from equal text would share their type feedback.
  const text = `return {
    pack: (key, accumulator) => ({ k: key, ${packed.join(', ')} }),
    unpack: (partial) => (${unpacked}),
  }; // partial ${compiledShapes++}`;
  return new Function(text)() as PartialColumns;
}

let compiledShapes = 0;

/** An expression for what lies behind the first `depth` fields of these paths, which all have the same. Leaves of one part are neighbours. */
function literalOf(
  leaves: readonly { readonly path: readonly string[]; readonly text: string }[],
  depth: number,
): string {
  if (leaves.length === 1 && leaves[0]!.path.length === depth) return leaves[0]!.text;
  const names = [...new Set(leaves.map(({ path }) => path[depth]!))];
  const entries = names.map((name) => {
    const inside = leaves.filter(({ path }) => path[depth] === name);
    return literalEntry(name, literalOf(inside, depth + 1));
  });
  return `{ ${entries.join(', ')} }`;
}

function interpret(leaves: readonly Leaf[]): PartialColumns {
  return {
    pack(key, accumulator) {
      const partial: Record<string, unknown> = { k: key };
      leaves.forEach(({ path, isRare }, index) => {
        let value: unknown = accumulator;
        for (const name of path) value = (value as Record<string, unknown>)[name];
        partial[`a${index}`] = isRare && value === undefined ? 0 : value;
      });
      return partial;
    },
    unpack(partial) {
      const root = {};
      for (const [index, { path, isRare }] of leaves.entries()) {
        const packed = (partial as Record<string, unknown>)[`a${index}`];
        const value = isRare && packed === 0 ? undefined : packed;
        if (path.length === 0) return value;
        let inside: Record<string, unknown> = root;
        for (const name of path.slice(0, -1)) {
          if (!Object.hasOwn(inside, name)) defineField(inside, name, {});
          inside = inside[name] as Record<string, unknown>;
        }
        defineField(inside, path.at(-1)!, value);
      }
      return root;
    },
  };
}
