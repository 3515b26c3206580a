// A change of a row, as the groups that it concerns see it. Any thread.

import { sameKey } from '../partition/key-hash.ts';
import type { Change, GroupedChange } from './change.ts';

/** One change where the row stays in its group, two where it moves. */
export function regroup(
  { key, before, after }: Change<unknown, unknown>,
  groupOf: (row: unknown, key: unknown) => unknown,
): GroupedChange[] {
  const from = before === undefined ? undefined : groupOf(before, key);
  const to = after === undefined ? undefined : groupOf(after, key);
  if (before === undefined) return after === undefined ? [] : [{ group: to, key, before, after }];
  if (after === undefined) return [{ group: from, key, before, after }];
  if (sameKey(from, to)) return [{ group: to, key, before, after }];
  return [
    { group: from, key, before, after: undefined },
    { group: to, key, before: undefined, after },
  ];
}
