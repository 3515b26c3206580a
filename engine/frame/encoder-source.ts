// The text of the encoder for one schema: straight loops with one statement group a column. Any thread. Compiled, they
// get type feedback of their own: 12 ns for a record of three numbers (8 of them to see that it has these fields and no
// others), 45 ns with two strings of 40 characters in all (27 of them to join and flatten the text).
// Names reach the text through `quote` only.
import type { ColumnRule, EncoderProgram, RowEncoder } from './encoder-program.ts';
import type { FieldMatcher } from './field-matcher.ts';
import { type FrameLayout, layoutOf, TAG_ABSENT, TAG_NULL, TAG_UNDEFINED } from './frame-layout.ts';
import type { Column, ColumnKind, FrameSchema } from './frame-schema.ts';
import { ABSENT, STOPPED_AT_RECORD, STOPPED_AT_SHAPE, STOPPED_AT_VALUE } from './frame-stage.ts';
import { quote } from './generated-code.ts';
import type { StringCodes } from './string-coding.ts';
import { isBytes, isDate, isPlainBytes, millisecondsOf } from './value-tests.ts';

/** Everything generated text refers to by name, besides its parameters. */
export const ENCODER_TOOLS: Readonly<Record<string, unknown>> = {
  ABSENT,
  isDate,
  millisecondsOf,
  isPlainBytes,
  isBytes,
  asIntN: BigInt.asIntN,
  is: Object.is,
  hasOwn: Object.prototype.hasOwnProperty,
  prototypeOf: Object.getPrototypeOf,
  objectPrototype: Object.prototype,
};

export function compileEncoder(
  schema: FrameSchema,
  rules: readonly ColumnRule[],
  matcher: FieldMatcher,
  codes: StringCodes,
): EncoderProgram {
  const general = compileRows(encoderSource(schema, rules, true), rules, matcher, codes);
  if (schema.shape === 'value') return { uniform: general, general };
  return { uniform: compileRows(encoderSource(schema, rules, false), rules, matcher, codes), general };
}

function compileRows(
  source: string,
  rules: readonly ColumnRule[],
  matcher: FieldMatcher,
  codes: StringCodes,
): RowEncoder {
  const names = [...matcher.names, '']; // one entry more than columns: reading behind the end would deoptimise
  const build = new Function(...Object.keys(ENCODER_TOOLS), 'names', 'matcher', 'accepts', 'codes', source) as (
    ...tools: unknown[]
  ) => RowEncoder;
  const accepts = rules.map((rule) => rule.accepts);
  return build(...Object.values(ENCODER_TOOLS), names, matcher, accepts, codes);
}

/**
 * The body of a function that returns the row encoder. `general`: records may lack fields, and have them in any order.
 */
function encoderSource(schema: FrameSchema, rules: readonly ColumnRule[], general: boolean): string {
  const layout = layoutOf(schema);
  const { columns } = schema;
  const kinds = new Set(columns.map((column) => column.kind));
  const values = columns.map((_, column) => `v${column}`).join(', ');
  // What a row that turns out not to fit has to take back. Strings are immutable: keeping the old blob costs nothing.
  const marks = [
    kinds.has('string') ? ['const before = blob, textBefore = text;', 'blob = before; text = textBefore;'] : [],
    kinds.has('clone') ? ['const cellCount = cells.length;', 'cells.length = cellCount;'] : [],
    kinds.has('bytes') ? ['const rawLength = stage.rawLength;', 'stage.rawLength = rawLength;'] : [],
  ];
  const misfit = `{ ${marks.map(([, undo]) => undo ?? '').join(' ')} stage.values = [${values}]; stage.stop = ${STOPPED_AT_VALUE}; break; }`;
  const codes = columns.map(({ values }, index) => (values === undefined ? '' : `const c${index} = codes[${index}];`));
  return `'use strict';
${codes.join(' ')}
return function encodeRows(stage, records, from, start, count) {
  const int32 = stage.int32, float64 = stage.float64, int64 = stage.int64, bytes = stage.bytes, cells = stage.cells;
  const present = stage.present, Expected = matcher.construct;
${columnOffsets(layout)}
  let blob = stage.blob, text = blob.length, k = start;
  try {
    for (; k < count; k++) {
      const record = records[from + k];
${rowValues(schema, general)}
      ${marks.map(([keep]) => keep ?? '').join(' ')}
${columns.map((column, index) => storeColumn(column, index, rules[index]!, general, misfit)).join('\n')}
    }
  } catch (error) { stage.row = k; throw error; }
  stage.blob = blob;
  return k;
};`;
}

function columnOffsets(layout: FrameLayout): string {
  const lines = [
    '  const wordStride = (count + 1) & ~1, byteStride = (count + 7) & ~7;',
    `  const wide = ${layout.headBytes >> 3}, words = (wide + ${layout.wide} * count) * 2, flags = (words + ${layout.words} * wordStride) * 4;`,
  ];
  for (let column = 0; column < layout.columns; column++) {
    const slot = layout.slots[column]!;
    switch (layout.widths[column]!) {
      case 8:
        lines.push(`  const o${column} = wide + ${slot} * count;`);
        break;
      case 4:
        lines.push(`  const o${column} = words + ${slot} * wordStride;`);
        break;
      case 1:
        lines.push(`  const o${column} = flags + ${slot} * byteStride;`);
        break;
      case 0:
        break;
    }
  }
  return lines.join('\n');
}

/** Statements that set v0, v1, … from `record`, or stop. */
function rowValues(schema: FrameSchema, general: boolean): string {
  const { columns } = schema;
  if (schema.shape === 'value') return '      const v0 = record;';
  if (general) {
    const reads = columns.map(
      ({ name }, column) => `v${column} = present[${column}] === 1 ? record[${quote(name)}] : ABSENT`,
    );
    return `      if (!matcher.match(record, present)) { stage.stop = ${STOPPED_AT_RECORD}; break; }
      ${reads.length === 0 ? '' : `const ${reads.join(', ')};`}`;
  }
  const reads = columns.map(({ name }, column) => `v${column} = record[${quote(name)}]`);
  // for-in walks V8's enum cache: 1.5 ns a key with the comparison, where Object.keys(record) allocates (15 ns for 6
  // keys). All keys in order means that no field is missing and none is new. hasOwn on the loop's own key is folded
  // into a map check; it shuts out inherited fields.
  return `      if (${isOtherClass(columns, 'record', 'Expected', '')}) { stage.stop = ${STOPPED_AT_SHAPE}; break; }
      let keys = 0;
      for (const key in record) {
        if (key !== names[keys] || keys === ${columns.length} || !hasOwn.call(record, key)) { keys = -1; break; }
        keys++;
      }
      if (keys !== ${columns.length}) { stage.stop = ${STOPPED_AT_SHAPE}; break; }
      ${reads.length === 0 ? '' : `const ${reads.join(', ')};`}`;
}

/** An expression: `record` is no object of the expected class. It refers to ENCODER_TOOLS, each name with `p` before it. */
export function isOtherClass(columns: readonly Column[], record: string, expected: string, p: string): string {
  const byPrototype = columns.some(({ name }) => name === 'constructor' || name === '__proto__');
  const otherClass = byPrototype
    ? `${p}prototypeOf(${record}) !== ${p}objectPrototype`
    : `${record}.constructor !== ${expected}`;
  return `typeof ${record} !== 'object' || ${record} === null || ${otherClass}`;
}

function storeColumn(column: Column, index: number, rule: ColumnRule, general: boolean, misfit: string): string {
  const v = `v${index}`;
  const [fits, store] = valueCase(column, index, rule);
  const end = endOf(column.kind, index);
  const branches = [`if (${fits}) { ${store} }`];
  if (rule.nulls) branches.push(`if (${v} === null) stage.tag(${index}, k, ${TAG_NULL});`);
  if (rule.undefineds) branches.push(`if (${v} === undefined) stage.tag(${index}, k, ${TAG_UNDEFINED});`);
  if (general && column.optional) branches.push(`if (${v} === ABSENT) stage.tag(${index}, k, ${TAG_ABSENT});`);
  branches.push(misfit);
  if (column.values === undefined) return `      ${branches.join(' else ')}${end}`;
  // A code stands where the end would. A Map of strings finds nothing but strings.
  return `      const code${index} = c${index}.get(${v});
      if (code${index} !== undefined) int32[o${index} + k] = code${index}; else { ${branches.join(' else ')}${end} }`;
}

/** A statement that stores where the value of row k ends, for columns that are cut from one text or area. */
function endOf(kind: ColumnKind, index: number): string {
  if (kind === 'string') return ` int32[o${index} + k] = text;`;
  return kind === 'bytes' ? ` int32[o${index} + k] = stage.rawLength;` : '';
}

/** The condition under which v fits its column, and what stores it. */
function valueCase(column: Column, index: number, rule: ColumnRule): [fits: string, store: string] {
  const v = `v${index}`;
  const fits = fitsColumn(column.kind, v, rule, '', `accepts[${index}]`);
  const at = `o${index} + k`;
  switch (column.kind) {
    case 'nothing':
      return [fits, ''];
    case 'int32':
      return [fits, `int32[${at}] = ${v};`];
    case 'float64':
      return [fits, `float64[${at}] = ${v};`];
    case 'int64':
      return [fits, `int64[${at}] = ${v};`];
    case 'boolean':
      return [fits, `bytes[${at}] = ${v} ? 1 : 0;`];
    case 'date':
      return [fits, `float64[${at}] = millisecondsOf(${v});`];
    case 'string':
      // The length is summed: asking the growing blob for its own, 10 ns for a record of two strings, makes V8 build
      // every intermediate string.
      return [fits, `blob += ${v}; text += ${v}.length;`];
    case 'bytes':
      return [fits, `stage.append(${v});`];
    case 'clone':
      return [fits, `cells.push(${v});`];
  }
}

/** An expression: whether `v` is a value that a column of this kind stores. It refers to ENCODER_TOOLS, each name with `p` before it. */
export function fitsColumn(kind: ColumnKind, v: string, rule: ColumnRule, p: string, accepts: string): string {
  switch (kind) {
    case 'nothing':
      return 'false';
    case 'int32': {
      const isInt32 = `typeof ${v} === 'number' && (${v} | 0) === ${v}`;
      // Not by 1 / v: that would run at the first 0 only, and throw away the code that V8 has compiled by then.
      return rule.exact ? `${isInt32} && !${p}is(${v}, -0)` : isInt32;
    }
    case 'float64':
      return `typeof ${v} === 'number'`;
    case 'int64':
      return `typeof ${v} === 'bigint' && ${p}asIntN(64, ${v}) === ${v}`;
    case 'boolean':
      return `typeof ${v} === 'boolean'`;
    case 'date':
      return `${p}isDate(${v})`;
    case 'string':
      return `typeof ${v} === 'string'`;
    case 'bytes':
      return rule.exact ? `${p}isPlainBytes(${v})` : `${p}isBytes(${v})`;
    case 'clone': {
      const present = `${v} !== null && ${v} !== undefined && ${v} !== ${p}ABSENT`;
      return rule.accepts === undefined ? present : `${present} && ${accepts}(${v})`;
    }
  }
}
