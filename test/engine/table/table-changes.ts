// What the tests of tables read: rows of a few keys, each at a time of its own, some of them deletions; and what a table of them comes to.

import fc from 'fast-check';
import type { Change, Stream } from '../../../index.ts';
import { type Item, timedSplits } from '../join/timed-splits.ts';

/** `at` is unique, so that the latest row of a key is one. */
export interface Row extends Item {
  /** A group, or the key of another table. */
  readonly of: string;
  readonly gone: boolean;
}

export interface RowSplits {
  readonly outOfOrderMs: number;
  readonly splits: Row[][];
}

const SLOTS = 256;

/** At most three splits of forty rows. */
export function rowSplits(maxSplits = 3): fc.Arbitrary<RowSplits> {
  return fc.integer({ min: 0, max: 30 }).chain((disorderMs) =>
    timedSplits(disorderMs, 40, maxSplits).map((splits) => ({
      outOfOrderMs: (disorderMs + 1) * SLOTS,
      splits: splits.map((items) =>
        items.map(({ key, at, id }): Row => {
          const mixed = Math.imul(id + 1, 0x9e3779b1) >>> 8;
          return { key, at: at * SLOTS + id, id, of: ['ada', 'bob', 'nobody'][mixed % 3]!, gone: mixed % 7 === 0 };
        }),
      ),
    })),
  );
}

/** The rows that are left: of each key the latest, if that is no deletion. */
export function latest(rows: readonly Row[], deletes = true): Map<string, Row> {
  const found = new Map<string, Row>();
  for (const row of [...rows].sort((a, b) => a.at - b.at)) {
    if (deletes && row.gone) found.delete(row.key);
    else found.set(row.key, row);
  }
  return found;
}

/** The rows that changes lead to. Throws when one does not begin where the one before it of its key has ended. */
export function replay<V>(changes: readonly unknown[]): Map<unknown, V> {
  const rows = new Map<unknown, V>();
  for (const { key, before, after } of changes as Change<unknown, V>[]) {
    const held = JSON.stringify(rows.get(key));
    if (held !== JSON.stringify(before)) {
      throw new Error(`${String(key)}: had ${held}, the change says ${JSON.stringify(before)}`);
    }
    if (before === undefined && after === undefined) throw new Error(`${String(key)}: a change of nothing`);
    if (after === undefined) rows.delete(key);
    else rows.set(key, after);
  }
  return rows;
}

/** Final rows as a map. */
export function asMap<V>(finals: readonly unknown[]): Map<unknown, V> {
  const map = new Map((finals as { key: unknown; value: V }[]).map(({ key, value }) => [key, value]));
  if (map.size !== finals.length) throw new Error('a key has two final rows');
  return map;
}

export type Timed = (name: string, splits: RowSplits) => Stream<Row>;
