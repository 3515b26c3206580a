// The encoder for processes that may not generate code, and for the first records of a schema, which may be its last.
// Any thread. Stages exactly what the compiled encoder stages; a property test holds the two against each other.
import type { ColumnRule, EncoderProgram, RowEncoder } from './encoder-program.ts';
import type { FieldMatcher } from './field-matcher.ts';
import { columnStart, layoutOf, TAG_ABSENT, TAG_NULL, TAG_UNDEFINED } from './frame-layout.ts';
import type { ColumnKind, FrameSchema } from './frame-schema.ts';
import { ABSENT, type FrameStage, STOPPED_AT_RECORD, STOPPED_AT_VALUE } from './frame-stage.ts';
import type { StringCodes } from './string-coding.ts';
import { isBytes, isDate, isInt32, isInt64, isPlainBytes, millisecondsOf } from './value-tests.ts';

export function interpretEncoder(
  schema: FrameSchema,
  rules: readonly ColumnRule[],
  matcher: FieldMatcher,
  codes: StringCodes,
): EncoderProgram {
  const { shape, columns } = schema;
  const layout = layoutOf(schema);

  function rowValues(stage: FrameStage, record: unknown): unknown[] | undefined {
    if (shape === 'value') return [record];
    if (!matcher.match(record, stage.present)) return undefined;
    return columns.map(({ name }, column) =>
      stage.present[column] === 1 ? (record as Record<string, unknown>)[name] : ABSENT,
    );
  }

  const encodeRows: RowEncoder = (stage, records, from, start, count) => {
    const starts = columns.map((_, column) => columnStart(layout, column, 0, count));
    for (let row = start; row < count; row++) {
      stage.row = row;
      const values = rowValues(stage, records[from + row]);
      if (values === undefined) {
        stage.stop = STOPPED_AT_RECORD;
        return row;
      }
      const before = stage.blob;
      const cellCount = stage.cells.length;
      const rawLength = stage.rawLength;
      for (let column = 0; column < columns.length; column++) {
        const { kind, optional } = columns[column]!;
        const code = codes[column]?.get(values[column] as string);
        if (code !== undefined) {
          stage.int32[starts[column]! + row] = code;
          continue;
        }
        const tag = tagOf(values[column], rules[column]!, optional);
        if (tag > 0) stage.tag(column, row, tag);
        if (tag === 0 ? !storeValue(stage, kind, starts[column]! + row, values[column], rules[column]!) : tag < 0) {
          stage.blob = before;
          stage.cells.length = cellCount;
          stage.rawLength = rawLength;
          stage.values = values;
          stage.stop = STOPPED_AT_VALUE;
          return row;
        }
        if (kind === 'string') stage.int32[starts[column]! + row] = stage.blob.length;
        else if (kind === 'bytes') stage.int32[starts[column]! + row] = stage.rawLength;
      }
    }
    return count;
  };
  return { uniform: encodeRows, general: encodeRows };
}

/** The tag of what is not a value, 0 for a value, -1 for what the column does not allow. */
function tagOf(value: unknown, rule: ColumnRule, optional: boolean): number {
  if (value === null) return rule.nulls ? TAG_NULL : -1;
  if (value === undefined) return rule.undefineds ? TAG_UNDEFINED : -1;
  if (value === ABSENT) return optional ? TAG_ABSENT : -1;
  return 0;
}

/** False when the value does not fit. */
function storeValue(stage: FrameStage, kind: ColumnKind, at: number, value: unknown, rule: ColumnRule): boolean {
  switch (kind) {
    case 'nothing':
      return false;
    case 'int32':
      if (!isInt32(value) || (rule.exact && Object.is(value, -0))) return false;
      stage.int32[at] = value;
      return true;
    case 'float64':
      if (typeof value !== 'number') return false;
      stage.float64[at] = value;
      return true;
    case 'int64':
      if (!isInt64(value)) return false;
      stage.int64[at] = value;
      return true;
    case 'boolean':
      if (typeof value !== 'boolean') return false;
      stage.bytes[at] = value ? 1 : 0;
      return true;
    case 'date':
      if (!isDate(value)) return false;
      stage.float64[at] = millisecondsOf(value);
      return true;
    case 'string':
      if (typeof value !== 'string') return false;
      stage.blob += value;
      return true;
    case 'bytes': {
      const fits: (candidate: unknown) => candidate is Uint8Array = rule.exact ? isPlainBytes : isBytes;
      if (!fits(value)) return false;
      stage.append(value);
      return true;
    }
    case 'clone':
      if (rule.accepts !== undefined && !rule.accepts(value)) return false;
      stage.cells.push(value);
      return true;
  }
}
