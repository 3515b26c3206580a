// The text of the decoder for one schema, in pieces that another compiler can put into a loop of its own. Any thread.
//
//   <setup>
//   if (frame.clean) for (let k = 0; k < count; k++) { <cleanRow>  …uses `record`… }
//   else             for (let k = 0; k < count; k++) { <row>       …uses `record`… }
//   <finish>
//
// The clean row is an object literal over typed-array loads and `substring`: nothing hides the allocation from V8, so a
// loop that only looks at fields gets records that are never built (1.3 ns for three numbers, where building and storing
// them costs 11-14 ns, nearly all of it memory bandwidth: 80 bytes, for V8 boxes each double).
import { type FrameLayout, layoutOf, TAG_ABSENT, TAG_NULL } from './frame-layout.ts';
import { int64View } from './frame-memory.ts';
import { bytesBetween, codedString, OpenFrame } from './frame-opening.ts';
import type { Column, FrameSchema } from './frame-schema.ts';
import { defineField, literalEntry, quote } from './generated-code.ts';

export interface DecoderFragments {
  /**
   * Opens the frame at byte `at` of `memory` with `count` records: needs these three in scope, and `dictionaries`, the values of each column
   * that has some (`dictionariesOf`). They are no part of the text: each sender has its own.
   */
  readonly setup: string;
  /** Expression: the frame has no tags, `cleanRow` will do. */
  readonly clean: string;
  /** Declares `record` for row `k`, rows in order from 0, when the frame is clean. */
  readonly cleanRow: string;
  /** Declares `record` for row `k`, rows in order from 0, whatever the frame. */
  readonly row: string;
  /** Behind the last row: checks that the frame is used up. A loop that stops early leaves it out. */
  readonly finish: string;
  /** Values that the texts refer to by these names. */
  readonly bindings: Readonly<Record<string, unknown>>;
}

/**
 * The pieces of a decoder for `schema`. All names that they declare or refer to, other than `memory`, `at`, `count`,
 * `dictionaries`, `k` and `record`, start with `prefix`, so that several schemas fit into one function.
 *
 * @example
 * const { setup, row, finish, bindings } = decoderFragments(schema);
 * const sum = new Function(...Object.keys(bindings), `return (memory, at, count, dictionaries) => {
 *   ${setup} let sum = 0; for (let k = 0; k < count; k++) { ${row} sum += record.price; } ${finish} return sum; }`);
 */
export function decoderFragments(schema: FrameSchema, prefix = 'frame_'): DecoderFragments {
  const layout = layoutOf(schema);
  const p = prefix;
  return {
    setup: setupSource(schema, layout, p),
    clean: `${p}.clean`,
    cleanRow: cleanRowSource(schema, p),
    row: rowSource(schema, p),
    finish: `${p}.close(${p}text, ${p}raw, ${p}cell);`,
    bindings: {
      [`${p}Open`]: OpenFrame,
      [`${p}layout`]: layout,
      [`${p}int64View`]: int64View,
      [`${p}bytesBetween`]: bytesBetween,
      [`${p}defineField`]: defineField,
      [`${p}codedString`]: codedString,
    },
  };
}

function setupSource({ columns }: FrameSchema, layout: FrameLayout, p: string): string {
  const lines = [
    `const ${p} = new ${p}Open(memory, at, count, ${p}layout);`,
    `const ${p}int32 = memory.int32, ${p}float64 = memory.float64, ${p}bytes = memory.bytes;`,
    columns.some(({ kind }) => kind === 'int64') ? `const ${p}int64 = ${p}int64View(memory);` : '',
    `const ${p}blob = ${p}.blob, ${p}cells = ${p}.cells, ${p}rowTags = ${p}.rowTags, ${p}rawStart = ${p}.rawStart, ${p}rawEnd = ${p}.rawEnd;`,
    `let ${p}text = 0, ${p}raw = ${p}rawStart, ${p}cell = 0, ${p}end = 0;`,
    `const ${p}wordStride = (count + 1) & ~1, ${p}byteStride = (count + 7) & ~7;`,
    `const ${p}wide = (at + ${layout.headBytes}) >> 3, ${p}words = (${p}wide + ${layout.wide} * count) * 2, ${p}flags = (${p}words + ${layout.words} * ${p}wordStride) * 4;`,
  ];
  for (let column = 0; column < layout.columns; column++) {
    const slot = layout.slots[column]!;
    if (columns[column]!.values !== undefined) lines.push(`const ${p}d${column} = dictionaries[${column}];`);
    lines.push(`const ${p}t${column} = ${p}.clean ? -1 : ${p}.tags[${column}];`);
    switch (layout.widths[column]!) {
      case 8:
        lines.push(`const ${p}o${column} = ${p}wide + ${slot} * count;`);
        break;
      case 4:
        lines.push(`const ${p}o${column} = ${p}words + ${slot} * ${p}wordStride;`);
        break;
      case 1:
        lines.push(`const ${p}o${column} = ${p}flags + ${slot} * ${p}byteStride;`);
        break;
      case 0:
        break;
    }
  }
  return lines.join('\n');
}

function readColumn({ kind, values }: Column, column: number, p: string): string {
  const at = `${p}o${column} + k`;
  switch (kind) {
    case 'nothing':
      return 'undefined';
    case 'int32':
      return `${p}int32[${at}]`;
    case 'float64':
      return `${p}float64[${at}]`;
    case 'int64':
      return `${p}int64[${at}]`;
    case 'boolean':
      return `${p}bytes[${at}] === 1`;
    case 'date':
      return `new Date(${p}float64[${at}])`;
    case 'string':
      return values === undefined
        ? `${p}blob.substring(${p}text, (${p}text = ${p}int32[${at}]))`
        : `((${p}end = ${p}int32[${at}]) < 0 ? ${p}codedString(${p}d${column}, ${p}end) : ${p}blob.substring(${p}text, (${p}text = ${p}end)))`;
    case 'bytes':
      return `${p}bytesBetween(${p}bytes, ${p}raw, (${p}raw = ${p}rawStart + ${p}int32[${at}]), ${p}rawEnd)`;
    case 'clone':
      return `${p}cells[${p}cell++]`;
  }
}

function cleanRowSource({ shape, columns }: FrameSchema, p: string): string {
  if (shape === 'value') return `const record = ${readColumn(columns[0]!, 0, p)};`;
  const entries = columns.map((column, index) => literalEntry(column.name, readColumn(column, index, p)));
  return `const record = { ${entries.join(', ')} };`;
}

/** Fields keep the order of the schema: a literal up to the first field that may be absent, assignments from there. */
function rowSource({ shape, columns }: FrameSchema, p: string): string {
  const lines: string[] = [];
  columns.forEach((column, index) => {
    const tag = `${p}tag${index}`;
    const missing = `${tag} === ${TAG_NULL} ? null : undefined`;
    lines.push(`const ${tag} = ${p}t${index} < 0 ? 0 : ${p}bytes[${p}t${index} + k];`);
    lines.push(`const ${p}v${index} = ${tag} === 0 ? ${readColumn(column, index, p)} : ${missing};`);
  });
  if (shape === 'value') lines.push(`record = ${p}v0;`);
  else {
    const firstOptional = columns.findIndex((column) => column.optional);
    const inLiteral = firstOptional === -1 ? columns.length : firstOptional;
    const entries = columns.slice(0, inLiteral).map((column, index) => literalEntry(column.name, `${p}v${index}`));
    lines.push(`record = { ${entries.join(', ')} };`);
    for (let index = inLiteral; index < columns.length; index++) {
      const { name, optional } = columns[index]!;
      const assign =
        name === '__proto__'
          ? `${p}defineField(record, "__proto__", ${p}v${index});`
          : `record[${quote(name)}] = ${p}v${index};`;
      lines.push(optional ? `if (${p}tag${index} !== ${TAG_ABSENT}) ${assign}` : assign);
    }
  }
  return `let record;
if (${p}rowTags >= 0 && ${p}bytes[${p}rowTags + k] === 1) record = ${p}cells[${p}cell++];
else {
  ${lines.join('\n  ')}
}`;
}
