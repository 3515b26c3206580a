// Rows on their way between operators over tables: one flat record, so that a row's fields are columns of a frame. Any thread.
//
//   { key, row: { a, b } }   travels as   { a, b, '\0key' }       an object within a record would be cloned as a whole, at ten times the cost
//
// A row that has a name of ours itself, or is no plain object, travels under `\0row`.

import { owned, ownFields } from '../aggregate/own-string.ts';
import type { Change, GroupedChange, RoutedRow, VersionedRow } from './change.ts';
import { adder, type Fields, isFlat, remover } from './row-shapes.ts';

const ROW = '\0row';
const KEY = '\0key';
const FOREIGN = '\0foreign';
const VERSION = '\0version';
const WAY = '\0way';
const GROUP = '\0group';
const BEFORE = '\0before';
const GONE = '\0gone';

const addKey = adder([KEY]);
const addRoute = adder([FOREIGN, KEY, VERSION, WAY]);
const addVersion = adder([KEY, VERSION]);
const addGroup = adder([GROUP, KEY]);
const addGone = adder([GROUP, KEY, GONE]);
const addBefore = adder([GROUP, KEY, BEFORE]);
const [rowOfChange, rowOfRouted, rowOfVersioned, rowOfGrouped] = [remover(), remover(), remover(), remover()];

/** What travels of a change where only the new row matters. */
export function packChange({ key, after }: Change<unknown, unknown>): Fields {
  return isFlat(after) ? addKey(after, key) : { [ROW]: after, [KEY]: key };
}

export function keyOfPacked(record: unknown): unknown {
  return (record as Fields)[KEY];
}

/** The new row, in memory of its own; undefined for none. */
export function unpackRow(record: unknown): unknown {
  return unpack(record as Fields, rowOfChange);
}

export function packRouted({ foreign, key, version, row, way }: RoutedRow): Fields {
  if (isFlat(row)) return addRoute(row, foreign, key, version, way);
  return { [ROW]: row, [FOREIGN]: foreign, [KEY]: key, [VERSION]: version, [WAY]: way };
}

export function foreignOfPacked(record: unknown): unknown {
  return (record as Fields)[FOREIGN];
}

export function unpackRouted(record: unknown): RoutedRow {
  const packed = record as Fields;
  return {
    foreign: packed[FOREIGN],
    key: packed[KEY],
    version: packed[VERSION] as number,
    row: unpack(packed, rowOfRouted),
    way: packed[WAY] as RoutedRow['way'],
  };
}

export function packVersioned({ key, version, row }: VersionedRow): Fields {
  return isFlat(row) ? addVersion(row, key, version) : { [ROW]: row, [KEY]: key, [VERSION]: version };
}

export function unpackVersioned(record: unknown): VersionedRow {
  const packed = record as Fields;
  return { key: packed[KEY], version: packed[VERSION] as number, row: unpack(packed, rowOfVersioned) };
}

/** A row that comes or goes is flat; of one that changes, the one before it is not. */
export function packGrouped({ group, key, before, after }: GroupedChange): Fields {
  if (before === undefined && isFlat(after)) return addGroup(after, group, key);
  if (after === undefined && isFlat(before)) return addGone(before, group, key, true);
  if (isFlat(after)) return addBefore(after, group, key, before);
  return { [ROW]: after, [GROUP]: group, [KEY]: key, [BEFORE]: before };
}

export function groupOfPacked(record: unknown): unknown {
  return (record as Fields)[GROUP];
}

export function unpackGrouped(record: unknown): GroupedChange {
  const packed = record as Fields;
  const [group, key] = [packed[GROUP], packed[KEY]];
  const row = unpack(packed, rowOfGrouped);
  return packed[GONE] === true
    ? { group, key, before: row, after: undefined }
    : { group, key, before: packed[BEFORE], after: row };
}

function unpack(packed: Fields, rowOf: (record: Fields) => Fields): unknown {
  return ROW in packed ? owned(packed[ROW]) : ownFields(rowOf(packed));
}
