// The text that stores one record in the columns of a receiver, for one schema. Any thread.
//
//   record -> uniform: all fields, in order, of their columns' kinds -> stored
//          -> general: known fields in any order, some absent        -> stored
//          -> odd:     anything else                                 -> ColumnStages decides
//
// Two forms. As a function of its own it catches what a getter throws. As part of a loop that makes the records it leaves that to the
// loop, which says by `step` whose code runs; there the fields are still in registers, and the processor stores one record while it makes
// the next one. That overlap is what counts: records that take 44 ns to make cost 50 with the storing, 70 where the same work is
// done later or by a call. It is lost when the text grows by some hundred instructions, by a try block, or by typed arrays that V8 does
// not take for constants because they are not in a `const` of the function. What has never run when V8 compiles costs a compilation
// later, so the rare cases are one call. Names reach the text through `quote` only.
import type { ColumnRule } from './encoder-program.ts';
import { fitsColumn, isOtherClass } from './encoder-source.ts';
import { columnStart, type FrameLayout, TAG_ABSENT, TAG_NULL, TAG_UNDEFINED } from './frame-layout.ts';
import type { Column, FrameSchema } from './frame-schema.ts';
import { quote } from './generated-code.ts';

export interface AppendShape {
  readonly schema: FrameSchema;
  readonly rules: readonly ColumnRule[];
  readonly layout: FrameLayout;
  /** Rows each receiver has room for. */
  readonly capacityRows: number;
  /** Whether records come with their event times. */
  readonly timed: boolean;
  /** From the columns of one receiver to those of the next, a multiple of 8. */
  readonly strideBytes: number;
}

/** Whether storing such a record calls nothing of the user's but getters, and has nothing to take back when it fails. */
export function canInline({ schema, rules }: AppendShape): boolean {
  return (
    schema.columns.every(({ kind }) => kind !== 'clone' && kind !== 'bytes') &&
    rules.every(({ accepts }) => accepts === undefined)
  );
}

/** The body of a function of `t`, the receiver, `record` and `time`. `general`: fields in any order, optional ones may be absent. */
export function appendFunctionSource(shape: AppendShape, general: boolean): string {
  const { shape: kind, columns } = shape.schema;
  const marks = marksOf(columns);
  const undo = marks.map(([, take]) => take).join(' ');
  const names = { prefix: '', receiver: 't', record: 'record', time: 'time' };
  const store = storeSource(shape, names, general, {
    behindReads: '',
    stored: 'return;',
    misfit: (values) => `${undo} outcome = 1; found = ${values};`,
  });
  const attempt =
    kind === 'value'
      ? store
      : general
        ? `if (matcher.match(record, present)) { ${store} }`
        : uniformSource(columns, names, store);
  return `
const k = counts[t];
if (k >= limits[t]) return beyond(t, record, time);
${marks.map(([mark]) => mark).join(' ')}
let outcome = 0, found;
try {
  ${attempt}
} catch (error) { ${undo} outcome = 2; found = error; }
if (outcome === 0) ${general ? 'odd' : 'general'}(t, record, time);
else if (outcome === 1) odd(t, record, time, found);
else failed(t, record, time, found);`;
}

/** How the text around it calls what it appends; all that the text declares and refers to starts with `prefix`. */
export interface AppendNames {
  readonly prefix: string;
  /** An expression, evaluated once. */
  readonly receiver: string;
  /** Variables. */
  readonly record: string;
  readonly time: string;
}

/** Statements that append one record. `reading` is put before what may run a getter, `own` behind it. */
export function appendInlineSource(shape: AppendShape, names: AppendNames, reading: string, own: string): string {
  const { prefix: p, receiver, record, time } = names;
  const { shape: kind, columns } = shape.schema;
  const store = storeSource(shape, names, false, {
    behindReads: own,
    stored: `break ${p}append;`,
    misfit: (values) => `${p}odd(${p}t, ${record}, ${time}, ${values}); break ${p}append;`,
  });
  return `${p}append: {
  const ${p}t = ${receiver}, ${p}k = ${p}counts[${p}t];
  if (${p}k < ${p}limits[${p}t]) {
    ${reading}
    ${kind === 'value' ? `{ ${store} }` : uniformSource(columns, names, store)}
    ${own}
  }
  ${p}other(${p}t, ${record}, ${time});
}`;
}

/** `store` when the record has exactly the columns, in order. */
function uniformSource(columns: readonly Column[], { prefix: p, record }: AppendNames, store: string): string {
  const last = columns.length - 1;
  const isInherited = last < 0 ? '' : ` || (${p}keys === ${last} && !${p}hasOwn.call(${record}, key))`;
  // for-in walks V8's enum cache. All keys in order: no field is missing, none is new. Own fields come before inherited ones,
  // so the last one vouches for all; asking for each of them costs 15 ns more whenever V8 fails to fold the question.
  return `if (!(${isOtherClass(columns, record, `${p}construct`, p)})) {
      let ${p}keys = 0;
      for (const key in ${record}) {
        if (key !== ${p}names[${p}keys]${isInherited}) { ${p}keys = -1; break; }
        ${p}keys++;
      }
      if (${p}keys === ${columns.length}) { ${store} }
    }`;
}

interface StoreContext {
  /** Statements for when all getters have run. */
  readonly behindReads: string;
  readonly stored: string;
  /** For a record that does not fit; `values` is an array of what was read. */
  readonly misfit: (values: string) => string;
}

function storeSource(shape: AppendShape, names: AppendNames, general: boolean, context: StoreContext): string {
  const { prefix: p, record, time } = names;
  const { shape: kind, columns } = shape.schema;
  const stringColumns = columns.filter((column) => column.kind === 'string').length;
  const read = (column: Column): string => `${record}[${quote(column.name)}]`;
  const values = columns.map((column, index) =>
    kind === 'value'
      ? `${p}v0 = ${record}`
      : `${p}v${index} = ${general ? `${p}present[${index}] === 1 ? ${read(column)} : ${p}ABSENT` : read(column)}`,
  );
  let slot = 0;
  const stores = columns.map((column, index) =>
    storeColumn(shape, p, index, general, stringColumns, column.kind === 'string' ? slot++ : 0),
  );
  return `${values.length === 0 ? '' : `const ${values.join(', ')};`}
      ${context.behindReads}
      ${p}row: {
        ${stringColumns > 0 ? `const ${p}text = ${p}texts[${p}t]; let ${p}end = ${p}ends[${p}t];` : ''}
        ${stores.join('\n        ')}
        ${stringColumns > 0 ? `${p}ends[${p}t] = ${p}end;` : ''}
        ${shape.timed ? `${p}times[${p}t * ${shape.capacityRows} + ${p}k] = ${time};` : ''}
        ${p}counts[${p}t] = ${p}k + 1;
        ${context.stored}
      }
      ${context.misfit(`[${columns.map((_, column) => `${p}v${column}`).join(', ')}]`)}`;
}

/** What a row that turns out not to fit has to take back. Text is overwritten, its end is stored last. */
function marksOf(columns: readonly Column[]): (readonly [mark: string, undo: string])[] {
  const kinds = new Set(columns.map((column) => column.kind));
  const marks: (readonly [string, string])[] = [];
  if (kinds.has('clone')) marks.push(['const cells = stages[t].cells.length;', 'stages[t].cells.length = cells;']);
  if (kinds.has('bytes')) marks.push(['const raw = stages[t].rawLength;', 'stages[t].rawLength = raw;']);
  return marks;
}

function storeColumn(
  { schema, rules, layout, capacityRows, strideBytes }: AppendShape,
  p: string,
  index: number,
  general: boolean,
  stringColumns: number,
  stringSlot: number,
): string {
  const { kind, optional, values } = schema.columns[index]!;
  const v = `${p}v${index}`;
  const rule = rules[index]!;
  const width = layout.widths[index]!;
  const start = columnStart(layout, index, 0, capacityRows);
  const at = `${p}t * ${width === 0 ? 0 : strideBytes / width} + ${start} + ${p}k`;
  const text = `${p}text[${p}k * ${stringColumns} + ${stringSlot}]`;
  const stage = `${p}stages[${p}t]`;
  const tag = (value: number): string =>
    `{ ${stage}.tag(${index}, ${p}k, ${value});${kind === 'string' ? ` ${text} = '';` : ''} }`;
  const branches = [`if (${fitsColumn(kind, v, rule, p, `${p}accepts[${index}]`)}) { ${storeValue()} }`];
  if (rule.nulls) branches.push(`if (${v} === null) ${tag(TAG_NULL)}`);
  if (rule.undefineds) branches.push(`if (${v} === undefined) ${tag(TAG_UNDEFINED)}`);
  if (general && optional) branches.push(`if (${v} === ${p}ABSENT) ${tag(TAG_ABSENT)}`);
  branches.push(`break ${p}row;`);
  const end =
    kind === 'string'
      ? ` ${p}int32[${at}] = ${p}end;`
      : kind === 'bytes'
        ? ` ${p}int32[${at}] = ${stage}.rawLength;`
        : '';
  if (values === undefined) return branches.join(' else ') + end;
  // A code stands where the end would. A Map of strings finds nothing but strings.
  const code = `${p}code${index}`;
  return `const ${code} = ${p}codes${index}.get(${v});
        if (${code} !== undefined) { ${p}int32[${at}] = ${code}; ${text} = ''; } else { ${branches.join(' else ')}${end} }`;

  function storeValue(): string {
    switch (kind) {
      case 'nothing':
        return '';
      case 'int32':
        return `${p}int32[${at}] = ${v};`;
      case 'float64':
        return `${p}float64[${at}] = ${v};`;
      case 'int64':
        return `${p}int64[${at}] = ${v};`;
      case 'boolean':
        return `${p}bytes[${at}] = ${v} ? 1 : 0;`;
      case 'date':
        return `${p}float64[${at}] = ${p}millisecondsOf(${v});`;
      case 'string':
        return `${text} = ${v}; ${p}end += ${v}.length;`;
      case 'bytes':
        return `${stage}.append(${v});`;
      case 'clone':
        return `${stage}.cells.push(${v});`;
    }
  }
}
