// Where in a record the value sits that structured clone refuses. Any thread; runs only after a refusal, so it may be
// slow. It asks the serialiser itself about ever smaller parts, so that the two can never disagree.
import { messageOf } from '../errors/millrace-error.ts';
import { NotCloneable, serializeCells } from './clone-cells.ts';
import type { FrameSchema } from './frame-schema.ts';
import type { FrameStage } from './frame-stage.ts';
import { describePath, describeType, type FieldPath, RecordFault } from './record-fault.ts';

/** Undefined when `value` can be cloned, else why not. */
function refusal(value: unknown): { readonly cause: unknown } | undefined {
  try {
    serializeCells([value]);
    return undefined;
  } catch (cause) {
    return { cause };
  }
}

/**
 * The error that names the innermost part of `value` that cannot be cloned, or undefined when all of it can.
 * `path` is where `value` itself sits in the record.
 */
function findUncloneable(value: unknown, path: FieldPath, recordIndex: number): RecordFault | undefined {
  let refused = refusal(value);
  if (refused === undefined) return undefined;
  const seen = new Set<unknown>();
  for (let deeper = true; deeper; ) {
    deeper = false;
    seen.add(value);
    for (const [part, child] of childrenOf(value)) {
      const reason = seen.has(child) ? undefined : refusal(child);
      if (reason === undefined) continue;
      refused = reason;
      value = child;
      path = [...path, part];
      deeper = true;
      break;
    }
  }
  const where = describePath(path);
  const why = refused.cause instanceof NotCloneable ? refused.cause.message : messageOf(refused.cause);
  return new RecordFault(
    'ERR_RECORD_NOT_CLONEABLE',
    `A record may hold only what structured clone keeps: ${where === '' ? 'the record itself' : where} is ${describeType(value)} ` +
      `(record ${recordIndex}: ${why}). Map it to data first`,
    recordIndex,
    where,
    { cause: refused.cause },
  );
}

function* childrenOf(value: unknown): Generator<[part: string | number, child: unknown]> {
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof Map) {
    let index = 0;
    for (const [key, child] of value) {
      yield [typeof key === 'string' ? key : index, key];
      yield [typeof key === 'string' ? key : index, child];
      index++;
    }
    return;
  }
  if (value instanceof Set) {
    let index = 0;
    for (const child of value) yield [index++, child];
    return;
  }
  for (const key of Object.keys(value)) {
    let child: unknown;
    try {
      child = (value as Record<string, unknown>)[key];
    } catch {
      continue; // The getter that throws is the cause; its owner is named.
    }
    yield [Array.isArray(value) && /^\d+$/.test(key) ? Number(key) : key, child];
  }
}

/** The first of the staged records with a cell that cannot be cloned. Cells were pushed row by row, column by column. */
export function findUncloneableRow(
  { shape, columns }: FrameSchema,
  stage: FrameStage,
  from: number,
  count: number,
): RecordFault | undefined {
  let cell = 0;
  for (let row = 0; row < count; row++) {
    if (stage.isRowTagged(row)) {
      const fault = findUncloneable(stage.cells[cell++], [], from + row);
      if (fault !== undefined) return fault;
      continue;
    }
    for (let column = 0; column < columns.length; column++) {
      if (columns[column]!.kind !== 'clone' || stage.tagAt(column, row) !== 0) continue;
      const path = shape === 'value' ? [] : [columns[column]!.name];
      const fault = findUncloneable(stage.cells[cell++], path, from + row);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}
